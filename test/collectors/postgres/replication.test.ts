/** Replication told truthfully, on real primaries and standbys. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close } from '../../../collectors/postgres/client.ts'
import {
  pgReplicationIsReplica,
  pgReplicationLag,
  pgReplicationLagBytes,
  pgReplicationLastReplay,
  pgReplicationPosition,
  pgReplicationReceiverConnected,
  pgReplicationReplayPaused,
  pgReplicationSource,
  replication,
} from '../../../collectors/postgres/replication.ts'
import {
  pgReplicationSlotsActive,
  pgReplicationSlotsSafeWalSize,
  pgReplicationSlotsWalDiff,
  pgReplicationSlotsWalStatus,
  slots,
} from '../../../collectors/postgres/slots.ts'
import { pgStatWalReceiver, walReceiver } from '../../../collectors/postgres/wal_receiver.ts'
import {
  pgStatReplicationLag,
  pgStatReplicationLagBytes,
  pgStatReplicationStreaming,
  pgStatReplicationWalDiff,
  walSenders,
} from '../../../collectors/postgres/wal_senders.ts'
import { type PostgresServer, startPostgres, startStandby } from '../../../demo/postgres.ts'
import { eventually } from '../../support/eventually.ts'
import { clientOf, type Estate, poll, startEstate, TENANT, theValue, versions } from './statistics_support.ts'

const write = (primary: PostgresServer) =>
  primary.query('insert into orders select generate_series(1, 20000)', undefined, TENANT)

/** A standby that has caught up says so; how long that takes is its own affair. */
const caughtUp = (estate: Estate) =>
  eventually(async () => {
    const [row] = await estate.standby.query(
      `select latest_end_lsn = pg_last_wal_replay_lsn() and $1::pg_lsn <= pg_last_wal_replay_lsn() as done
       from pg_stat_wal_receiver`,
      [(await estate.primary.query('select pg_current_wal_lsn()::text as lsn'))[0]?.lsn],
    )
    expect(row?.done).toBe(true)
  })

const alter = async (server: PostgresServer, setting: string, value: string): Promise<void> => {
  await server.query(`alter system set ${setting} = '${value.replaceAll("'", "''")}'`)
  await server.query('select pg_reload_conf()')
}

/** Sends the standby to a port where nobody answers while `body` runs. */
const whileCutOff = async (standby: PostgresServer, body: () => Promise<void>): Promise<void> => {
  const [row] = await standby.query("select current_setting('primary_conninfo') as conninfo")
  const conninfo = String(row?.conninfo)
  await alter(standby, 'primary_conninfo', conninfo.replace(/port=\d+/, 'port=1'))
  try {
    await eventually(async () => expect(await standby.query('select from pg_stat_wal_receiver')).toEqual([]))
    await body()
  } finally {
    await alter(standby, 'primary_conninfo', conninfo)
  }
}

