/** What needs looking after, against what was caused on real servers: sizes, ages, holders, tables and sequences, by version. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close } from '../../../collectors/postgres/client.ts'
import { pgPreparedXacts, pgPreparedXactsOldest, prepared } from '../../../collectors/postgres/prepared.ts'
import {
  pgSequencesMaxUsedRatio,
  pgSequencesSuccess,
  pgSequencesUnreadable,
  pgSequenceUsedRatio,
  sequences,
} from '../../../collectors/postgres/sequences.ts'
import { pgDatabaseSize, sizes } from '../../../collectors/postgres/sizes.ts'
import {
  pgTableDead,
  pgTableIndexSize,
  pgTableLast,
  pgTableLive,
  pgTableSize,
  pgTablesSuccess,
  tables,
} from '../../../collectors/postgres/tables.ts'
import { waldir } from '../../../collectors/postgres/waldir.ts'
import {
  pgDatabaseXidAge,
  pgDatabaseXidFreezeRatio,
  pgDatabaseXidWraparoundRatio,
  wraparound,
} from '../../../collectors/postgres/wraparound.ts'
import { pgXminHorizonAge, xmin } from '../../../collectors/postgres/xmin.ts'
import { Unsupported } from '../../../src/collector.ts'
import { eventually } from '../../support/eventually.ts'
import {
  clientOf,
  type Estate,
  poll,
  startEstate,
  TENANT,
  theValue,
  valuesOf,
  versions,
  withSessions,
} from './statistics_support.ts'

describe.each(versions)('PostgreSQL %i', (version) => {
  let estate: Estate
  beforeAll(async () => {
    estate = await startEstate(
      version,
      { wal_level: 'logical', autovacuum: 'off' },
      { hot_standby_feedback: 'on', wal_receiver_status_interval: '1s' },
    )
    await sql('create table d (id int primary key, n int)')
  })
  afterAll(() => estate?.stop())

  const tenant = { datname: TENANT }
  const sql = (text: string) => estate.primary.query(text, undefined, TENANT)
  const burnXids = (n: number) =>
    withSessions(estate.primary, 1, async (session) => {
      for (let i = 0; i < n; i += 1) await session?.query('select pg_current_xact_id()')
    })

  test('wraparound: ages as PostgreSQL reckons them, of templates too', async () => {
    await burnXids(50)
    const samples = await poll(wraparound, estate.onPrimary)
    const rows = await estate.primary.query('select datname, age(datfrozenxid) as age from pg_database')
    expect(rows.map((row) => row.datname)).toContain('template0')
    for (const { datname, age } of rows) {
      const labels = { datname: String(datname) }
      expect(theValue(samples, pgDatabaseXidAge, labels)).toBe(age)
      expect(theValue(samples, pgDatabaseXidFreezeRatio, labels)).toBeCloseTo(Number(age) / 200_000_000, 12)
      expect(theValue(samples, pgDatabaseXidWraparoundRatio, labels)).toBeCloseTo(Number(age) / 2 ** 31, 12)
    }
  })

  test('prepared, xmin: a prepared transaction is seen with its age; a standby can’t see it and doesn’t say 0', async () => {
    await sql("begin; insert into d values (3, 0); prepare transaction 'forgotten'")
    try {
      await burnXids(30)
      const samples = await poll(prepared, estate.onPrimary)
      expect(theValue(samples, pgPreparedXacts, tenant)).toBe(1)
      expect(theValue(samples, pgPreparedXacts, { datname: 'postgres' })).toBe(0)
      expect(Math.abs((theValue(samples, pgPreparedXactsOldest, tenant) ?? 0) - Date.now() / 1000)).toBeLessThan(60)
      const holders = await poll(xmin, estate.onPrimary)
      expect(theValue(holders, pgXminHorizonAge, { holder: 'prepared_xact' })).toBeGreaterThanOrEqual(30)
      const onStandby = await poll(xmin, estate.onStandby)
      expect(onStandby.map((s) => s.labels.holder)).toEqual(['session', 'replication_slot', 'standby_feedback'])
    } finally {
      await sql("rollback prepared 'forgotten'")
    }
    expect(theValue(await poll(prepared, estate.onPrimary), pgPreparedXacts, tenant)).toBe(0)
  })

  test('xmin: sessions, slots and the standby’s feedback are told apart', async () => {
    const age = async (holder: string) => theValue(await poll(xmin, estate.onPrimary), pgXminHorizonAge, { holder })
    await eventually(async () => expect(await age('session')).toBe(0))
    expect(await age('replication_slot')).toBe(0)
    await withSessions(estate.primary, 1, async (session) => {
      await session?.query('begin isolation level repeatable read; select 1')
      await burnXids(30)
      expect(await age('session')).toBeGreaterThanOrEqual(30)
    })
    await withSessions(estate.standby, 1, async (session) => {
      await session?.query('begin isolation level repeatable read; select 1')
      await burnXids(40)
      await eventually(async () => expect(await age('standby_feedback')).toBeGreaterThanOrEqual(40))
      await eventually(async () => expect(await age('session')).toBe(0))
    })
    await estate.primary.query("select pg_create_logical_replication_slot('left', 'pgoutput')")
    await burnXids(20)
    expect(await age('replication_slot')).toBeGreaterThanOrEqual(20)
    await estate.primary.query("select pg_drop_replication_slot('left')")
  })

  test('a role without pg_monitor is told what it lacks, and never a 0', async () => {
    await estate.primary.query("create role nobody login password 'of-the-monitor'")
    const client = await clientOf(estate.primary, { user: 'nobody' })
    try {
      for (const probe of [xmin, waldir])
        await expect(probe.read(client, AbortSignal.timeout(5000))).rejects.toThrow(/GRANT pg_monitor TO "nobody"/)
    } finally {
      await close(client)
    }
  })

  test('sizes: each database, though a table in it is locked', async () => {
    await withSessions(estate.primary, 1, async (session) => {
      await session?.query('begin; lock table d in access exclusive mode')
      const samples = await poll(sizes, estate.onPrimary)
      const [row] = await estate.primary.query(`select pg_database_size('${TENANT}')::float8 as size`)
      expect(valuesOf(samples, pgDatabaseSize)).toHaveLength(2)
      expect(Math.abs((theValue(samples, pgDatabaseSize, tenant) ?? 0) - Number(row?.size))).toBeLessThan(2 ** 20)
    })
  })

  const saleOrder = { ...tenant, schemaname: 'public', relname: 'sale_order' }
  const lockedBy = async <T>(statement: string, use: () => Promise<T>): Promise<T> =>
    withSessions(estate.primary, 1, async (session) => {
      await session?.query(`begin; ${statement}`)
      return use()
    })

  test('tables: rows, vacuum and size of Odoo’s, whether locked or not', async () => {
    await sql(`create table sale_order (id serial primary key, name text);
      create table some_wizard (id serial primary key);
      insert into sale_order (name) select repeat(g::text, 10) from generate_series(1, 5000) g`)
    await eventually(async () => {
      const fresh = await poll(tables, estate.onPrimary)
      expect(theValue(fresh, pgTableLive, saleOrder)).toBe(5000)
      expect(theValue(fresh, pgTableSize, saleOrder)).toBeUndefined()
      expect(theValue(fresh, pgTableLast.last_vacuum, saleOrder)).toBeUndefined()
    })
    await sql('vacuum analyze sale_order')
    await sql('delete from sale_order where id <= 2000')
    const [size] = await sql("select pg_relation_size('sale_order') as heap, pg_indexes_size('sale_order') as indexes")
    await lockedBy('lock table sale_order in access exclusive mode', () =>
      eventually(async () => {
        const now = await poll(tables, estate.onPrimary)
        expect(theValue(now, pgTableDead, saleOrder)).toBe(2000)
        expect(theValue(now, pgTableLive, saleOrder)).toBe(3000)
        expect(theValue(now, pgTableSize, saleOrder)).toBe(Number(size?.heap))
        expect(theValue(now, pgTableIndexSize, saleOrder)).toBe(Number(size?.indexes))
        expect(Math.abs((theValue(now, pgTableLast.last_vacuum, saleOrder) ?? 0) - Date.now() / 1000)).toBeLessThan(60)
        expect(valuesOf(now, pgTableLive)).toHaveLength(1)
      }),
    )
    expect(await poll(tables, estate.onStandby)).toEqual([])
  })

  test('tables: a big one is told whatever its name; the configuration names others; a database that refuses is said', async () => {
    const wizard = { relname: 'some_wizard' }
    await sql("update pg_class set relpages = 200000, reltuples = 1 where relname = 'some_wizard'")
    expect(theValue(await poll(tables, estate.onPrimary), pgTableSize, wizard)).toBe(200_000 * 8192)
    await sql("update pg_class set relpages = 1 where relname = 'some_wizard'")
    const client = await clientOf(estate.primary, { tables: ['some_wizard'] })
    await estate.primary.query('alter database postgres connection limit 0')
    try {
      const named = await poll(tables, client)
      expect(theValue(named, pgTableSize, wizard)).toBe(8192)
      expect(theValue(named, pgTableSize, saleOrder)).toBeUndefined()
      expect(theValue(named, pgTablesSuccess, tenant)).toBe(1)
      expect(theValue(named, pgTablesSuccess, { datname: 'postgres' })).toBe(0)
    } finally {
      await estate.primary.query('alter database postgres connection limit -1')
      await close(client)
    }
  })

  test('sequences: unsupported without a grant; with the one it asks for, near its end is said by the column’s range', async () => {
    await sql(`create sequence wide; create table stock_quant (id int primary key default nextval('wide'));
      create table ir_cron (id smallint generated always as identity);
      create sequence unlimited; create sequence round maxvalue 100 cycle; create sequence down increment -1 minvalue -100;
      select setval('wide', 1500000000), setval('ir_cron_id_seq', 20000), setval('unlimited', 5000000000),
        setval('round', 99), setval('down', -70)`)
    const refusal = await poll(sequences, estate.onPrimary).catch((error: unknown) => error)
    if (!(refusal instanceof Unsupported)) throw new Error(`not unsupported: ${refusal}`)
    const advice = refusal.message.slice(refusal.message.indexOf('GRANT'))
    expect(advice).toContain('GRANT SELECT ON ALL SEQUENCES')
    await sql(advice)
    await sql('create sequence later maxvalue 10; select setval($$later$$, 9)')

    const now = await poll(sequences, estate.onPrimary)
    const used = Object.fromEntries(
      now.filter((s) => s.metric === pgSequenceUsedRatio).map((s) => [s.labels.sequencename, s.value]),
    )
    expect(used).toEqual({
      wide: expect.closeTo(1_500_000_000 / 2 ** 31, 6),
      ir_cron_id_seq: expect.closeTo(20_000 / 2 ** 15, 3),
      down: expect.closeTo(0.7, 2),
      later: expect.closeTo(8 / 9, 6),
    })
    expect(theValue(now, pgSequencesMaxUsedRatio, tenant)).toBeCloseTo(8 / 9, 6)
    expect(theValue(now, pgSequencesUnreadable, tenant)).toBe(0)
    await eventually(async () =>
      expect(valuesOf(await poll(sequences, estate.onStandby), pgSequenceUsedRatio)).toHaveLength(4),
    )
  })

  test('sequences: one that is being altered is left out and nobody waits for it', async () => {
    await lockedBy('alter sequence wide cache 2', async () => {
      const now = await poll(sequences, estate.onPrimary)
      expect(theValue(now, pgSequencesSuccess, tenant)).toBe(1)
      const names = now.filter((s) => s.metric === pgSequenceUsedRatio).map((s) => s.labels.sequencename)
      expect(names.sort()).toEqual(['down', 'ir_cron_id_seq', 'later'])
    })
  })

  test('sequences: what may not be read is counted, of no known share', async () => {
    await sql('revoke select on sequence later from pulse')
    const now = await poll(sequences, estate.onPrimary)
    expect(theValue(now, pgSequencesUnreadable, tenant)).toBe(1)
    expect(theValue(now, pgSequenceUsedRatio, { sequencename: 'later' })).toBeUndefined()
    expect(theValue(now, pgSequencesMaxUsedRatio, tenant)).toBeCloseTo(0.7, 1)
  })
})
