/** What grows, how full it is, and when it is used. Pure. */
import { POSTGRES, REDIS_MEMORY_RATIO } from '../../alert-rules/thresholds.ts'
import { odooIngressRequests } from '../../collectors/traefik/requests.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { connectionsShare, growthOfTenant, redisMemoryShare, sizeOfTenantWithin } from '../parts/platform.ts'
import { perSecond, risenIn } from '../parts/query.ts'
import { above, neutral } from '../parts/thresholds.ts'

/** Where a day says nothing. */
const A_MONTH = { over: '30d', step: '1h', noValue: 'It has a point an hour: the first is not there yet.' } as const

export const capacity: Row = {
  id: 40,
  title: 'Capacity and cost',
  panels: [
    lines({
      id: 41,
      title: 'Size of the databases, by tenant',
      shows: 'Disk space that each tenant’s database takes, on one server, over a month.',
      good: 'steady growth that you know.',
      otherwise: 'a jump is an import, a log table or attachments; look before the disk is full.',
      queries: [{ expr: sizeOfTenantWithin, legend: '{{tenant}}' }],
      ...A_MONTH,
      thresholds: neutral,
    }),
    lines({
      id: 42,
      title: 'Growth within a day, by tenant',
      shows: 'How much larger each tenant’s database is than a day before, over a month.',
      good: 'less in a year than the disk has left.',
      otherwise: 'times 365 it is what a year needs: order, archive or clean up.',
      queries: [{ expr: growthOfTenant, legend: '{{tenant}}' }],
      ...A_MONTH,
      thresholds: neutral,
    }),
    lines({
      id: 43,
      title: 'Connections taken',
      shows: 'Of the connections that a PostgreSQL server has for ordinary roles, the share that is in use.',
      good: 'well below the line also in the busiest hour.',
      otherwise: 'fewer workers, a pooler, or a larger server: at 100 % every further request fails.',
      queries: [{ expr: connectionsShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(POSTGRES.connectionsRatio),
      alerts: ['OdooPostgresConnectionsNearMax'],
    }),
    lines({
      id: 44,
      title: 'Memory of Redis',
      shows: 'Of the memory each Redis may use, the share that it does.',
      good: 'below the line.',
      otherwise: 'at the limit people are signed out, or can not sign in: give it more, or let sessions end sooner.',
      queries: [{ expr: redisMemoryShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(REDIS_MEMORY_RATIO),
      noValue: 'No Redis with a memory limit is watched.',
      alerts: ['OdooRedisMemoryNearLimit', 'OdooRedisEvicting'],
    }),
    lines({
      id: 45,
      title: 'Traffic, by tenant',
      shows: 'Requests of users, shops and connected systems.',
      good: 'the shape of the working day.',
      otherwise: 'none in working hours means that users do not reach Odoo; a plateau far above is a robot.',
      queries: [{ expr: perSecond(odooIngressRequests, ['tenant']), legend: '{{tenant}}', unit: 'reqps' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 46,
      title: 'Busiest hours of the week',
      shows: 'Requests in each hour of the last seven days, all tenants on top of each other.',
      good: 'any shape: upgrades and heavy work belong into the valleys.',
      otherwise: 'a peak that grows from week to week is where capacity will lack first.',
      queries: [{ expr: risenIn('1h', odooIngressRequests, ['tenant']), legend: '{{tenant}}' }],
      draw: 'bars',
      stacked: true,
      step: '1h',
      over: '7d',
      thresholds: neutral,
      noValue: 'No ingress is watched, or not yet for a whole hour.',
    }),
  ],
}
