/** Whose work PostgreSQL does. Pure. */
import { NEIGHBOUR } from '../../alert-rules/thresholds.ts'
import { pgStatDatabase } from '../../collectors/postgres/database.ts'
import { pgDatabaseSize } from '../../collectors/postgres/sizes.ts'
import { pgTableDead, pgTableIndexSize, pgTableLive, pgTableSize } from '../../collectors/postgres/tables.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines } from '../parts/panels.ts'
import { busy, withTenant } from '../parts/platform.ts'
import { each, most, perSecond, total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, neutral, TICKET } from '../parts/thresholds.ts'

const TABLE = ['server', 'datname', 'relname'] as const

export const load: Row = {
  id: 50,
  title: 'Load, by tenant',
  panels: [
    lines({
      ...THIRD,
      id: 51,
      title: 'Sessions at work',
      shows: 'How many sessions execute statements, on average, for each tenant.',
      good: 'far fewer in all than the server has cores.',
      otherwise: 'one that takes more than the others together is a noisy neighbour.',
      queries: [{ expr: withTenant(busy), legend: '{{tenant}} on {{server}}' }],
      stacked: true,
      thresholds: above(NEIGHBOUR.busyRatio, TICKET),
      alerts: ['OdooNoisyNeighbour'],
    }),
    lines({
      ...THIRD,
      id: 52,
      title: 'Transactions',
      shows: 'Committed, for each tenant.',
      good: 'the shape of the working day.',
      otherwise: 'none: nobody works there. A plateau: something runs in a loop.',
      queries: [
        {
          expr: withTenant(perSecond(pgStatDatabase.xact_commit, ['server', 'datname'])),
          legend: '{{tenant}} on {{server}}',
          unit: 'ops',
        },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 53,
      title: 'Rows written',
      shows: 'Inserted, updated and deleted, for each tenant.',
      good: 'imports and crons stand out, and end.',
      otherwise: 'a long plateau of updates bloats its tables: look for a job that writes the same rows again.',
      queries: [
        {
          expr: withTenant(
            promql`${perSecond(pgStatDatabase.tup_inserted, ['server', 'datname'])} + ${perSecond(pgStatDatabase.tup_updated, ['server', 'datname'])} + ${perSecond(pgStatDatabase.tup_deleted, ['server', 'datname'])}`,
          ),
          legend: '{{tenant}} on {{server}}',
        },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 54,
      title: 'Blocks read from disk',
      shows: 'Not found in shared buffers, for each tenant.',
      good: 'low.',
      otherwise: 'large scans of one push the others’ data out of memory.',
      queries: [
        {
          expr: withTenant(perSecond(pgStatDatabase.blks_read, ['server', 'datname'])),
          legend: '{{tenant}} on {{server}}',
          unit: 'ops',
        },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 55,
      title: 'Size',
      shows: 'Disk space of each tenant’s database on each server.',
      good: 'steady.',
      otherwise: 'the dashboard Executive shows by how much it grows.',
      next: ['executive'],
      queries: [{ expr: withTenant(each(pgDatabaseSize)), legend: '{{tenant}} on {{server}}' }],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 56,
      title: 'Sessions',
      shows: 'Connected to each tenant’s database.',
      good: 'about as many as its Odoo has workers, crons and jobs.',
      otherwise: 'far more: connections leak, or another program came.',
      queries: [
        {
          expr: withTenant(total(pgStatDatabase.numbackends, ['server', 'datname'])),
          legend: '{{tenant}} on {{server}}',
        },
      ],
      thresholds: neutral,
    }),
    table({
      id: 57,
      title: 'Busiest tables of Odoo, and the big ones',
      shows: 'Size as vacuum last found it, and dead rows by all rows.',
      good: 'dead rows under a fifth.',
      otherwise: 'vacuum does not come to it, or something holds it back.',
      labels: [
        { label: 'server', title: 'Server' },
        { label: 'datname', title: 'Database' },
        { label: 'relname', title: 'Table' },
      ],
      values: [
        { title: 'Size', expr: most(pgTableSize, TABLE) },
        { title: 'Indexes', expr: most(pgTableIndexSize, TABLE) },
        { title: 'Rows', expr: most(pgTableLive, TABLE) },
        {
          title: 'Dead',
          expr: promql`${most(pgTableDead, TABLE)} / (${most(pgTableLive, TABLE)} + ${most(pgTableDead, TABLE)} > ${0})`,
          decimals: 0,
        },
      ],
      sortBy: 'Indexes',
      thresholds: neutral,
      noValue: 'No table could be read.',
    }),
  ],
}
