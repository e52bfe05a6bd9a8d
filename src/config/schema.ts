/** The shape of `odoo-pulse.yaml`, once: validation, defaults, and the JSON schema for editors come from here. */
import { z } from 'zod'
import type { AnyCollector } from '../collector.ts'
import { FLOW_READERS } from '../flow/spec/tenant_flow.ts'
import { type Duration, hours, seconds } from '../metric.ts'
import { calendarSchema } from './calendar.ts'
import { durationBetween, formatDuration } from './duration.ts'
import { flowsSchema } from './flows.ts'
import { linksSchema, oncallSchema } from './oncall.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const DEFAULT_LISTEN = '127.0.0.1:18069'
const DEFAULT_SHARE = 0.01
/** Where one collector's targets stand in the configuration: what its `up` is labelled with. */
export type Scope = 'server' | 'tenant'
export const scopeOf = (collector: AnyCollector): Scope =>
  collector.up.labels.includes('tenant') ? 'tenant' : 'server'

// Counters polled slower than they are scraped read as rates of 0 and then a jump.
const COUNTER_INTERVAL = seconds(15)
const MIN_INTERVAL = seconds(1)
const MAX_INTERVAL = hours(24)

const NAME = '1 to 200 printable characters, no blanks at either end'
// What cannot be seen, or turns the text round it, makes two names look alike.
const name = z
  .string({ error: `write a name: ${NAME}; a number or true/false in quotes` })
  .regex(/^(?!\s)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]{1,200}(?<!\s)$/u, {
    error: `a name has ${NAME}`,
  })

// As src/listen.ts reads it; here as a pattern, which editors can hold against what is typed.
const LISTEN = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]]*):[0-9]{1,5}$/
export const LISTEN_ADVICE = `write HOST:PORT, such as ${DEFAULT_LISTEN}, [::1]:18069, or :18069 for every address`

export const isListen = (text: string): boolean =>
  LISTEN.test(text) && Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535

