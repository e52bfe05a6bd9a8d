/** Two collectors without a far side, for tests of the configuration: one watches servers, the other tenants. */
import { z } from 'zod'
import type { AnyCollector, Probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, minutes, seconds, type TargetLabel } from '../../src/metric.ts'
import { secretRef } from '../../src/secret.ts'

const never = (): Promise<never> => Promise.reject(new Error('not to be called'))

const metricOf = (name: string, type: 'gauge' | 'counter'): MetricDescriptor =>
  metric({ name, type, unit: 'count', help: 'A test.', labels: [], maxSeries: 1 })

const probeOf = (name: string, type: 'gauge' | 'counter', interval: number): Probe<unknown, unknown> => ({
  name,
  metrics: [metricOf(`${name}_${type === 'counter' ? 'total' : 'count'}`, type)],
  interval,
  read: never,
  map: () => [],
})

const collectorOf = (name: string, label: TargetLabel, config: z.ZodType): AnyCollector => ({
  name,
  config,
  up: metric({ name: `${name}_up`, type: 'gauge', unit: 'bool', help: 'Up.', labels: [label], maxSeries: 1 }),
  connect: never,
  check: never,
  close: never,
  probes: [probeOf('sizes', 'gauge', minutes(10)), probeOf('requests', 'counter', seconds(15))],
})

export const db = collectorOf(
  'db',
  'server',
  z
    .strictObject({
      host: z.string().min(1).describe('Where it is.'),
      port: z.int().min(1).max(65535).default(5432),
      mode: z.enum(['plain', 'fancy']).optional(),
      tables: z.array(z.string()).optional(),
      password: secretRef.optional(),
      auth: z
        .union([z.strictObject({ user: z.string(), key: secretRef }), z.strictObject({ anonymous: z.literal(true) })])
        .optional(),
    })
    .meta({ id: 'Db' }),
)

export const app = collectorOf('app', 'tenant', z.strictObject({ url: z.string(), key: secretRef.optional() }))

export const collectors = [db, app]

/** By which business flows are read. */
export const flowCollectors = ['odoo', 'odoo_sql'].map((name) =>
  collectorOf(name, 'tenant', z.strictObject({ url: z.string().optional() })),
)
