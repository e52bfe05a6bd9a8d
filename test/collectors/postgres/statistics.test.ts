/** What the cumulative statistics say, against what was caused on real servers: a primary and its standby, by version. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiver, pgStatArchiver } from '../../../collectors/postgres/archiver.ts'
import {
  bgwriter,
  pgCheckpointTime,
  pgStatBgwriter16,
  pgStatCheckpointer,
} from '../../../collectors/postgres/bgwriter.ts'
import { conflicts, pgStatDatabaseConflicts } from '../../../collectors/postgres/conflicts.ts'
import { database, pgStatDatabase, pgStatDatabaseTime } from '../../../collectors/postgres/database.ts'
import { postgres } from '../../../collectors/postgres/index.ts'
import { io, pgStatIo } from '../../../collectors/postgres/io.ts'
import { pgStatSlru, slru } from '../../../collectors/postgres/slru.ts'
import { pgStatWal, pgWalPosition, wal } from '../../../collectors/postgres/wal.ts'
import { pgWalSegments, pgWalSize, waldir } from '../../../collectors/postgres/waldir.ts'
import { Unsupported } from '../../../src/collector.ts'
import { eventually } from '../../support/eventually.ts'
import { type Estate, poll, startEstate, TENANT, theValue, versions, withSessions } from './statistics_support.ts'

const primarySettings = {
  archive_mode: 'on',
  // Relative to the data directory: fails until the test makes the file.
  archive_command: 'test -f archive-now',
  deadlock_timeout: '100ms',
}
const standbySettings = {
  archive_mode: 'off',
  max_standby_streaming_delay: '100ms',
}

const names = [
  ...['database', 'conflicts', 'bgwriter', 'wal', 'waldir', 'archiver', 'sizes', 'wraparound', 'xmin', 'prepared'],
  ...['io', 'slru'],
]

describe.each(versions)('PostgreSQL %i', (version) => {
  let estate: Estate
  beforeAll(async () => {
    estate = await startEstate(version, primarySettings, standbySettings)
  })
  afterAll(() => estate?.stop())

  const tenant = { datname: TENANT }
  const sql = (text: string) => estate.primary.query(text, undefined, TENANT)
  test('each probe gives something on the primary and on the standby, or says why not', async () => {
    const outcome = async (standby: boolean) => {
      const client = standby ? estate.onStandby : estate.onPrimary
      const outcomes = []
      for (const probe of postgres.probes.filter(({ name }) => names.includes(name)))
        outcomes.push(
          await poll(probe, client).then(
            (samples) => [probe.name, samples.length > 0],
            (error) => [probe.name, error instanceof Unsupported ? error.message : error],
          ),
        )
      return Object.fromEntries(outcomes)
    }
    const io16 = version < 16 ? 'pg_stat_io came with PostgreSQL 16' : true
    const everywhere = { ...Object.fromEntries(names.map((name) => [name, true])), io: io16 }
    expect(await outcome(false)).toEqual({ ...everywhere, conflicts: false })
    const off = expect.stringContaining('archive_mode is off')
    expect(await outcome(true)).toEqual({ ...everywhere, archiver: off, prepared: false })
  })

  test('database: a deadlock, temporary files and time are counted for the tenant that had them', async () => {
    const before = await poll(database, estate.onPrimary)
    await sql('create table d (id int primary key, n int); insert into d values (1, 0), (2, 0)')
    await withSessions(estate.primary, 2, async (a, b) => {
      await Promise.all([
        a?.query('begin; update d set n = 1 where id = 1'),
        b?.query('begin; update d set n = 1 where id = 2'),
      ])
      const outcomes = await Promise.allSettled([
        a?.query('update d set n = 2 where id = 2'),
        b?.query('update d set n = 2 where id = 1'),
      ])
      expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected'])
      await Promise.all([a?.query('rollback'), b?.query('rollback')])
    })
    await sql(
      "set work_mem = '64kB'; select count(*) from (select g from generate_series(1, 100000) g order by g desc) s",
    )
    await sql('select pg_sleep(0.5)')
    await eventually(async () => {
      const now = await poll(database, estate.onPrimary)
      const rise = (metric: typeof pgStatDatabase.deadlocks, datname: string) =>
        (theValue(now, metric, { datname }) ?? Number.NaN) - (theValue(before, metric, { datname }) ?? Number.NaN)
      expect(rise(pgStatDatabase.deadlocks, TENANT)).toBe(1)
      expect(rise(pgStatDatabase.deadlocks, 'postgres')).toBe(0)
      expect(rise(pgStatDatabase.temp_files, TENANT)).toBeGreaterThanOrEqual(1)
      expect(rise(pgStatDatabase.temp_bytes, TENANT)).toBeGreaterThan(500_000)
      expect(rise(pgStatDatabase.tup_inserted, TENANT)).toBeGreaterThanOrEqual(2)
      expect(rise(pgStatDatabaseTime.active_time, TENANT)).toBeGreaterThanOrEqual(0.5)
      expect(rise(pgStatDatabaseTime.active_time, TENANT)).toBeLessThan(20)
      const [ms, s] = [pgStatDatabase.blk_read_time, pgStatDatabaseTime.blk_read_time].map((m) =>
        theValue(now, m, tenant),
      )
      expect(ms).toBeGreaterThan(0)
      expect(s).toBeCloseTo((ms ?? 0) / 1000, 9)
    })
    const names = (await poll(database, estate.onPrimary)).map((s) => s.labels.datname)
    expect([...new Set(names)].sort()).toEqual([TENANT, 'postgres'])
  })

  test('conflicts: a query the standby cancelled for a lock of the primary is counted by its reason', async () => {
    await sql('create table c (id int)')
    await withSessions(estate.standby, 1, async (reader) => {
      await eventually(() =>
        reader?.query('begin isolation level repeatable read; select * from c').catch(async (error) => {
          await reader.query('rollback')
          throw error
        }),
      )
      await sql('drop table c')
      await eventually(async () => {
        const now = await poll(conflicts, estate.onStandby)
        expect(theValue(now, pgStatDatabaseConflicts.confl_lock, tenant)).toBe(1)
        expect(theValue(now, pgStatDatabaseConflicts.confl_snapshot, tenant)).toBe(0)
      })
    })
  })

  test('bgwriter: a checkpoint, its buffers and what a session wrote itself, under the same names in every version', async () => {
    const before = await poll(bgwriter, estate.onPrimary)
    const [row] = await estate.primary.query(
      "select setting::int as buffers from pg_settings where name = 'shared_buffers'",
    )
    await sql('create table b as select g, repeat(md5(g::text), 20) as t from generate_series(1, 40000) g')
    await estate.primary.query('checkpoint')
    await eventually(async () => {
      const now = await poll(bgwriter, estate.onPrimary)
      const rise = (metric: (typeof pgStatBgwriter16)[keyof typeof pgStatBgwriter16]) =>
        (theValue(now, metric) ?? Number.NaN) - (theValue(before, metric) ?? Number.NaN)
      expect(rise(pgStatBgwriter16.checkpoints_req)).toBeGreaterThanOrEqual(1)
      expect(rise(pgStatBgwriter16.buffers_checkpoint)).toBeGreaterThan(0)
      expect(rise(pgStatBgwriter16.buffers_backend)).toBeGreaterThan(Number(row?.buffers))
      expect(rise(pgStatBgwriter16.buffers_backend)).toBeLessThan(20_000)
      expect(theValue(now, pgStatBgwriter16.buffers_backend_fsync)).toBe(0)
      const ms = theValue(now, pgStatBgwriter16.checkpoint_write_time)
      expect(theValue(now, pgCheckpointTime.checkpoint_write_time)).toBeCloseTo((ms ?? Number.NaN) / 1000, 9)
      const written = theValue(now, pgStatCheckpointer.buffers_written)
      expect(written).toBe(version < 17 ? undefined : theValue(now, pgStatBgwriter16.buffers_checkpoint))
    })
  })

  test('wal: what is made is counted, and the standby is seen to follow', async () => {
    const before = await poll(wal, estate.onPrimary)
    await sql('create table w as select g from generate_series(1, 20000) g')
    await eventually(async () => {
      const now = await poll(wal, estate.onPrimary)
      for (const metric of [pgStatWal.wal_bytes, pgWalPosition])
        expect((theValue(now, metric) ?? 0) - (theValue(before, metric) ?? 0)).toBeGreaterThan(500_000)
      expect(theValue(await poll(wal, estate.onStandby), pgWalPosition)).toBe(theValue(now, pgWalPosition))
    })
  })

  test('waldir: the segment files that are there', async () => {
    await eventually(async () => {
      const files = readdirSync(join(estate.primary.dir, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name))
      const samples = await poll(waldir, estate.onPrimary)
      expect(theValue(samples, pgWalSegments)).toBe(files.length)
      expect(theValue(samples, pgWalSize)).toBe(files.length * 2 ** 24)
    })
  })

  test('archiver: failures, then successes, each with their time', async () => {
    await sql('create table a (id int); select pg_switch_wal()')
    await eventually(async () => {
      const now = await poll(archiver, estate.onPrimary)
      expect(theValue(now, pgStatArchiver.failed_count)).toBeGreaterThan(0)
      expect(Math.abs((theValue(now, pgStatArchiver.last_failed_time) ?? 0) - Date.now() / 1000)).toBeLessThan(60)
      expect(theValue(now, pgStatArchiver.archived_count)).toBe(0)
      expect(theValue(now, pgStatArchiver.last_archive_age)).toBeUndefined()
    })
    writeFileSync(join(estate.primary.dir, 'archive-now'), '')
    await eventually(async () => {
      const now = await poll(archiver, estate.onPrimary)
      expect(theValue(now, pgStatArchiver.archived_count)).toBeGreaterThan(0)
      expect(theValue(now, pgStatArchiver.last_archive_age)).toBeLessThan(60)
      expect(Math.abs((theValue(now, pgStatArchiver.last_archived_time) ?? 0) - Date.now() / 1000)).toBeLessThan(60)
    })
  })

  test.skipIf(version < 16)('io: what sessions added to files, in bytes', async () => {
    const labels = { backend_type: 'client backend', object: 'relation' }
    const extended = async () => theValue(await poll(io, estate.onPrimary), pgStatIo.extend_bytes, labels) ?? Number.NaN
    const before = await extended()
    await sql('create table i as select g, repeat(md5(g::text), 20) as t from generate_series(1, 10000) g')
    const [row] = await sql("select pg_relation_size('i')::float8 as size")
    await eventually(async () => expect((await extended()) - before).toBeGreaterThanOrEqual(Number(row?.size)))
    expect((await extended()) - before).toBeLessThan(2 * Number(row?.size))
  })

  test('slru: the caches under the same names in every version', async () => {
    const samples = await poll(slru, estate.onPrimary)
    expect(
      samples
        .filter((s) => s.metric === pgStatSlru.blks_hit)
        .map((s) => s.labels.slru)
        .sort(),
    ).toEqual([
      'commit_timestamp',
      'multixact_member',
      'multixact_offset',
      'notify',
      'other',
      'serializable',
      'subtransaction',
      'transaction',
    ])
    expect(theValue(samples, pgStatSlru.blks_hit, { slru: 'transaction' })).toBeGreaterThan(0)
  })
})
