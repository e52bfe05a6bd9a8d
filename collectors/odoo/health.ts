/** Do Odoo's own health checks pass? */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { databaseVerdictOf, HEALTH, type Page, verdictOf } from './pages.ts'

const CHECKS = ['page', 'database', 'gevent'] as const

export const odooHealth = metric({
  name: 'odoo_health',
  type: 'gauge',
  unit: 'bool',
  help:
    'Whether a check of Odoo passes within a second: the health page (`page`), its look at the PostgreSQL server ' +
    '(`database`, 18 and newer, late builds of 17), and the gevent port, where gevent_url is given (`gevent`).',
  labels: ['tenant', 'check'],
  maxSeries: CHECKS.length,
})

/** undefined is unknown. */
export type Health = Readonly<Record<(typeof CHECKS)[number], boolean | undefined>>

const PAGE_SINCE = 15
/** Late builds of 17.0 have it too; older ones answer as if it had not been asked for. */
const DATABASE_SINCE = 17

const noPage = (page: Page | undefined, version: number): Unsupported =>
  page === undefined || page === 'hangs'
    ? new Unsupported(
        `Odoo ${version} has no health page: it came with ${PAGE_SINCE}. Give gevent_url to check that port`,
      )
    : new Unsupported(
        `${HEALTH} answers HTTP ${page.status}, not as Odoo does: let the path through the proxy before it`,
      )

interface Asked {
  readonly page: Page | undefined
  readonly database: Page | undefined
}

/** One after the other: behind a page that hangs, nothing is learnt of the database. */
const ask = async ({ version, pages }: OdooClient, signal: AbortSignal): Promise<Asked> => {
  const page = version >= PAGE_SINCE ? await pages.http(HEALTH, signal) : undefined
  const tellsMore = page !== undefined && page !== 'hangs' && version >= DATABASE_SINCE && verdictOf(page) !== undefined
  return { page, database: tellsMore ? await pages.http(`${HEALTH}?db_server_status=1`, signal) : undefined }
}

const read = async (client: OdooClient, signal: AbortSignal): Promise<Health> => {
  const [{ page, database }, gevent] = await Promise.all([ask(client, signal), client.pages.gevent?.(signal)])
  const passes = page && verdictOf(page)
  if (passes === undefined && gevent === undefined) throw noPage(page, client.version)
  return { page: passes, database: database && databaseVerdictOf(database), gevent }
}

export const health = probe({
  name: 'health',
  metrics: [odooHealth],
  interval: seconds(30),
  deadline: seconds(5),
  priority: 'essential',
  read,
  map: (found: Health) =>
    CHECKS.flatMap((check) =>
      sample(odooHealth, { check }, found[check] === undefined ? undefined : Number(found[check])),
    ),
})
