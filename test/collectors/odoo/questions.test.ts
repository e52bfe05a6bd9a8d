/** What crons, jobs, keys, companies and modules of Odoo 17, 18 and 19 become over each protocol, and what a version, module or right keeps back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OdooClient } from '../../../collectors/odoo/client.ts'
import { odoo } from '../../../collectors/odoo/index.ts'
import { Unsupported } from '../../../src/collector.ts'
import { vet } from '../../../src/exposition.ts'
import { clientOf, type Estate, startEstate, type Version } from './estate.ts'

const signal = AbortSignal.timeout(120_000)
let estate: Estate

const ways: readonly (readonly [Version, OdooClient['protocol']])[] = [
  [17, 'xmlrpc'],
  [18, 'xmlrpc'],
  [19, 'xmlrpc'],
  [19, 'json2'],
]

const run = (version: Version, sql: string): Promise<unknown> =>
  estate.postgres.query(sql, undefined, estate.of(version).database)

const CRONS = `
  delete from ir_cron;
  insert into ir_cron (id, ir_actions_server_id, user_id, cron_name, interval_number, interval_type, active, nextcall, lastcall) values
    (1, 1, 1, 'Import', 5, 'minutes', true, '2026-01-02 03:04:05', '2026-01-02 02:59:05'),
    (2, 1, 1, 'Import', 5, 'minutes', true, '2099-01-01 00:00:00', null),
    (3, 1, 1, 'Fetchmail', 5, 'minutes', false, '2026-01-01 00:00:00', '2026-01-01 00:00:00');
  insert into ir_cron_trigger (cron_id, call_at) values
    (2, '2026-01-01 00:00:00'), (2, '2026-01-01 00:00:01'), (2, '2099-01-01 00:00:00'), (3, '2026-01-01 00:00:00')`

const CALLS_LEFT = `
  update ir_cron set numbercall = -1;
  insert into ir_cron (id, ir_actions_server_id, user_id, cron_name, interval_number, interval_type, active, nextcall, numbercall)
    values (4, 1, 1, 'Once', 5, 'minutes', true, '2026-01-01 00:00:00', 0)`

const RUNS = `
  update ir_cron set failure_count = 0;
  update ir_cron set failure_count = 3, first_failure_date = '2026-01-01 02:00:00' where id = 2;
  insert into ir_cron_progress (id, cron_id, done, remaining, timed_out_counter, create_date, write_date) values
    (10, 1, 0, 0, 1, '2026-01-02 01:00:00', '2026-01-02 01:00:00'),
    (11, 1, 5, 0, 0, '2026-01-02 02:00:00', '2026-01-02 02:01:30'),
    (12, 2, 0, 0, 0, '2026-01-02 01:00:00', '2026-01-02 01:00:50'),
    (13, 2, 0, 0, 0, '2026-01-02 02:00:00', '2026-01-02 02:00:04.9'),
    (14, 1, 0, 0, 1, '2026-01-02 03:04:05', '2026-01-02 03:04:05')`

const JOBS = `
  insert into queue_job (uuid, channel, state, retry, max_retries, date_created, eta, date_enqueued, date_started) values
    ('a', 'root.sale', 'pending', 0, 5, '2026-01-02 10:00:00', null, null, null),
    ('b', 'root.sale', 'pending', 4, 5, '2026-01-01 10:00:00', '2026-01-02 09:00:00', '2026-01-01 10:00:01', '2026-01-01 10:00:02'),
    ('c', 'root.sale', 'pending', 1, 5, '2026-01-01 09:00:00', '2099-01-01 00:00:00', null, null),
    ('d', 'root.edi', 'pending', 0, 5, '2026-01-01 09:00:00', '2099-01-01 00:00:00', null, null),
    ('e', 'root.delivery', 'started', 0, 5, '2026-01-01 08:00:00', null, '2026-01-01 08:00:01', '2026-01-01 08:00:02'),
    ('f', 'root.delivery', 'started', 0, 5, now() at time zone 'UTC', null, now() at time zone 'UTC', now() at time zone 'UTC'),
    ('g', 'root.delivery', 'enqueued', 0, 5, '2026-01-01 07:00:00', null, '2026-01-01 07:30:00', null),
    ('h', 'root.delivery', 'failed', 5, 5, '2026-01-01 06:00:00', null, '2026-01-01 06:00:01', '2026-01-01 06:00:02'),
    ('i', 'root.sale', 'done', 9, 5, '2026-01-01 05:00:00', null, '2026-01-01 05:00:01', '2026-01-01 05:00:02')`

beforeAll(async () => {
  estate = await startEstate([17, 18, 19])
  for (const version of estate.odoos.keys()) {
    await run(version, CRONS)
    await run(version, version < 18 ? CALLS_LEFT : RUNS)
    await run(version, JOBS)
  }
}, 60_000)

afterAll(() => estate?.stop())

const probeOf = (name: string) => {
  const probe = odoo.probes.find((p) => p.name === name)
  if (probe === undefined) throw new Error(`no probe ${name}`)
  return probe
}

/** As the page would show them, without the tenant: `name label label` → value. */
const figures = async (name: string, client: OdooClient): Promise<Readonly<Record<string, unknown>>> => {
  const probe = probeOf(name)
  const { samples, dropped } = vet(probe.map(await probe.read(client, signal), Date.now()), {}, probe.metrics)
  expect(dropped).toEqual([])
  return Object.fromEntries(
    samples.map(({ metric, labels: { tenant: _, ...labels }, value }) => [
      [metric.name, ...Object.values(labels)].join(' '),
      value,
    ]),
  )
}

