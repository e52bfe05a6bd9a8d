/** The flows of every tenant, kept judged; exchanged as the configuration changes. */
import type { Logger } from 'pino'
import { type AnyCollector, CollectError } from '../../collector.ts'
import { FLOW_COLLECTORS } from '../../config/flow_references.ts'
import type { Config, Tenant } from '../../config.ts'
import type { Engine } from '../../poll.ts'
import { type Cadence, defaultCadence } from '../ledger/ledger_state.ts'
import type { AskOverdue, FlowReport } from '../report.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Way } from './connection.ts'
import { type Followed, followed } from './followed.ts'
import { overdueOf } from './overdue.ts'
import { createGate } from './share.ts'
import { type FollowedTenant, followTenant, type TenantDeps } from './tenant.ts'

/** Backfills of so many tenants are under way at once. */
const BACKFILLS = 4

export interface FollowDeps {
  readonly engine: Pick<Engine, 'lend' | 'circuit'>
  readonly collectors: readonly AnyCollector[]
  readonly log: Logger
  readonly redact: (text: string) => string
  /** Told of every look and every change; `all` are the tenant's. */
  readonly publish: TenantDeps['publish']
  /** Nothing of this tenant is followed any longer. */
  readonly withdraw: (tenant: string) => void
  /** Default: the system's, and a look each minute. */
  readonly clock?: Clock | undefined
  readonly cadence?: Cadence | undefined
  /** Default: Math.random. */
  readonly random?: (() => number) | undefined
}

export interface FollowedFlows {
  /** These flows from now on; what has not changed goes on with what it knows. */
  readonly follow: (config: Config) => Promise<void>
  /** Every configured flow of every tenant. */
  readonly reports: () => readonly FlowReport[]
  readonly documents: AskOverdue
  readonly stop: () => Promise<void>
}

interface Chosen {
  readonly via: Way['via']
  readonly collector: AnyCollector
  readonly config: unknown
}

/** By SQL where it is configured, unless the tenant says otherwise. It is kept to: what can't be read that way fails. */
const chooseWay = ({ watched, flowReader }: Tenant, collectors: readonly AnyCollector[]): Chosen | undefined => {
  const by = (via: Way['via']): Chosen | undefined => {
    const collector = collectors.find(({ name, flows }) => name === FLOW_COLLECTORS[via] && flows)
    const block = watched.find((each) => each.collector === collector?.name && each.enabled)
    return collector && block && { via, collector, config: block.config }
  }
  return flowReader === 'auto' ? (by('sql') ?? by('rpc')) : by(flowReader)
}

const calendarOf = ({ name }: Tenant, { calendar }: Config) => calendar.filter(({ tenants }) => tenants.includes(name))

/** Where the rows of all its flows stand. */
const sourceOf = (tenant: Tenant, chosen: Chosen | undefined): string =>
  JSON.stringify([tenant.name, chosen?.collector.name, chosen?.config])

/** What every flow of the tenant depends on. */
const groundOf = (tenant: Tenant, config: Config, chosen: Chosen | undefined): string =>
  JSON.stringify([sourceOf(tenant, chosen), calendarOf(tenant, config), config.timezone])

interface Running {
  readonly tenant: FollowedTenant
  readonly config: Tenant
  readonly source: string
  readonly ground: string
  /** All it was started with. */
  readonly key: string
}

/** An address people can follow, if one of the collectors is told one. */
const urlOf = ({ watched }: Tenant): string | undefined => {
  for (const { config } of watched) {
    if (typeof config === 'object' && config !== null && 'url' in config && typeof config.url === 'string')
      return config.url
  }
  return undefined
}

/** What has not changed goes on; what has starts with what it knows of the same rows. */
const flowsFor = (tenant: Tenant, source: string, ground: string, before: Running | undefined): readonly Followed[] => {
  const known = before?.source === source ? before.tenant.flows : []
  return tenant.flows.map((flow) => {
    const own = known.find((each) => each.flow.flow.name === flow.flow.name)
    const isSame = own && before?.ground === ground && JSON.stringify(own.flow) === JSON.stringify(flow)
    return isSame ? own : followed(flow, own)
  })
}

export const followFlows = (deps: FollowDeps): FollowedFlows => {
  const { engine, clock = systemClock, cadence = defaultCadence, random = Math.random } = deps
  const gate = createGate(BACKFILLS)
  let running = new Map<string, Running>()

  const wayOf = (tenant: string, { via, collector }: Chosen): Way | undefined =>
    collector.flows && {
      via,
      open: collector.flows,
      lend: (loan, work) => engine.lend(tenant, collector.name, loan, work),
      circuit: () => engine.circuit(tenant, collector.name),
    }

  const start = (tenant: Tenant, config: Config, before: Running | undefined): Running => {
    const chosen = chooseWay(tenant, deps.collectors)
    const source = sourceOf(tenant, chosen)
    const ground = groundOf(tenant, config, chosen)
    const context = {
      tenant: tenant.name,
      calendar: calendarOf(tenant, config),
      timezone: config.timezone,
      cadence,
      random,
    }
    const plan = { tier: tenant.tier, way: chosen && wayOf(tenant.name, chosen), context }
    const started = followTenant(plan, flowsFor(tenant, source, ground, before), { ...deps, clock, gate })
    return { tenant: started, config: tenant, source, ground, key: keyOf(tenant, config) }
  }

  const keyOf = (tenant: Tenant, config: Config): string => {
    const ground = groundOf(tenant, config, chooseWay(tenant, deps.collectors))
    return JSON.stringify([ground, tenant.tier, tenant.flows])
  }

  const end = async (name: string, { tenant }: Running): Promise<void> => {
    await tenant.stop()
    deps.withdraw(name)
  }

  return {
    follow: async (config) => {
      const wanted = new Map(config.tenants.filter(({ flows }) => flows.length > 0).map((each) => [each.name, each]))
      const stays = (name: string, { key }: Running): boolean => {
        const tenant = wanted.get(name)
        return tenant !== undefined && keyOf(tenant, config) === key
      }
      const old = running
      await Promise.all([...old].map(([name, each]) => (stays(name, each) ? undefined : end(name, each))))
      running = new Map(
        [...wanted].map(([name, tenant]) => {
          const before = old.get(name)
          return [name, before && stays(name, before) ? before : start(tenant, config, before)]
        }),
      )
    },
    reports: () => [...running.values()].flatMap(({ tenant }) => tenant.reports()),
    documents: (name, flow, limit, signal) => {
      const found = running.get(name)
      const one = found?.tenant.flows.find((each) => each.flow.flow.name === flow)
      if (found === undefined || one === undefined) {
        return Promise.reject(new CollectError('query', `${name} has no flow ${flow}`))
      }
      return overdueOf(found.tenant, one, limit, urlOf(found.config), signal)
    },
    stop: async () => {
      await Promise.all([...running.values()].map(({ tenant }) => tenant.stop()))
      running = new Map()
    },
  }
}
