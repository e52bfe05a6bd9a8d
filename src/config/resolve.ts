/** What was written, checked and merged → what it means. Pure. */
import type { AnyCollector } from '../collector.ts'
import type { Config, Server, Watched } from '../config.ts'
import type { Flow } from '../flow/spec/spec_file.ts'
import { windowsOf } from './calendar.ts'
import { FLOW_COLLECTORS } from './flow_references.ts'
import { type Layer, tenantFlowOf } from './flows.ts'
import { clusterOf } from './references.ts'
import type { CollectorSettings, ParsedConfig } from './schema.ts'

const overrides = (layers: readonly (CollectorSettings | undefined)[]): Omit<Watched, 'collector' | 'config'> => {
  const intervals = Object.assign({}, ...layers.map((layer) => layer?.intervals ?? {}))
  return { enabled: layers.findLast((layer) => layer?.enabled !== undefined)?.enabled ?? true, intervals }
}

type Settings = Readonly<Record<string, CollectorSettings | undefined>> | undefined

const watchedOf = (
  block: Readonly<Record<string, unknown>>,
  collectors: readonly AnyCollector[],
  layers: readonly Settings[],
): readonly Watched[] =>
  collectors
    .filter(({ name }) => block[name] !== undefined)
    .map(({ name }) => ({
      collector: name,
      config: block[name],
      ...overrides(layers.map((layer) => layer?.[name])),
    }))

type Collectors = readonly AnyCollector[]

const serversOf = (parsed: ParsedConfig, collectors: Collectors): readonly Server[] =>
  Object.entries(parsed.servers).map(([name, server]) => ({
    name,
    dbCluster: server.db_cluster ?? name,
    watched: watchedOf(server, collectors, [parsed.collectors, server.collectors]),
  }))

type ParsedTenant = ParsedConfig['tenants'][string]

/** None where nothing can read them. */
const flowsOfTenant = (tenant: ParsedTenant, flows: readonly Flow[], layers: readonly Layer[]) => {
  const blocks: Readonly<Record<string, unknown>> = tenant
  const isRead = Object.values(FLOW_COLLECTORS).some((collector) => blocks[collector] !== undefined)
  return isRead ? flows.map((flow) => tenantFlowOf(flow, layers, tenant.tier)) : []
}

interface Parts {
  readonly main: ParsedConfig
  readonly tenants: ParsedConfig['tenants']
  readonly flows: readonly Flow[]
  readonly ownFlows: readonly string[]
  readonly collectors: Collectors
}

/** What a configuration without problems means. */
export const resolveConfig = ({ main, tenants, flows, ownFlows, collectors }: Parts): Config => {
  const servers = serversOf(main, collectors)
  const clusters = new Map(servers.map((server) => [server.name, server.dbCluster]))
  return {
    listen: main.listen,
    servers,
    tenants: Object.entries(tenants).map(([name, tenant]) => {
      const tier = Object.hasOwn(main.tiers, tenant.tier) ? main.tiers[tenant.tier] : undefined
      const databases = tenant.databases ?? []
      const ofServers = databases.map(({ server }) => clusters.get(server) ?? server)
      const cluster = clusterOf(tenant.db_cluster, ofServers, tier?.db_cluster)
      return {
        name,
        tier: tenant.tier,
        dbCluster: cluster.ok ? cluster.name : '',
        databases,
        watched: watchedOf(tenant, collectors, [main.collectors, tier?.collectors, tenant.collectors]),
        flows: flowsOfTenant(tenant, flows, [main.flows, tier?.flows, tenant.flows]),
        flowReader: tenant.flow_reader,
      }
    }),
    calendar: windowsOf(main.calendar, Object.keys(tenants)),
    timezone: main.calendar.timezone ?? 'UTC',
    flows,
    polling: main.polling,
    logging: main.logging,
    telemetry: { otlpEndpoint: main.telemetry.otlp_endpoint },
    oncall: main.oncall,
    links: main.links,
    ownFlows,
  }
}