const listen = z
  .string({ error: LISTEN_ADVICE })
  .regex(LISTEN, { error: LISTEN_ADVICE, abort: true })
  .refine(isListen, { error: 'ports end at 65535' })

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
const httpUrl = z
  .string({ error: 'write an http:// or https:// URL' })
  .regex(/^https?:\/\//, { error: 'write an http:// or https:// URL', abort: true })
  .refine(isHttp, { error: 'not a URL: write http(s)://HOST[:PORT][/PATH]' })

const describeProbe = (collector: AnyCollector, probe: AnyCollector['probes'][number]): string => {
  const metrics = probe.metrics.map((m) => m.name)
  const shown = metrics.length > 4 ? [...metrics.slice(0, 3), `${metrics.length - 3} more`] : metrics
  return `How often ${collector.name}'s ${probe.name} is asked: ${shown.join(', ')}. Default ${formatDuration(probe.interval)}.`
}

const intervalOf = (collector: AnyCollector, probe: AnyCollector['probes'][number]): z.ZodType<Duration, string> => {
  const counter = probe.metrics.find((m) => m.type === 'counter')
  const reason = counter && `: it gives counters (${counter.name}), whose rates a slower poll would falsify`
  const max = counter === undefined ? MAX_INTERVAL : COUNTER_INTERVAL
  return durationBetween(MIN_INTERVAL, max, reason).meta({ description: describeProbe(collector, probe) })
}

const settingsOf = (collector: AnyCollector) =>
  z
    .strictObject({
      enabled: z.boolean().optional().meta({ description: 'false: these targets are not polled. Default true.' }),
      intervals: z
        .strictObject(
          Object.fromEntries(collector.probes.map((probe) => [probe.name, intervalOf(collector, probe).optional()])),
        )
        .optional()
        .meta({ description: 'Intervals by probe; the governor may stretch them, up to 5m.' }),
    })
    .optional()
    .meta({ description: `Settings of the ${collector.name} collector.` })

/** On or off, and intervals, of one collector; absent: not said here. */
export interface CollectorSettings {
  readonly enabled?: boolean | undefined
  readonly intervals?: Readonly<Record<string, Duration | undefined>> | undefined
}

const allSettings = (collectors: readonly AnyCollector[], description: string) =>
  z
    .strictObject(Object.fromEntries(collectors.map((c) => [c.name, settingsOf(c)])))
    .optional()
    .meta({ description })

const blocksOf = (collectors: readonly AnyCollector[]) =>
  Object.fromEntries(collectors.map((c) => [c.name, c.config.optional()]))

const dbCluster = (description: string) => name.optional().meta({ description })

const serverOf = (collectors: readonly AnyCollector[]) =>
  z.strictObject({
    ...blocksOf(collectors),
    db_cluster: dbCluster(
      "The machine group this server belongs to: a primary and its standbys share one. Default: the server's own name.",
    ),
    collectors: allSettings(collectors, 'Overrides for this server.'),
  })

const tierOf = (collectors: readonly AnyCollector[]) =>
  z.strictObject({
    db_cluster: dbCluster('For tenants of this tier that name none.'),
    collectors: allSettings(collectors, 'Overrides for the tenants of this tier.'),
    flows: flowsSchema('Business flows of the tenants of this tier, by name.'),
  })

const tenantOf = (collectors: readonly AnyCollector[]) =>
  z.strictObject({
    ...blocksOf(collectors),
    tier: name.meta({ description: 'dedicated, segmented, shared, or one given under `tiers`.' }),
    db_cluster: dbCluster(
      "The machine group its databases stand on. Default: that of its databases' servers, else its tier's.",
    ),
    databases: z
      .array(
        z.strictObject({
          server: name.meta({ description: 'A name under `servers`.' }),
          datname: name.meta({ description: 'The database, as PostgreSQL calls it.' }),
        }),
      )
      .optional()
      .meta({ description: 'Its databases, on the primary and on every standby that is watched.' }),
    collectors: allSettings(collectors, 'Overrides for this tenant.'),
    flows: flowsSchema('Business flows of this tenant, by name.'),
    flow_reader: z.enum(FLOW_READERS).default('auto').meta({
      description: 'How its flows are read: rpc, sql, or auto, the default: by SQL where that is configured.',
    }),
  })

/** A mapping by name; nothing written means empty. */
const named = <T extends z.ZodType>(entry: T, description: string) =>
  z.record(name, entry).default({}).meta({ description })

/** The schema of the main file, for these collectors. */
export const configSchema = (collectors: readonly AnyCollector[]) => {
  const ofServers = collectors.filter((c) => scopeOf(c) === 'server')
  const ofTenants = collectors.filter((c) => scopeOf(c) === 'tenant')
  return z
    .strictObject({
      listen: listen.default(DEFAULT_LISTEN).meta({
        description: `Address of the HTTP server: HOST:PORT, [IPv6]:PORT, or :PORT for every address. Read at the start only.`,
      }),
      tiers: named(
        tierOf(ofTenants).prefault({}),
        'Tiers of tenants, with defaults. dedicated, segmented and shared need no entry.',
      ),
      servers: named(
        serverOf(ofServers).prefault({}),
        'Machines, by a name of your choice: it becomes the label `server`.',
      ),
      tenants: named(
        tenantOf(ofTenants),
        'Tenants, by a name of your choice: it becomes the label `tenant`. Also in tenants.d/*.yaml.',
      ),
      calendar: calendarSchema(name),
      flows: flowsSchema(
        'Business flows of all tenants, by name: shipped, or of a file in flows.d. Tiers and tenants may say otherwise.',
      ),
      collectors: allSettings(collectors, 'Collectors on and off, and their intervals, for all targets.'),
      oncall: oncallSchema(name),
      links: linksSchema,
      polling: z
        .strictObject({
          share: z.number().min(0.0001).max(0.5).default(DEFAULT_SHARE).meta({
            description:
              "The share of a target's time that all its probes together may take; past it, intervals are stretched.",
          }),
        })
        .prefault({})
        .meta({ description: 'How much of the watched systems this service may use.' }),
      logging: z
        .strictObject({
          level: z.enum(LOG_LEVELS).default('info').meta({ description: 'The least level that is written.' }),
        })
        .prefault({})
        .meta({ description: 'The log: JSON lines on stderr.' }),
      telemetry: z
        .strictObject({
          otlp_endpoint: httpUrl.optional().meta({
            description:
              'Traces of every collection go here, by OTLP over HTTP. Absent: no traces. Read at the start only.',
          }),
        })
        .prefault({})
        .meta({ description: "The service's own traces." }),
    })
    .meta({ title: 'Odoo Pulse', description: 'odoo-pulse.yaml, and in tenants.d/*.yaml its `tenants`.' })
}

/** The schema of a file in tenants.d: only tenants may stand there. */
export const tenantsSchema = (schema: ReturnType<typeof configSchema>) => schema.pick({ tenants: true })

export type ParsedConfig = z.output<ReturnType<typeof configSchema>>

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** What may be written, as JSON Schema 2020-12. */
export const jsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

/** The text of odoo-pulse.schema.json, for editors. */
export const schemaText = (collectors: readonly AnyCollector[]): string =>
  `${JSON.stringify(jsonSchema(configSchema(collectors)), null, 2)}\n`
