/** The configuration: `odoo-pulse.yaml`, `tenants.d/*.yaml` and `flows.d/*.yaml`, parsed once at the edge into plain data that can't be wrong. */
import type { BusinessWindow } from './calendar/window.ts'
import type { AnyCollector, Target } from './collector.ts'
import { readConfigFiles } from './config/files.ts'
import { type FlowSources, flowsIn, noFlows } from './config/flow_files.ts'
import { type IssueContext, lazily, problemsOf } from './config/issues.ts'
import type { ConfiguredLinks, Oncall } from './config/oncall.ts'
import type { Path, Problem } from './config/problem.ts'
import { checkReferences, type Files } from './config/references.ts'
import { resolveConfig } from './config/resolve.ts'
import { configSchema, jsonSchema, type LogLevel, scopeOf, tenantsSchema } from './config/schema.ts'
import { type SecretPlace, secretsIn } from './config/secret_places.ts'
import { readYaml, type Source, type YamlFile } from './config/yaml.ts'
import type { Flow } from './flow/spec/spec_file.ts'
import type { FlowReaderChoice, TenantFlow } from './flow/spec/tenant_flow.ts'
import type { Duration } from './metric.ts'
import type { Secrets } from './secret.ts'

export { formatProblem, type Problem, pathText } from './config/problem.ts'
export type { LogLevel } from './config/schema.ts'

export interface Database {
  readonly server: string
  readonly datname: string
}

/** One block of collector settings, and what of it is in force: overrides of all targets, tier and target laid over one another. */
export interface Watched {
  readonly collector: string
  readonly config: unknown
  readonly enabled: boolean
  readonly intervals: Readonly<Record<string, Duration>>
}

export interface Server {
  readonly name: string
  readonly dbCluster: string
  readonly watched: readonly Watched[]
}

export interface Tenant {
  readonly name: string
  readonly tier: string
  readonly dbCluster: string
  readonly databases: readonly Database[]
  readonly watched: readonly Watched[]
  /** Every flow of the configuration as this tenant has it; none where no Odoo of its own is configured. */
  readonly flows: readonly TenantFlow[]
  /** By which way its flows are read; auto: by SQL where that is configured. */
  readonly flowReader: FlowReaderChoice
}

/** Plain data; secrets are references. */
export interface Config {
  /** HOST:PORT; without a host, every address; port 0, any free one. */
  readonly listen: string
  readonly servers: readonly Server[]
  readonly tenants: readonly Tenant[]
  /** The business calendar. */
  readonly calendar: readonly BusinessWindow[]
  /** IANA: that of the windows that name none. */
  readonly timezone: string
  /** The shipped flows and the operator's own, by name. */
  readonly flows: readonly Flow[]
  /** 0–1: of a target's time. */
  readonly polling: { readonly share: number }
  readonly logging: { readonly level: LogLevel }
  readonly telemetry: { readonly otlpEndpoint: string | undefined }
  /** Who is told of alerts; undefined where that is left to an Alertmanager configuration of one's own. */
  readonly oncall: Oncall | undefined
  /** Bases of the URLs in the texts of alerts. */
  readonly links: ConfiguredLinks
  /** Of the flows, the operator's own, by name. */
  readonly ownFlows: readonly string[]
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly files: readonly string[]; readonly secrets: number }
  | { readonly ok: false; readonly files: readonly string[]; readonly problems: readonly Problem[] }

type Collectors = readonly AnyCollector[]

/** Better advice than the nearest key: a collector in the wrong place, a file that may hold tenants only. */
const adviseKey =
  (collectors: Collectors, isMain: boolean): IssueContext['adviseKey'] =>
  (path: Path, key: string) => {
    if (path.length === 0 && !isMain) return 'files of tenants.d hold `tenants` only: move it to the main file'
    const collector = collectors.find(({ name }) => name === key)
    if (collector === undefined || path.length < 2) return undefined
    const right = `${scopeOf(collector)}s.NAME${path[2] === 'collectors' ? '.collectors' : ''}.${key}`
    return `${key} watches ${scopeOf(collector)}s: it stands at ${right}`
  }

export interface Parsed {
  /** Undefined where there are problems. */
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
  /** Found even where there are problems. */
  readonly secrets: readonly SecretPlace[]
}

/** By file, then by line. */
const inOrder = (problems: readonly Problem[], files: readonly string[]): readonly Problem[] => {
  const rank = new Map(files.map((file, i) => [file, i]))
  const key = ({ file, line = 0, column = 0 }: Problem) => [rank.get(file) ?? -1, line, column]
  return problems.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)]
    return x.reduce((order, part, i) => order || part - (y[i] ?? 0), 0)
  })
}

