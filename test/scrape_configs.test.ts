/** The README's scrape configurations, on a real Prometheus: the names that dashboards of other exporters ask for answer there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { collectors } from '../collectors/index.ts'
import { createCleanups } from '../demo/cleanups.ts'
import { startPostgres, startStandby } from '../demo/postgres.ts'
import { freePort } from '../demo/processes.ts'
import { startPrometheus } from '../demo/prometheus.ts'
import { startRedis } from '../demo/redis.ts'
import { openSession } from '../demo/sessions.ts'
import { loadConfig } from '../src/config.ts'
import { secretsBeside } from '../src/secrets.ts'
import { composeService } from '../src/service.ts'
import { findBinary, lackingParts } from '../tools/debian.ts'
import { eventually } from './support/eventually.ts'
import { needs } from './support/needs.ts'

const README_ADDRESS = '127.0.0.1:18069'
const root = resolve(import.meta.dirname, '..')
const cleanups = createCleanups()
const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-scrape-'))
let address: string

const binary = (name: string): string => {
  const path = findBinary([name])
  if (path === undefined) throw new Error(`${name} is lacking`)
  return path
}

beforeAll(async () => {
  cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
  if (lackingParts().length > 0) return
  const primary = await startPostgres()
  cleanups.defer(primary.stop)
  await primary.query("create role pulse login password 'of-the-monitor' in role pg_monitor")
  // a transaction that stays open: without one there is no oldest
  const odoo = { user: 'odoo', password: 'of-odoo' }
  await primary.query(`create role odoo login password '${odoo.password}'`)
  const session = await openSession({ primary, odoo }, { database: 'postgres', applicationName: 'odoo-4711' })
  cleanups.defer(session.close)
  await session.client.query('begin')
  const standby = await startStandby(primary, { slot: 'standby' })
  cleanups.defer(standby.stop)
  const redis = await startRedis({ binary: binary('redis-server'), dir })
  cleanups.defer(redis.stop)
  writeFileSync(join(dir, 'pg'), 'of-the-monitor')
  writeFileSync(join(dir, 'redis-password'), redis.monitor.password)
  const postgres = (port: number) => ({
    postgres: { host: '127.0.0.1', port, user: 'pulse', password: { file: 'pg' }, sslmode: 'disable' },
  })
  const cache = { host: '127.0.0.1', port: redis.port, user: redis.monitor.user, password: { file: 'redis-password' } }
  const file = join(dir, 'odoo-pulse.yaml')
  const servers = { 'pg-main': postgres(primary.port), 'pg-standby': postgres(standby.port), cache: { redis: cache } }
  address = `127.0.0.1:${await freePort()}`
  writeFileSync(file, stringify({ listen: address, servers, polling: { share: 0.5 } }))
  const secrets = secretsBeside(file, {})
  const loaded = await loadConfig({ file, collectors, secrets })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const start = composeService({ version: '0', collectors, webConfigFile: undefined, enableLifecycle: false })
  const reload = async () => ({ ok: true as const })
  const service = await start(loaded.config, { log: pino({ level: 'silent' }), secrets, reload })
  cleanups.defer(() => service.stop(0))
}, 120_000)

afterAll(async () => {
  expect(await cleanups.run()).toEqual([])
})

const readmeConfigs = [
  ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```yaml\n(scrape_configs:.*?)^```/gms),
].map((m) => m[1] ?? '')

/** A Prometheus with one of the README's configurations, scraping each second; gives what a query finds. */
const prometheusWith = async (name: string, pick: (config: string) => boolean) => {
  const [config, ...others] = readmeConfigs.filter(pick)
  if (config === undefined || others.length > 0) throw new Error('the README has not exactly one such configuration')
  const folder = join(dir, name)
  mkdirSync(folder)
  const { scrape_configs } = parse(config.replaceAll(README_ADDRESS, address))
  const prometheus = await startPrometheus({
    binary: binary('prometheus'),
    dir: folder,
    config: stringify({ global: { scrape_interval: '1s' }, scrape_configs }),
  })
  cleanups.defer(() => prometheus.process.stop())
  return async (query: string): Promise<readonly Readonly<Record<string, string>>[]> => {
    const reply = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`)
    const { data } = (await reply.json()) as { data: { result: { metric: Record<string, string> }[] } }
    return data.result.map(({ metric }) => metric)
  }
}

const instances = (found: readonly Readonly<Record<string, string>>[]) => found.map((m) => m.instance).sort()

test('/metrics: one job for everything', { timeout: 60_000 }, async (context) => {
  needs(context, 'prometheus', 'redis')
  const query = await prometheusWith('metrics', (c) => !c.includes('/probe') && !c.includes('/sd'))
  await eventually(async () => expect(await query('pg_up == 1')).toHaveLength(2))
  await eventually(async () => expect(await query('redis_up{server="cache"} == 1')).toHaveLength(1))
})

test('/probe, instance relabelled: what dashboards for postgres_exporter and redis_exporter ask for', {
  timeout: 60_000,
}, async (context) => {
  needs(context, 'prometheus', 'redis')
  const query = await prometheusWith('probe', (c) => c.includes('metrics_path: /probe'))
  await eventually(async () => expect(instances(await query('pg_up == 1'))).toEqual(['pg-main', 'pg-standby']))
  const asked = [
    'pg_static{instance="pg-main"}',
    'pg_postmaster_start_time_seconds{instance="pg-main"}',
    'pg_replication_lag_seconds{instance="pg-standby"}',
    'pg_replication_is_replica{instance="pg-standby"} == 1',
    'pg_replication_slots_active{instance="pg-main",slot_name="standby"} == 1',
    'pg_replication_slots_pg_wal_lsn_diff{instance="pg-main"}',
    'pg_stat_replication_pg_wal_lsn_diff{instance="pg-main"}',
    'pg_locks_count{instance="pg-main",datname="postgres",mode="accessexclusivelock"}',
    'pg_stat_activity_count{instance="pg-main",state="idle"}',
    'pg_stat_activity_max_tx_duration{instance="pg-main",application_name="odoo"}',
    'pg_database_size_bytes{instance="pg-main",datname="postgres"}',
    'pg_settings_max_connections{instance="pg-main"}',
    'irate(pg_stat_database_xact_commit{instance="pg-main",datname="postgres"}[1m])',
    'pg_stat_database_blks_hit{instance="pg-main",datname="postgres"}',
    'pg_stat_database_tup_fetched{instance="pg-main",datname="postgres"}',
    'pg_stat_database_deadlocks{instance="pg-main",datname="postgres"}',
    'pg_stat_database_temp_bytes{instance="pg-main",datname="postgres"}',
    'pg_stat_bgwriter_buffers_checkpoint_total{instance="pg-main"}',
    'pg_stat_bgwriter_checkpoints_timed_total{instance="pg-main"}',
    'pg_wal_segments{instance="pg-main"}',
    'pg_wal_size_bytes{instance="pg-main"}',
  ]
  await eventually(async () => {
    const absent: string[] = []
    for (const q of asked) if ((await query(q)).length === 0) absent.push(q)
    expect(absent).toEqual([])
  }, 45_000)
})

test('/sd: every target there is, none twice', { timeout: 60_000 }, async (context) => {
  needs(context, 'prometheus', 'redis')
  const query = await prometheusWith('sd', (c) => c.includes('/sd'))
  await eventually(
    async () =>
      expect(instances(await query('up == 1'))).toEqual(['cache/redis', 'pg-main/postgres', 'pg-standby/postgres']),
    45_000,
  )
  const asked = [
    'redis_up',
    'redis_uptime_in_seconds',
    'redis_memory_used_bytes',
    'redis_memory_max_bytes',
    'redis_connected_clients',
    'redis_keyspace_hits_total',
    'redis_keyspace_misses_total',
    'redis_commands_total',
    'redis_commands_duration_seconds_total',
    'redis_net_input_bytes_total',
    'redis_db_keys',
    'redis_expired_keys_total',
    'redis_evicted_keys_total',
    'redis_instance_info',
  ]
  await eventually(async () => {
    const absent: string[] = []
    for (const q of asked) if ((await query(`${q}{instance="cache/redis"}`)).length === 0) absent.push(q)
    expect(absent).toEqual([])
  }, 45_000)
})
