/** What the flows are read from: Odoo stand-ins of 17, 18 and 19 on one PostgreSQL, full of a big distributor's past. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanups } from '../../demo/cleanups.ts'
import { type BulkSizes, loadBulk } from '../../demo/day/load.ts'
import type { Version } from '../../demo/odoo/columns.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type Answered, type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'

export const SIZES = {
  full: { orders: 300_000, pickings: 500_000, jobs: 1_000_000 },
  small: { orders: 6_000, pickings: 10_000, jobs: 20_000 },
} as const satisfies Readonly<Record<string, BulkSizes>>

export type Size = keyof typeof SIZES

/** How each tenant's flows are read; `sql` reads the database of `rpc18`. */
export const WAYS = ['rpc17', 'rpc18', 'rpc19', 'sql'] as const
export type Way = (typeof WAYS)[number]

/** Those that need a stand-in. */
type Served = Exclude<Way, 'sql'>

/** The role that reads by SQL, and its password: it guards a toy on loopback. */
export const FLOWS_ROLE = { user: 'odoo_pulse_flows', password: 'bench-of-flows' } as const

/** What the answers of a stand-in took so far. */
export interface Spent {
  readonly calls: number
  readonly ms: number
  readonly databaseMs: number
  readonly bytes: number
}

export const nothing: Spent = { calls: 0, ms: 0, databaseMs: 0, bytes: 0 }

const plus = (a: Spent, { took, database, bytes }: Answered): Spent => ({
  calls: a.calls + 1,
  ms: a.ms + took,
  databaseMs: a.databaseMs + database,
  bytes: a.bytes + bytes,
})

export interface World {
  readonly postgres: PostgresServer
  readonly odoos: ReadonlyMap<Served, OdooServer>
  readonly spent: (way: Way) => Spent
}

const FLOWS_SQL = join(import.meta.dirname, '..', '..', 'deploy', 'postgres', 'flows.sql')

/** Of a server with 24 GB say; what a small container has would only measure the disk. */
const SETTINGS = { shared_buffers: '512MB', work_mem: '16MB', jit: 'off' } as const

export interface WorldOptions {
  readonly size: Size
  readonly ways: readonly Way[]
  readonly cleanups: Cleanups
  readonly say: (line: string) => void
}

export const buildWorld = async ({ size, ways, cleanups, say }: WorldOptions): Promise<World> => {
  const postgres = await startPostgres({ settings: SETTINGS })
  cleanups.defer(postgres.stop)
  const grants = await readFile(FLOWS_SQL, 'utf8')
  const spent = new Map<Way, Spent>()
  const make = async (way: Served, version: Version): Promise<OdooServer> => {
    const begun = performance.now()
    await createOdooDatabase(postgres, way, version)
    await loadBulk(postgres, way, SIZES[size])
    await postgres.query(grants, undefined, way)
    say(`${way} loaded in ${((performance.now() - begun) / 1000).toFixed(0)} s`)
    const odoo = await startOdoo({
      version,
      postgres,
      database: way,
      // A real one takes 400 ms for it, once.
      authenticateMs: 0,
      processId: version * 100,
      observed: (answered) => {
        spent.set(way, plus(spent.get(way) ?? nothing, answered))
      },
    })
    cleanups.defer(odoo.stop)
    return odoo
  }
  const odoos = new Map<Served, OdooServer>()
  if (ways.includes('rpc17')) odoos.set('rpc17', await make('rpc17', 17))
  if (ways.includes('rpc18') || ways.includes('sql')) odoos.set('rpc18', await make('rpc18', 18))
  if (ways.includes('rpc19')) odoos.set('rpc19', await make('rpc19', 19))
  await postgres.query(`ALTER ROLE ${FLOWS_ROLE.user} PASSWORD '${FLOWS_ROLE.password}'`)
  await postgres.query('CHECKPOINT')
  return { postgres, odoos, spent: (way) => spent.get(way) ?? nothing }
}