describe.for(versions)('PostgreSQL %i', (version) => {
  let estate: Estate

  beforeAll(async () => {
    estate = await startEstate(version, { max_slot_wal_keep_size: '1GB' }, { hot_standby_feedback: 'on' })
    await estate.primary.query('create table orders (id int)', undefined, TENANT)
    await caughtUp(estate)
  })
  afterAll(() => estate?.stop())

  test('an idle primary and a standby that has replayed all: 0, however long ago the last transaction was', async () => {
    await write(estate.primary)
    await caughtUp(estate)
    const samples = await poll(replication, estate.onStandby)
    expect(theValue(samples, pgReplicationLag)).toBe(0)
    expect(theValue(samples, pgReplicationLagBytes)).toBe(0)
    expect(theValue(samples, pgReplicationLastReplay)).toBeGreaterThan(0)
    expect(theValue(samples, pgReplicationReceiverConnected)).toBe(1)
    expect(theValue(samples, pgReplicationSource, { source: 'stream' })).toBe(1)
    expect(theValue(samples, pgReplicationReplayPaused)).toBe(0)
    expect(theValue(samples, pgReplicationIsReplica)).toBe(1)
  })

  test('a primary has no lag, and positions by which the distance can be told', async () => {
    const samples = await poll(replication, estate.onPrimary)
    expect(theValue(samples, pgReplicationIsReplica)).toBe(0)
    expect(theValue(samples, pgReplicationLag)).toBeUndefined()
    expect(theValue(samples, pgReplicationReceiverConnected)).toBeUndefined()
    const replayed = theValue(await poll(replication, estate.onStandby), pgReplicationPosition, {
      position: 'replayed',
    })
    expect(theValue(samples, pgReplicationPosition, { position: 'written' })).toBe(replayed)
  })

  test('replay paused while the primary writes: the lag grows, on both sides', async () => {
    await estate.standby.query('select pg_wal_replay_pause()')
    try {
      await write(estate.primary)
      const first = await eventually(async () => {
        const samples = await poll(replication, estate.onStandby)
        expect(theValue(samples, pgReplicationLagBytes)).toBeGreaterThan(1_000_000)
        expect(theValue(samples, pgReplicationReplayPaused)).toBe(1)
        expect(theValue(samples, pgReplicationReceiverConnected)).toBe(1)
        const lag = theValue(samples, pgReplicationLag)
        expect(lag).toBeGreaterThan(0)
        return lag ?? 0
      })
      await eventually(async () =>
        expect(theValue(await poll(replication, estate.onStandby), pgReplicationLag)).toBeGreaterThan(first + 0.5),
      )
      await eventually(async () => {
        const samples = await poll(walSenders, estate.onPrimary)
        const standby = { application_name: 'standby', client_addr: '127.0.0.1' }
        expect(theValue(samples, pgStatReplicationLagBytes, { ...standby, phase: 'replay' })).toBeGreaterThan(1_000_000)
        expect(theValue(samples, pgStatReplicationLagBytes, { ...standby, phase: 'flush' })).toBe(0)
        expect(theValue(samples, pgStatReplicationLag, { ...standby, phase: 'flush' })).toBe(0)
        expect(theValue(samples, pgStatReplicationLag, { ...standby, phase: 'replay' })).not.toBe(0)
        expect(theValue(samples, pgStatReplicationWalDiff, { state: 'streaming' })).toBeGreaterThan(1_000_000)
        expect(theValue(samples, pgStatReplicationStreaming, standby)).toBe(1)
      })
    } finally {
      await estate.standby.query('select pg_wal_replay_resume()')
    }
    await eventually(async () => {
      expect(theValue(await poll(replication, estate.onStandby), pgReplicationLag)).toBe(0)
      const samples = await poll(walSenders, estate.onPrimary)
      expect(theValue(samples, pgStatReplicationLag, { phase: 'replay' })).toBeDefined()
    })
  })

  test('receiver broken while the primary writes: cut off is said, the lag is never 0 and grows', async () => {
    await whileCutOff(estate.standby, async () => {
      await write(estate.primary)
      // As much as it has received is replayed: what others take for "no lag".
      const [row] = await estate.standby.query('select pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() as same')
      expect(row?.same).toBe(true)
      const lags: number[] = []
      await eventually(async () => {
        const samples = await poll(replication, estate.onStandby)
        expect(theValue(samples, pgReplicationReceiverConnected)).toBe(0)
        expect(theValue(samples, pgReplicationLagBytes)).toBeUndefined()
        lags.push(theValue(samples, pgReplicationLag) ?? Number.NaN)
        expect(lags.length).toBeGreaterThan(20)
      })
      expect(Math.min(...lags)).toBeGreaterThan(0)
      expect(lags).toEqual(lags.toSorted((a, b) => a - b))
      expect(await poll(walReceiver, estate.onStandby)).toEqual([])
      expect(await poll(walSenders, estate.onPrimary)).toEqual([])
    })
    await write(estate.primary)
    await eventually(async () => {
      const samples = await poll(replication, estate.onStandby)
      expect(theValue(samples, pgReplicationReceiverConnected)).toBe(1)
      expect(theValue(samples, pgReplicationLag)).toBe(0)
    })
  })

  test('a standby without a slot has its receiver shown', async () => {
    const samples = await poll(walReceiver, estate.onStandby)
    const labels = { upstream_host: '127.0.0.1', slot_name: '', status: 'streaming' }
    expect(theValue(samples, pgStatWalReceiver.latest_end_lsn, labels)).toBeGreaterThan(0)
    expect(theValue(samples, pgStatWalReceiver.last_msg_receipt_time, labels)).toBeGreaterThan(Date.now() / 1000 - 60)
  })

  test('a standby that was started while its primary was out of reach: cut off, and not 0', async () => {
    const fresh = await startStandby(estate.primary)
    try {
      const nobody = "primary_conninfo = 'host=127.0.0.1 port=1'\n"
      writeFileSync(join(fresh.dir, 'postgresql.auto.conf'), nobody, { flag: 'a' })
      await fresh.start()
      const client = await clientOf(fresh)
      const samples = await poll(replication, client)
      expect(theValue(samples, pgReplicationIsReplica)).toBe(1)
      expect(theValue(samples, pgReplicationReceiverConnected)).toBe(0)
      expect(theValue(samples, pgReplicationLag)).not.toBe(0)
      expect(theValue(samples, pgReplicationSource, { source: 'stream' })).toBe(1)
      await close(client)
    } finally {
      await fresh.stop()
    }
  })

  test('a slot: in use, then left behind while it holds WAL back', async () => {
    const fresh = await startStandby(estate.primary, { slot: 'fresh', applicationName: 'fresh' })
    try {
      const client = await clientOf(fresh)
      await write(estate.primary)
      await eventually(async () => {
        expect(theValue(await poll(replication, client), pgReplicationLag)).toBe(0)
        const samples = await poll(slots, estate.onPrimary)
        expect(theValue(samples, pgReplicationSlotsActive, { slot_name: 'fresh', database: '' })).toBe(1)
      })
      await close(client)
      await fresh.shutdown()
      await write(estate.primary)
      await eventually(async () => {
        const samples = await poll(slots, estate.onPrimary)
        expect(theValue(samples, pgReplicationSlotsActive, { slot_name: 'fresh' })).toBe(0)
        expect(theValue(samples, pgReplicationSlotsWalDiff, { slot_name: 'fresh' })).toBeGreaterThan(1_000_000)
        expect(theValue(samples, pgReplicationSlotsSafeWalSize, { slot_name: 'fresh' })).toBeGreaterThan(0)
        expect(theValue(samples, pgReplicationSlotsWalStatus, { wal_status: 'reserved', slot_type: 'physical' })).toBe(
          1,
        )
      })
    } finally {
      await fresh.stop()
      await estate.primary.query("select pg_drop_replication_slot('fresh')")
    }
  })

  test('a cascade: the standby in the middle is both, and the last one tells its lag against it', async () => {
    const last = await startStandby(estate.standby, { applicationName: 'last' })
    try {
      const client = await clientOf(last)
      await write(estate.primary)
      await eventually(async () => {
        const samples = await poll(walSenders, estate.onStandby)
        expect(theValue(samples, pgStatReplicationLagBytes, { application_name: 'last', phase: 'replay' })).toBe(0)
        expect(theValue(await poll(replication, client), pgReplicationLag)).toBe(0)
      })
      await close(client)
    } finally {
      await last.stop()
    }
  })

  test('a standby fed from an archive alone: no word of being cut off, its lag by what it has replayed', async () => {
    const archived = await startStandby(estate.primary, {})
    try {
      writeFileSync(join(archived.dir, 'postgresql.auto.conf'), "primary_conninfo = ''\nrestore_command = 'false'\n", {
        flag: 'a',
      })
      await archived.start()
      const client = await clientOf(archived)
      const samples = await poll(replication, client)
      expect(theValue(samples, pgReplicationSource, { source: 'archive' })).toBe(1)
      expect(theValue(samples, pgReplicationReceiverConnected)).toBeUndefined()
      expect(theValue(samples, pgReplicationLagBytes)).toBeUndefined()
      expect(theValue(samples, pgReplicationLag)).not.toBe(0)
      expect(theValue(samples, pgReplicationLag)).toBe(theValue(samples, pgReplicationLastReplay))
      await close(client)
    } finally {
      await archived.stop()
    }
  })
})

test('a primary without standbys', async () => {
  const version = versions[0] ?? 18
  const primary = await startPostgres({ version })
  try {
    await primary.query("create role pulse login password 'of-the-monitor' in role pg_monitor")
    const client = await clientOf(primary)
    const samples = [await poll(walSenders, client), await poll(walReceiver, client), await poll(slots, client)]
    expect(samples.flat()).toEqual([])
    await close(client)
  } finally {
    await primary.stop()
  }
})
