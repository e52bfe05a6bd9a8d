/** What no schema can say: references, uniqueness, passwords in URLs. Pure. */
import { PLATFORM } from '../alerting/rule.ts'
import type { AnyCollector } from '../collector.ts'
import { checkCalendar } from './calendar_references.ts'
import type { FlowsFound } from './flow_files.ts'
import { checkFlows, type NamedTenant } from './flow_references.ts'
import { checkOncall } from './oncall_references.ts'
import { type Path, type Place, type Problem, pathText, suggestion } from './problem.ts'
import { everyValue } from './secret_places.ts'
import { BUILT_IN_TIERS } from './tiers.ts'
import { type Located, placeOf, valueAt, type YamlFile } from './yaml.ts'

/** The main file first, then those of tenants.d. */
export type Files = readonly [YamlFile, ...YamlFile[]]

type Tenant = NamedTenant

const namesAt = (yaml: YamlFile, key: string): readonly string[] => [
  ...(valueAt(yaml.root, [key])?.entries?.keys() ?? []),
]

const textAt = (value: Located | undefined, ...path: Path): string | undefined => {
  const data = valueAt(value, path)?.data
  return typeof data === 'string' ? data : undefined
}

const tenantsOf = (files: Files): readonly Tenant[] =>
  files.flatMap((yaml) =>
    [...(valueAt(yaml.root, ['tenants'])?.entries ?? [])].map(([name, { value }]) => {
      return { yaml, name, path: ['tenants', name], value }
    }),
  )

const problem = (yaml: YamlFile, path: Path, message: string, part: 'key' | 'value' = 'value'): Problem => ({
  ...placeOf(yaml, path, part),
  message,
})

/** What stands a second time; `where` names the first. */
const repeated = <T>(items: readonly T[], keyOf: (item: T) => string): readonly { item: T; first: T }[] => {
  const seen = new Map<string, T>()
  return items.flatMap((item) => {
    const first = seen.get(keyOf(item))
    if (first === undefined) seen.set(keyOf(item), item)
    return first === undefined ? [] : [{ item, first }]
  })
}

const shown = ({ file, line }: Place): string => (line === undefined ? file : `${file}:${line}`)

const doubledTenants = (tenants: readonly Tenant[]): readonly Problem[] =>
  repeated(tenants, (tenant) => tenant.name).map(({ item, first }) => {
    const other = shown(placeOf(first.yaml, first.path, 'key'))
    return problem(item.yaml, item.path, `this tenant stands in ${other} already: keep one`, 'key')
  })

const danglingTiers = (tenants: readonly Tenant[], tiers: readonly string[]): readonly Problem[] =>
  tenants.flatMap(({ yaml, path, value }) => {
    const tier = textAt(value, 'tier')
    if (tier === undefined || tiers.includes(tier)) return []
    return [problem(yaml, [...path, 'tier'], `no such tier under \`tiers\`; ${suggestion(tier, tiers, '')}`)]
  })

interface Claim {
  readonly tenant: Tenant
  readonly path: Path
  readonly server: string
  readonly datname: string | undefined
}

const claimsOf = (tenants: readonly Tenant[]): readonly Claim[] =>
  tenants.flatMap((tenant) =>
    (valueAt(tenant.value, ['databases'])?.items ?? []).flatMap((item, i) => {
      const server = textAt(item, 'server')
      const path = [...tenant.path, 'databases', i]
      return server === undefined ? [] : [{ tenant, path, server, datname: textAt(item, 'datname') }]
    }),
  )

const danglingServers = (claims: readonly Claim[], servers: readonly string[]): readonly Problem[] => {
  const known = new Set(servers)
  return claims
    .filter(({ server }) => !known.has(server))
    .map(({ tenant, path, server }) => {
      const advice = suggestion(server, servers, 'none is given: add it there')
      return problem(tenant.yaml, [...path, 'server'], `no such server under \`servers\`; ${advice}`)
    })
}

const doubledDatabases = (claims: readonly Claim[]): readonly Problem[] =>
  repeated(
    claims.filter((claim) => claim.datname !== undefined),
    ({ server, datname }) => JSON.stringify([server, datname]),
  ).map(({ item, first }) => {
    const where = shown(placeOf(first.tenant.yaml, first.path))
    const message =
      item.tenant === first.tenant
        ? 'this tenant has this database already: keep one'
        : `${pathText(first.tenant.path)} (${where}) has this database already: a database belongs to one tenant`
    return problem(item.tenant.yaml, item.path, message)
  })

export type Cluster =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly candidates: readonly string[] }

/** A tenant's own db_cluster, else the one its databases' servers agree on, else its tier's. */
export const clusterOf = (
  own: string | undefined,
  ofServers: readonly string[],
  tiers: string | undefined,
): Cluster => {
  const candidates = [...new Set(ofServers)]
  const name = own ?? (candidates.length > 1 ? undefined : (candidates[0] ?? tiers))
  return name === undefined ? { ok: false, candidates } : { ok: true, name }
}