const refusal = async (name: string, client: OdooClient): Promise<Unsupported> => {
  const error: unknown = await probeOf(name)
    .read(client, signal)
    .then(
      () => undefined,
      (e: unknown) => e,
    )
  if (!(error instanceof Unsupported)) throw new Error(`${name}: ${error}, and not Unsupported`)
  return error
}

const epoch = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`) / 1000

describe.for(ways)('Odoo %i over %s', ([version, protocol]) => {
  let client: OdooClient
  beforeAll(async () => {
    client = await clientOf(estate.of(version), { protocol })
  })

  test('crons: the inactive too, namesakes told apart, none that has no call left', async () => {
    expect(await figures('crons', client)).toEqual({
      'odoo_cron_active Import': 1,
      'odoo_cron_active Import (2)': 1,
      'odoo_cron_active Fetchmail': 0,
      ...(version < 18 ? { 'odoo_cron_active Once': 0 } : {}),
      'odoo_cron_next_call_timestamp_seconds Import': epoch('2026-01-02 03:04:05'),
      'odoo_cron_next_call_timestamp_seconds Import (2)': epoch('2099-01-01 00:00:00'),
      'odoo_cron_last_call_timestamp_seconds Import': epoch('2026-01-02 02:59:05'),
    })
  })

  test('runs of crons: under way, killed, failing; unsupported before 18', async () => {
    if (version < 18) {
      expect((await refusal('cron_runs', client)).message).toContain('Odoo 17 keeps no record')
      return
    }
    expect(await figures('cron_runs', client)).toEqual({
      'odoo_cron_failures Import': 0,
      'odoo_cron_failures Import (2)': 3,
      'odoo_cron_first_failure_timestamp_seconds Import (2)': epoch('2026-01-01 02:00:00'),
      'odoo_cron_running Import': 1,
      'odoo_cron_running Import (2)': 0,
      'odoo_cron_killed_runs Import': 1,
      'odoo_cron_killed_runs Import (2)': 0,
      'odoo_cron_last_duration_seconds Import': 90,
      'odoo_cron_last_duration_seconds Import (2)': 4,
    })
  })

  test('triggers: those whose time has come, of active crons', async () => {
    expect(await figures('cron_triggers', client)).toEqual({ 'odoo_cron_triggers_waiting Import (2)': 2 })
  })

  test('queue: every state of every channel, the oldest that could have begun, stuck ones', async () => {
    const states = ['wait_dependencies', 'pending', 'enqueued', 'started', 'failed']
    const channels = ['root', 'root.sale', 'root.inventory', 'root.delivery', 'root.edi', 'root.stock']
    const none = channels.flatMap((channel) => states.map((state) => [`odoo_queue_jobs ${channel} ${state}`, 0]))
    expect(await figures('queue', client)).toEqual({
      ...Object.fromEntries(none),
      'odoo_queue_jobs root.sale pending': 3,
      'odoo_queue_jobs root.edi pending': 1,
      'odoo_queue_jobs root.delivery started': 2,
      'odoo_queue_jobs root.delivery enqueued': 1,
      'odoo_queue_jobs root.delivery failed': 1,
      // the one retried has waited since its eta, those put off to 2099 do not wait
      'odoo_queue_oldest_job_timestamp_seconds root.sale pending': epoch('2026-01-02 09:00:00'),
      'odoo_queue_oldest_job_timestamp_seconds root.delivery started': epoch('2026-01-01 08:00:02'),
      'odoo_queue_oldest_job_timestamp_seconds root.delivery enqueued': epoch('2026-01-01 07:30:00'),
      'odoo_queue_oldest_job_timestamp_seconds root.delivery failed': epoch('2026-01-01 06:00:02'),
      ...Object.fromEntries(channels.map((channel) => [`odoo_queue_stuck_jobs ${channel}`, 0])),
      'odoo_queue_stuck_jobs root.delivery': 2,
      'odoo_queue_max_retries root.sale': 4,
      'odoo_queue_max_retries root.edi': 0,
      'odoo_queue_max_retries root.delivery': 0,
    })
  })

  test('the key that expires first; unsupported before 18', async () => {
    if (version < 18) {
      expect((await refusal('api_keys', client)).message).toContain('do not expire')
      return
    }
    const end = new Date(Date.now() + 5 * 86_400_000)
    await estate.of(version).faults.keysExpire(end)
    expect(await figures('api_keys', client)).toEqual({
      odoo_api_key_expiry_timestamp_seconds: Math.floor(end.getTime() / 1000),
    })
  })

  test('companies: all, then one of three', async () => {
    expect(await figures('companies', client)).toEqual({ odoo_user_companies_ratio: 1 })
    await estate.of(version).faults.companies([1])
    expect(await figures('companies', client)).toEqual({ odoo_user_companies_ratio: 1 / 3 })
    await estate.of(version).faults.companies([1, 2, 3])
  })

  test('modules: those of interest that are installed, and those half upgraded', async () => {
    const before = await figures('modules', client)
    expect(before).toMatchObject({ odoo_modules_pending: 0, [`odoo_module_info queue_job ${version}.0.1.0`]: 1 })
    expect(Object.keys(before).join()).not.toMatch(/website_sale|mrp|web /)
    await run(version, "update ir_module_module set state = 'to upgrade' where name in ('sale', 'web')")
    expect(await figures('modules', client)).toEqual({ ...before, odoo_modules_pending: 2 })
    await run(version, "update ir_module_module set state = 'installed' where state = 'to upgrade'")
  })

  test('rights lost: every question that needs them is refused, saying what to grant', async () => {
    estate.of(version).faults.rightsLost(true)
    try {
      const names = ['crons', 'cron_triggers', 'queue', ...(version >= 18 ? ['cron_runs'] : [])]
      for (const name of names) expect((await refusal(name, client)).message, name).toContain('no read access to')
    } finally {
      estate.of(version).faults.rightsLost(false)
    }
  })
})

test('on 19 both protocols give the same samples', async () => {
  const xmlrpc = await clientOf(estate.of(19), { protocol: 'xmlrpc' })
  const json2 = await clientOf(estate.of(19), { protocol: 'json2' })
  for (const name of ['crons', 'cron_runs', 'cron_triggers', 'queue', 'api_keys', 'companies', 'modules']) {
    const found = await figures(name, json2)
    expect(Object.keys(found).length, name).toBeGreaterThan(0)
    expect(await figures(name, xmlrpc), name).toEqual(found)
  }
})

test('without queue_job there is no queue to ask for', async () => {
  const client = await clientOf(estate.of(17))
  // the stand-in always has queue_job: a model that it has not stands for it
  const missing: OdooClient = { ...client, readGroup: (_model, ...rest) => client.readGroup('no.job', ...rest) }
  expect((await refusal('queue', missing)).message).toContain("isn't installed")
})

test('more crons, or channels, than are shown: none is, and it says so', async () => {
  await run(
    18,
    `insert into ir_cron (ir_actions_server_id, user_id, cron_name, interval_number, interval_type, active, nextcall)
     select 1, 1, 'many ' || n, 1, 'days', true, now() from generate_series(1, 201) n;
     insert into queue_job_channel (name, complete_name, removal_interval)
     select 'many' || n, 'root.many' || n, 30 from generate_series(1, 61) n`,
  )
  const client = await clientOf(estate.of(18))
  for (const name of ['crons', 'cron_runs', 'queue']) {
    await expect(probeOf(name).read(client, signal), name).rejects.toMatchObject({ reason: 'series_limit' })
  }
})
