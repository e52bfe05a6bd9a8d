/** What went through Traefik, by tenant, since we began to watch: the one place that remembers. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { Histogram } from '../../src/metric.ts'
import type { TraefikConfig } from './config.ts'
import type { Families, Series } from './exposition_format.ts'
import { changeOf, type Process, processOf } from './process.ts'
import { readsRouters, tenantsOf } from './tenants.ts'
import { type Count, countersOf, createFollower, histogramsOf, type Increment, plus, zeroOf } from './traffic.ts'

/** One reply, read. */
export interface Page {
  readonly families: Families
  /** The reply's `Date`, in seconds since 1970. */
  readonly answered: number | undefined
}

export interface Total<L extends string> {
  readonly labels: Readonly<Record<L, string>>
  readonly value: Count
}

/** By tenant; '' is what fits none. Each only ever grows, but for durations when Traefik's buckets change. */
export interface Totals {
  readonly requests: readonly Total<'tenant' | 'code'>[]
  readonly streams: readonly Total<'tenant' | 'protocol' | 'code'>[]
  readonly retries: readonly Total<'tenant'>[]
  readonly durations: readonly { readonly labels: { readonly tenant: string }; readonly value: Histogram }[]
}

export interface Ledger {
  /** Throws Unsupported where Traefik does not count what is needed, CollectError where what it counts makes no sense. */
  readonly take: (page: Page) => Totals
}

/** Connections that stay open for hours: how long they took says nothing of how fast Odoo is. */
const STREAMS: ReadonlySet<string> = new Set(['websocket', 'sse'])
const isStream = (labels: Series['labels']): boolean => STREAMS.has(labels.get('protocol') ?? '')

/** Those an alert reads: there before the first of them happens, so that it shows as an increase. */
const SEEDED_CODES = ['200', '500', '502', '503', '504']

/** Sums under labels of ours. */
const createSums = <L extends string>(seeds: readonly Readonly<Record<L, string>>[], zero: Count | undefined) => {
  const sums = new Map<string, { readonly labels: Readonly<Record<L, string>>; value: Count }>()
  const add = (labels: Readonly<Record<L, string>>, value: Count): void => {
    const key = JSON.stringify(labels)
    const before = sums.get(key)
    if (before === undefined) sums.set(key, { labels, value })
    else before.value = plus(before.value, value) ?? value
  }
  if (zero !== undefined) for (const labels of seeds) add(labels, zero)
  return { add, all: (): readonly Total<L>[] => [...sums.values()].map((sum) => ({ ...sum })) }
}

const isHistogram = (total: Total<'tenant'>): total is Totals['durations'][number] => typeof total.value !== 'number'

const codeOf = (labels: Series['labels']): string => {
  const code = labels.get('code') ?? ''
  return /^\d{1,3}$/.test(code) ? code : 'other'
}

/** What to mend where Traefik counts by the other layer only. */
const lacking = (families: Families, layer: 'router' | 'service'): string | undefined => {
  if (families.has(`traefik_${layer}_requests_total`)) return
  const other = families.get(`traefik_${layer === 'router' ? 'service' : 'router'}_requests_total`)
  // What a router answers by itself (a redirect, a refusal) reaches no service.
  if (!other?.series.some(({ labels }) => layer === 'router' || labels.get('code')?.startsWith('2'))) return
  const option = layer === 'router' ? 'addRoutersLabels' : 'addServicesLabels'
  return `Traefik does not count by ${layer}: set metrics.prometheus.${option}: true in its static configuration`
}

const followers = () => ({ requests: createFollower(), durations: createFollower(), retries: createFollower() })

export const createLedger = ({ tenants }: Pick<TraefikConfig, 'tenants'>): Ledger => {
  const layer = readsRouters(tenants) ? 'router' : 'service'
  const tenantOf = tenantsOf(tenants)
  const seeds = Object.keys(tenants).map((tenant) => ({ tenant }))
  const requests = createSums(
    seeds.flatMap(({ tenant }) => SEEDED_CODES.map((code) => ({ tenant, code }))),
    0,
  )
  const streams = createSums<'tenant' | 'protocol' | 'code'>([], 0)
  // Unknown where Traefik does not say: 2.11 and 3.7 have the name, and never count a retry (tried on both).
  const retries = createSums<'tenant'>([], 0)
  let durations = createSums(seeds, undefined)
  let shape: Count | undefined
  let following = followers()
  let last: Process | undefined

  const countRequests = ({ labels, value }: Increment): void => {
    const [tenant, code] = [tenantOf(labels), codeOf(labels)]
    if (isStream(labels)) streams.add({ tenant, protocol: labels.get('protocol') ?? '', code }, value)
    else requests.add({ tenant, code }, value)
  }

  /** All histograms of a page have the same buckets; when these change, what was added up in others is worth nothing. */
  const countDurations = (increments: readonly Increment[]): void => {
    const [first] = increments
    if (first === undefined) return
    if (increments.some(({ value }) => plus(first.value, value) === undefined)) {
      throw new CollectError(
        'decode',
        `traefik_${layer}_request_duration_seconds: buckets differ from series to series`,
      )
    }
    if (shape === undefined || plus(shape, first.value) === undefined) {
      shape = zeroOf(first.value)
      durations = createSums(seeds, shape)
    }
    for (const { labels, value } of increments)
      if (!isStream(labels)) durations.add({ tenant: tenantOf(labels) }, value)
  }

  const take = (page: Page): Totals => {
    const { families } = page
    const lack = lacking(families, layer)
    if (lack !== undefined) throw new Unsupported(lack)
    const sources = {
      requests: countersOf(families.get(`traefik_${layer}_requests_total`)),
      durations: histogramsOf(families.get(`traefik_${layer}_request_duration_seconds`)),
      retries: countersOf(families.get('traefik_service_retries_total')),
    }
    const now = processOf(families, page.answered)
    const change = last === undefined ? 'same' : changeOf(last, now)
    last = now
    if (change === 'another') following = followers()
    const isRestarted = change === 'restarted'
    for (const increment of following.requests.follow(sources.requests, isRestarted)) countRequests(increment)
    countDurations(following.durations.follow(sources.durations, isRestarted))
    for (const { labels, value } of following.retries.follow(sources.retries, isRestarted)) {
      retries.add({ tenant: tenantOf(labels) }, value)
    }
    if (change === 'another') {
      throw new CollectError(
        'query',
        'another Traefik answers than before, that began no later: give each replica an entry and an address of its own',
      )
    }
    return {
      requests: requests.all(),
      streams: streams.all(),
      retries: retries.all(),
      durations: durations.all().filter(isHistogram),
    }
  }

  return { take }
}
