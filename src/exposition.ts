/**
 * Snapshots → bytes. A snapshot's families are rendered once, by prom-client, when it arrives; a scrape
 * joins the texts. One family of many targets stands under one header, as the text format asks.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Metric, Registry } from 'prom-client'
import { CollectError } from './collector.ts'
import type { Histogram, Instant, MetricDescriptor, Sample } from './metric.ts'

const compress = promisify(gzip)

/** Prometheus text 0.0.4; `gzip` is the same bytes compressed, made on first use. */
export interface Page {
  readonly text: Buffer
  readonly gzip: () => Promise<Buffer>
}

/** Why a sample was left out: a closed set, safe as a label. */
export type DropReason = 'duplicate' | 'not_finite' | 'undeclared'

export interface Vetted {
  readonly samples: readonly Sample[]
  readonly dropped: readonly DropReason[]
}

/**
 * Completes the samples with the target's labels and keeps out what would spoil a page: a series that is
 * there already, a value that is no number, a metric its probe did not declare.
 * Throws CollectError('series_limit') rather than cutting a family short.
 */
export const vet = (
  samples: readonly Sample[],
  targetLabels: Readonly<Record<string, string>>,
  declared: readonly MetricDescriptor[],
): Vetted => {
  const seen = new Set<string>()
  const counts = new Map<MetricDescriptor, number>()
  const kept: Sample[] = []
  const dropped: DropReason[] = []
  for (const given of samples) {
    const { metric, value } = given
    const labels = Object.fromEntries(metric.labels.map((l) => [l, given.labels[l] ?? targetLabels[l] ?? '']))
    const key = `${metric.name}\0${Object.values(labels).join('\0')}`
    if (!declared.includes(metric)) dropped.push('undeclared')
    else if (!isNumber(value)) dropped.push('not_finite')
    else if (seen.has(key)) dropped.push('duplicate')
    else {
      seen.add(key)
      kept.push({ metric, labels, value })
      counts.set(metric, (counts.get(metric) ?? 0) + 1)
    }
  }
  const over = [...counts].find(([metric, n]) => n > metric.maxSeries)
  if (over) {
    const [{ name, maxSeries }, n] = over
    throw new CollectError('series_limit', `${name} would have ${n} series, over its limit of ${maxSeries} a target`)
  }
  return { samples: kept, dropped }
}

const isNumber = (value: number | Histogram): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : Number.isFinite(value.sum) && Number.isFinite(value.count) && value.buckets.values().every(Number.isFinite)

interface Line {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

const linesOf = ({ metric: { name }, labels, value }: Sample): readonly Line[] =>
  typeof value === 'number'
    ? [{ labels, value }]
    : [
        ...[...value.buckets, [Number.POSITIVE_INFINITY, value.count] as const].map(([le, count]) => ({
          metricName: `${name}_bucket`,
          labels: { ...labels, le: le === Number.POSITIVE_INFINITY ? '+Inf' : le },
          value: count,
        })),
        { metricName: `${name}_sum`, labels, value: value.sum },
        { metricName: `${name}_count`, labels, value: value.count },
      ]

interface Rendered {
  readonly name: string
  /** `# HELP` and `# TYPE`, each with its line end. */
  readonly header: string
  /** The sample lines, each with its line end. */
  readonly body: string
}

/** One text a family. prom-client's registry formats any object that has its metrics' `name` and `get()`. */
const render = async (samples: readonly Sample[]): Promise<readonly Rendered[]> => {
  const registry = new Registry()
  const families = Map.groupBy(samples, (s) => s.metric)
  return Promise.all(
    [...families].map(async ([{ name, help, type }, members]) => {
      const family = { name, get: async () => ({ name, help, type, values: members.flatMap(linesOf) }) }
      registry.registerMetric(family as unknown as Metric) // its type asks for a class; its code for these two
      const text = await registry.getSingleMetricAsString(name)
      const bodyStart = text.indexOf('\n', text.indexOf('\n') + 1) + 1
      return { name, header: text.slice(0, bodyStart), body: `${text.slice(bodyStart)}\n` }
    }),
  )
}

/** Whose samples they are: `/probe` and `exclude[]` select by it. */
export interface Source {
  readonly target: string
  readonly collector: string
  /** The probe, or another name for what the engine itself says of the target. */
  readonly part: string
}

interface Entry {
  readonly source: Source
  readonly families: readonly Rendered[]
  readonly expiresAt: Instant
}

export interface Exposition {
  /** Replaces what this source said before; at `expiresAt` it vanishes unless replaced. */
  readonly put: (source: Source, samples: readonly Sample[], expiresAt: Instant) => Promise<void>
  readonly drop: (target: string, collector: string) => void
  /** What stands now; `only` selects sources. The same bytes are shared by all who ask until something changes. */
  readonly page: (only?: (source: Source) => boolean) => Page
}

const keyOf = ({ target, collector, part }: Source): string => `${target}\0${collector}\0${part}`

const join = (entries: Iterable<Entry>): Buffer => {
  const families = new Map<string, { header: string; bodies: string[] }>()
  for (const { families: rendered } of entries) {
    for (const { name, header, body } of rendered) {
      const family = families.get(name)
      if (family) family.bodies.push(body)
      else families.set(name, { header, bodies: [body] })
    }
  }
  const ordered = [...families].sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.from(ordered.map(([, { header, bodies }]) => header + bodies.join('')).join(''))
}

/** The parts one after another; each ends in a line end, or is empty. */
export const pageOf = (...parts: readonly (Buffer | string)[]): Page => {
  const text =
    parts.length === 1 && Buffer.isBuffer(parts[0]) ? parts[0] : Buffer.concat(parts.map((p) => Buffer.from(p)))
  let compressed: Promise<Buffer> | undefined
  return {
    text,
    gzip: () => {
      compressed ??= compress(text, { level: 1 })
      return compressed
    },
  }
}

export const createExposition = (now: () => Instant): Exposition => {
  const entries = new Map<string, Entry>()
  /** The latest put wins, though renderings may end out of order. */
  const turns = new Map<string, number>()
  let turn = 0
  let whole: Page | undefined

  const expire = (): void => {
    const at = now()
    for (const [key, { expiresAt }] of entries) {
      if (expiresAt <= at) {
        entries.delete(key)
        whole = undefined
      }
    }
  }

  return {
    put: async (source, samples, expiresAt) => {
      const key = keyOf(source)
      const mine = ++turn
      turns.set(key, mine)
      const families = await render(samples)
      if (turns.get(key) !== mine) return
      entries.set(key, { source, families, expiresAt })
      whole = undefined
    },
    drop: (target, collector) => {
      const prefix = keyOf({ target, collector, part: '' })
      for (const key of turns.keys()) {
        if (!key.startsWith(prefix)) continue
        turns.delete(key)
        entries.delete(key)
      }
      whole = undefined
    },
    page: (only) => {
      expire()
      if (only) return pageOf(join(entries.values().filter(({ source }) => only(source))))
      whole ??= pageOf(join(entries.values()))
      return whole
    },
  }
}
