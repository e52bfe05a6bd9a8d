/** Who is who, for the labels that alerts are routed by; and what the calendar asks of whom. */

import { redisOdooSessions } from '../collectors/redis/sessions.ts'
import { odooIngressRequests } from '../collectors/traefik/requests.ts'
import type { Recording, RuleFile } from '../src/alerting/rule.ts'
import { windowActive } from '../src/calendar/metrics.ts'
import { labelsOf, minutes, promql, where } from '../src/metric.ts'
import { serverInfo, tenantDatabaseInfo, tenantInfo } from '../src/tenants.ts'
import { aboutTenant } from './about.ts'
import { byConfiguration } from './newest.ts'
import { serverKnown, tenantKnown, tenantServer } from './recordings.ts'

const tenant = labelsOf(tenantKnown, 'tenant', 'tier', 'db_cluster')
const server = labelsOf(serverKnown, 'server', 'db_cluster')
const pair = labelsOf(tenantServer, 'tenant', 'server')

/**
 * One series each, also while two replicas have read different configurations: more than one would fail every rule that
 * joins. Then the one read last counts. What an exporter told within the hour stands; while none tells of any, what was
 * known before.
 */
const known: readonly Recording[] = [
  {
    record: tenantKnown,
    expr: promql`topk by (tenant) (1, max by (${tenant}) (${byConfiguration(promql`${tenantInfo}`)})) ^ ${0}
or on (tenant) topk by (tenant) (1, max by (${tenant}) (last_over_time(${tenantInfo}[1h])))
or on (tenant) (${tenantKnown} and on () absent(${tenantInfo}))`,
  },
  {
    record: serverKnown,
    expr: promql`topk by (server) (1, max by (${server}) (${byConfiguration(promql`${serverInfo}`)})) ^ ${0}
or on (server) topk by (server) (1, max by (${server}) (last_over_time(${serverInfo}[1h])))
or on (server) (${serverKnown} and on () absent(${serverInfo}))`,
  },
  {
    record: tenantServer,
    expr: promql`max by (${pair}) (${tenantDatabaseInfo})
or max by (${pair}) (${odooIngressRequests}{tenant!=""}) ^ ${0}
or max by (${pair}) (${redisOdooSessions}{tenant!=""}) ^ ${0}`,
  },
]

/** Of the whole tenant: the tickets of one warehouse or process do not wait for another. */
const active = (kind: string) =>
  promql`max by (tenant) (${where(windowActive, { kind, process: '', warehouse: '' })}) == ${1}`

export const estate: RuleFile = {
  subject: 'estate',
  groups: [
    {
      name: 'odoo-estate',
      rules: [
        ...known,
        aboutTenant({
          name: 'OdooBusinessFreeze',
          by: 'tenant',
          expr: active('freeze'),
          for: minutes(0),
          severity: 'none',
          layer: 'inhibitor',
          summary: '{{ $labels.tenant }} is in a freeze: nothing is to be changed.',
          description: 'A window of kind freeze is active in the business calendar.',
          impact: 'Its tickets wait until the freeze is over; pages do not.',
        }),
        aboutTenant({
          name: 'OdooBusinessMaintenance',
          by: 'tenant',
          expr: active('maintenance'),
          for: minutes(0),
          severity: 'none',
          layer: 'inhibitor',
          summary: '{{ $labels.tenant }} is being worked on as planned.',
          description: 'A window of kind maintenance is active in the business calendar.',
          impact: 'Its tickets wait until the work is over; pages do not.',
        }),
      ],
    },
  ],
}