const clusterless = (tenants: readonly Tenant[], claims: readonly Claim[], main: YamlFile): readonly Problem[] => {
  const ofTenant = Map.groupBy(claims, (claim) => claim.tenant)
  return tenants.flatMap((tenant) => {
    const ofServers = (ofTenant.get(tenant) ?? []).map(
      ({ server }) => textAt(main.root, 'servers', server, 'db_cluster') ?? server,
    )
    const tier = textAt(tenant.value, 'tier')
    const ofTier = tier === undefined ? undefined : textAt(main.root, 'tiers', tier, 'db_cluster')
    const cluster = clusterOf(textAt(tenant.value, 'db_cluster'), ofServers, ofTier)
    if (cluster.ok || tenant.value.entries === undefined) return []
    const message =
      cluster.candidates.length === 0
        ? 'its machine group is unknown: give its `databases`, or `db_cluster`'
        : `its databases stand on several machine groups (${cluster.candidates.join(', ')}): say with \`db_cluster\` which is its own`
    return [problem(tenant.yaml, tenant.path, message, 'key')]
  })
}

/** Names of tenants in the settings of collectors: under each of these paths within a block a mapping by tenant may stand. */
interface Named {
  readonly tenant: string
  readonly path: Path
  readonly part: 'key' | 'value'
}

/** The tenants named where a collector's path of names leads to. */
const tenantsNamedAt = (value: Located | undefined, path: Path, names: readonly string[]): readonly Named[] => {
  const [next, ...rest] = names
  if (next === '*') return (value?.items ?? []).flatMap((item, i) => tenantsNamedAt(item, [...path, i], rest))
  if (next !== undefined) return tenantsNamedAt(valueAt(value, [next]), [...path, next], rest)
  if (typeof value?.data === 'string') return [{ tenant: value.data, path, part: 'value' }]
  return [...(value?.entries?.keys() ?? [])].map((tenant) => ({ tenant, path: [...path, tenant], part: 'key' }))
}

const danglingTenants = (
  files: Files,
  tenants: readonly Tenant[],
  collectors: readonly AnyCollector[],
): readonly Problem[] => {
  const known = new Set(tenants.map(({ name }) => name))
  const namedIn = (yaml: YamlFile): readonly Named[] =>
    ['servers', 'tenants'].flatMap((group) =>
      namesAt(yaml, group).flatMap((name) =>
        collectors.flatMap(({ name: collector, tenantNames }) => {
          const path = [group, name, collector]
          return tenantNames ? tenantsNamedAt(valueAt(yaml.root, path), path, tenantNames) : []
        }),
      ),
    )
  return files.flatMap((yaml) =>
    namedIn(yaml)
      .filter(({ tenant }) => !known.has(tenant))
      .map(({ tenant, path, part }) => {
        const advice = suggestion(tenant, [...known], 'none is given: add it there')
        return problem(yaml, path, `no such tenant under \`tenants\`; ${advice}`, part)
      }),
  )
}

const QUERY_SECRET = /[?&](?:[a-z_-]*(?:password|passwd|secret|token)|pwd|api_?key)=[^&]/i

/** Whether a URL carries a password: as user:password@, also where that makes it no valid URL, or in its query. */
export const hasPassword = (text: string): boolean => {
  if (!/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text)) return false
  if (QUERY_SECRET.test(text)) return true
  return URL.canParse(text) ? new URL(text).password !== '' : /:\/\/.*:.*@/s.test(text)
}

const passwordsInUrls = (yaml: YamlFile): readonly Problem[] =>
  [...(yaml.root === undefined ? [] : everyValue(yaml.root, []))]
    .filter(([, value]) => typeof value.data === 'string' && hasPassword(value.data))
    .map(([path]) =>
      problem(
        yaml,
        path,
        'a password in a URL ends in logs and process lists: take it out, and give it as {file: …} or {env: …}',
      ),
    )

/** Every machine group that is named, and each server that is one by itself. */
const clustersOf = (main: YamlFile, tenants: readonly Tenant[]): readonly string[] => [
  ...new Set([
    ...namesAt(main, 'servers').map((name) => textAt(main.root, 'servers', name, 'db_cluster') ?? name),
    ...namesAt(main, 'tiers').flatMap((name) => textAt(main.root, 'tiers', name, 'db_cluster') ?? []),
    ...tenants.flatMap(({ value }) => textAt(value, 'db_cluster') ?? []),
  ]),
]

export const checkReferences = (
  files: Files,
  collectors: readonly AnyCollector[],
  flows: FlowsFound,
): readonly Problem[] => {
  const [main] = files
  const tenants = tenantsOf(files)
  const claims = claimsOf(tenants)
  return [
    ...doubledTenants(tenants),
    ...danglingTiers(tenants, [...new Set([...BUILT_IN_TIERS, ...namesAt(main, 'tiers')])]),
    ...danglingServers(claims, namesAt(main, 'servers')),
    ...doubledDatabases(claims),
    ...clusterless(tenants, claims, main),
    ...danglingTenants(files, tenants, collectors),
    ...checkCalendar(
      main,
      tenants.map((tenant) => tenant.name),
    ),
    ...checkFlows(main, tenants, flows),
    ...checkOncall(main, {
      tenants: tenants.map(({ name }) => name),
      tiers: [...new Set([...BUILT_IN_TIERS, ...namesAt(main, 'tiers')])],
      clusters: clustersOf(main, tenants),
      processes: [...new Set([PLATFORM, ...flows.flows.map(({ process }) => process)])],
    }),
    ...files.flatMap(passwordsInUrls),
  ]
}
