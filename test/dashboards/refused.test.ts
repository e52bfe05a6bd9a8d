/** A wrong metric, label or unit does not come to a dashboard: the compiler refuses it, or building does, or the checks of its queries. */
import { expect, test } from 'vitest'
import * as answers from '../../collectors/postgres/server.ts'
import { pgDatabaseSize } from '../../collectors/postgres/sizes.ts'
import { stat } from '../../dashboards/parts/panels.ts'
import { each, most, perSecond, total } from '../../dashboards/parts/query.ts'
import { neutral } from '../../dashboards/parts/thresholds.ts'
import { promql } from '../../src/metric.ts'
import { faultsIn } from './support.ts'

test('by the compiler: metrics, labels, dashboards that there are not', () => {
  const size = { id: 1, title: 'A', shows: 'A.', good: 'b.', otherwise: 'c.', thresholds: neutral }
  // @ts-expect-error there is no such metric
  expect(answers.pgUpp).toBeUndefined()
  // @ts-expect-error nor such a label to fold by
  most(pgDatabaseSize, ['server', 'tenant'])
  // @ts-expect-error
  total(pgDatabaseSize, ['database'])
  // @ts-expect-error
  perSecond(pgDatabaseSize, ['sever'])
  // @ts-expect-error nor to match
  each(pgDatabaseSize, { tenant: 'acme' })
  // @ts-expect-error nor such a dashboard to read on at
  stat({ ...size, queries: [{ expr: each(pgDatabaseSize) }], next: ['database'] })
  // @ts-expect-error a panel without a word of what to do
  stat({ ...size, queries: [{ expr: each(pgDatabaseSize) }], otherwise: undefined })
})

test('as it is built: units that its queries do not have', () => {
  const panel = (unit?: string) =>
    stat({
      ...{ id: 1, title: 'A', shows: 'A.', good: 'b.', otherwise: 'c.', thresholds: neutral },
      queries: [{ expr: promql`${pgDatabaseSize}`, ...(unit === undefined ? {} : { unit }) }],
    })
  expect(panel().builder.build().fieldConfig?.defaults.unit).toBe('bytes')
  expect(() => panel('s')).toThrow('bytes is not shown as s')
})

test.for([
  ['sum(pg_upp)', 'declared: no metric pg_upp is declared or recorded; did you mean "pg_up"?'],
  ['max by (host) (pg_up)', 'declared: no series here has a label host; they have instance, job, server'],
  ['pg_up{datname="b"}', 'declared: pg_up has no label datname; known here: "server"'],
  ['odoo_flow_verdicts{window="2d"}', 'declared: window is never "2d"'],
  [
    'pg_up and on (tenant) redis_up',
    'joins: on (tenant): nothing on the left or the right has this label, and empty matches empty',
  ],
  [
    'sum by (tenant) (odoo_flow_open)',
    'replicas: sum counts what each replica of the exporter tells: fold these first, max by (…) without instance',
  ],
  [
    'max by (server) (pg_up) / max by (server) (redis_connected_clients)',
    'divisors: / by what may be 0: write (… > 0)',
  ],
  ['rate(odoo_ingress_requests_total[30s])', 'ranges: rate: 30s is too short for what is read every 30s: at least 2m'],
  ['max by (server) (pg_up', 'syntax: '],
] as const)('by the checks of its queries: %s', ([query, fault]) => {
  expect(faultsIn(query).join('\n')).toContain(fault)
})