/** Text → configuration, or every problem at once. Pure; never throws. */
export const parseConfig = (
  main: Source,
  tenants: readonly Source[],
  collectors: Collectors,
  flowSources: FlowSources = noFlows,
): Parsed => {
  const schema = configSchema(collectors)
  const found = flowsIn(flowSources)
  const ofTenants = tenantsSchema(schema)
  const files: Files = [readYaml(main), ...tenants.map(readYaml)]
  const [mainFile, ...tenantFiles] = files
  const known = lazily(() => jsonSchema(schema))
  const issuesOf = (yaml: YamlFile, error: { readonly issues: readonly Parameters<typeof problemsOf>[1][] }) => {
    const context = { yaml, schema: known, adviseKey: adviseKey(collectors, yaml === mainFile) }
    return error.issues.flatMap((issue) => problemsOf(context, issue))
  }
  const parsedMain = schema.safeParse(mainFile.root?.data ?? {})
  const parsedTenants = tenantFiles.map((yaml) => ({ yaml, result: ofTenants.safeParse(yaml.root?.data ?? {}) }))
  const problems = [
    ...files.flatMap((yaml) => yaml.problems),
    ...(parsedMain.error ? issuesOf(mainFile, parsedMain.error) : []),
    ...parsedTenants.flatMap(({ yaml, result }) => (result.error ? issuesOf(yaml, result.error) : [])),
    ...found.problems,
    ...(mainFile.root === undefined ? [] : checkReferences(files, collectors, found)),
  ]
  const merged = [parsedMain.data, ...parsedTenants.map(({ result }) => result.data)].map((data) => data?.tenants ?? {})
  const config =
    problems.length === 0 && parsedMain.success
      ? resolveConfig({
          main: parsedMain.data,
          tenants: Object.assign({}, ...merged),
          flows: found.flows,
          ownFlows: [...found.files.keys()].sort(),
          collectors,
        })
      : undefined
  const names = collectors.map(({ name }) => name)
  const order = [...files, ...flowSources.own].map(({ file }) => file)
  return { config, problems: inOrder(problems, order), secrets: secretsIn(files, names) }
}

const unreadableSecrets = async (
  places: readonly SecretPlace[],
  secrets: Pick<Secrets, 'read'>,
): Promise<readonly Problem[]> => {
  const problems: Problem[] = []
  for (const { ref, place } of places) {
    try {
      await secrets.read(ref)
    } catch (error) {
      problems.push({ ...place, message: error instanceof Error ? error.message : 'the secret cannot be read' })
    }
  }
  return problems
}

export interface LoadOptions {
  /** The main file; tenants.d and flows.d stand beside it. */
  readonly file: string
  readonly collectors: Collectors
  /** Absent: secrets are not read. */
  readonly secrets?: Pick<Secrets, 'read'> | undefined
}

/** Reads and parses; failures are values. */
export const loadConfig = async ({ file, collectors, secrets }: LoadOptions): Promise<Loaded> => {
  const read = await readConfigFiles(file)
  const files = [file, ...[...read.tenants, ...read.flows.own].map((source) => source.file)]
  if (read.main === undefined) return { ok: false, files, problems: read.problems }
  const parsed = parseConfig(read.main, read.tenants, collectors, read.flows)
  const unreadable = secrets === undefined ? [] : await unreadableSecrets(parsed.secrets, secrets)
  const problems = [...read.problems, ...parsed.problems, ...unreadable]
  if (parsed.config === undefined || problems.length > 0)
    return { ok: false, files, problems: inOrder(problems, files) }
  return { ok: true, config: parsed.config, files, secrets: parsed.secrets.length }
}

/** What is to be polled: a target for every enabled block. */
export const targetsOf = (config: Config, collectors: Collectors): readonly Target[] => {
  const byName = new Map(collectors.map((collector) => [collector.name, collector]))
  const targets = (label: 'server' | 'tenant', { name, watched }: Server | Tenant) =>
    watched.flatMap(({ collector: of, config: block, enabled, intervals }) => {
      const collector = byName.get(of)
      if (collector === undefined || !enabled) return []
      return [{ name, collector, config: block, labels: { [label]: name }, intervals }]
    })
  return [
    ...config.servers.flatMap((server) => targets('server', server)),
    ...config.tenants.flatMap((tenant) => targets('tenant', tenant)),
  ]
}
