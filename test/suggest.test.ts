/** The command on a stand-in with a past: both ways, figures held against SQL, and everything that may go wrong. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { collectors } from '../collectors/index.ts'
import { loadBulk } from '../demo/day/load.ts'
import { freePort } from '../demo/processes.ts'
import { parseDuration } from '../src/config/duration.ts'
import { loadConfig } from '../src/config.ts'
import { hours, minutes } from '../src/metric.ts'
import { secretsBeside } from '../src/secrets.ts'
import { WIDTH } from '../src/suggest/table.ts'
import { type SuggestOptions, type SuggestResult, suggest } from '../src/suggest.ts'
import { type Estate, startEstate } from './collectors/odoo/estate.ts'

let estate: Estate
let dir: string
let env: Readonly<Record<string, string>>
/** Ten days ago, 9:00 UTC: then no job was done for two hours. */
const STALL = Math.floor(Date.now() / hours(24)) * hours(24) - hours(240 - 9)
/** Both readers go by whole seconds. */
const whole = (column: string) => `date_trunc('second', ${column})`
const naive = (at: number) => new Date(at).toISOString().replace('T', ' ').replace('Z', '')

const CALENDAR = {
  timezone: 'Europe/Paris',
  windows: { office: { kind: 'open', rrule: 'FREQ=DAILY', from: '06:00', to: '22:00' } },
}

const configuration = (dead: number) => {
  const { port } = estate.postgres
  const odoo = estate.of(18)
  const sql = {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    dbname: 'odoo18',
    password: { env: 'PG' },
    sslmode: 'disable',
  }
  const rpc = { url: odoo.url, database: 'odoo18', user: odoo.users.pulse.login, api_key: { env: 'KEY' } }
  const of = { tier: 'dedicated', db_cluster: 'main' }
  return {
    calendar: CALENDAR,
    tenants: {
      acme: { ...of, odoo: rpc, odoo_sql: sql, flows: { picking: { enabled: false } } },
      "L'Été": { ...of, odoo: rpc },
      gone: { ...of, odoo_sql: { ...sql, port: dead } },
    },
  }
}

const stall = `UPDATE queue_job SET date_done = '${naive(STALL + hours(2))}'
  WHERE state = 'done' AND date_done >= '${naive(STALL)}' AND date_done < '${naive(STALL + hours(2))}'`

beforeAll(async () => {
  estate = await startEstate([18])
  await loadBulk(estate.postgres, 'odoo18', { orders: 500, pickings: 1000, jobs: 6_000 })
  await estate.postgres.query(stall, undefined, 'odoo18')
  env = { PG: estate.postgres.password, KEY: estate.of(18).users.pulse.apiKey }
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-suggest-'))
  await writeFile(join(dir, 'odoo-pulse.yaml'), stringify(configuration(await freePort())))
}, 120_000)
afterAll(async () => {
  await estate?.stop()
  if (dir) await rm(dir, { recursive: true })
})

const told: string[] = []
const asked = (over: Partial<SuggestOptions> = {}): Promise<SuggestResult> => {
  const file = join(dir, 'odoo-pulse.yaml')
  return suggest({
    file,
    collectors,
    secrets: secretsBeside(file, env),
    json: true,
    tenants: ['acme'],
    flows: ['background-jobs'],
    write: undefined,
    force: false,
    timeout: minutes(2),
    share: 1,
    interrupted: new AbortController().signal,
    progress: (line) => told.push(line),
    ...over,
  })
}

const flowsOf = ({ out }: SuggestResult, tenant = 'acme') =>
  JSON.parse(out).tenants.find((each: { readonly tenant: string }) => each.tenant === tenant).flows
const jobsOf = (result: SuggestResult, tenant?: string) =>
  flowsOf(result, tenant).find((each: { readonly flow: string }) => each.flow === 'background-jobs')

describe('figures', () => {
  test('are those of PostgreSQL', async () => {
    const { out, err, code } = await asked()
    expect({ err, code }).toEqual({ err: '', code: 0 })
    const jobs = jobsOf({ out, err, code })
    expect(jobs).toMatchObject({ status: 'studied', evidence: 'ledger', complete: true })
    expect(Date.parse(jobs.to) - Date.parse(jobs.from)).toBeGreaterThan(hours(24 * 30) - hours(1))
    const [from, to] = [jobs.from, jobs.to].map((at: string) => at.replace('T', ' ').replace('Z', ''))
    const rows = `FROM queue_job WHERE date_created >= '${from}' AND date_created < date_trunc('hour', '${to}'::timestamp) + interval '1 hour'`
    const took = `extract(epoch FROM ${whole('date_done')} - ${whole('date_created')})::float8`
    const [sql] = await estate.postgres.query(
      `SELECT (SELECT count(*)::int ${rows}) AS items, (SELECT count(*)::int ${rows} AND date_created < '${to}') AS starts,
        d.* FROM (SELECT count(*)::int AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY ${took}) AS p50,
          percentile_cont(0.95) WITHIN GROUP (ORDER BY ${took}) AS p95, percentile_cont(0.99) WITHIN GROUP (ORDER BY ${took}) AS p99,
          max(${took}) AS max ${rows} AND state = 'done' AND date_done < '${to}') d`,
      undefined,
      'odoo18',
    )
    expect(jobs.items).toBe(sql?.items)
    expect(jobs.starts_per_day * ((Date.parse(jobs.to) - Date.parse(jobs.from)) / hours(24))).toBeCloseTo(
      Number(sql?.starts),
      -1,
    )
    expect(jobs.delay_seconds.count).toBe(sql?.n)
    expect(jobs.delay_seconds.count).toBeGreaterThan(5_500)
    for (const key of ['p50', 'p95', 'p99', 'max'] as const) {
      expect(Math.abs(jobs.delay_seconds[key] - Number(sql?.[key]))).toBeLessThan(0.0011)
    }
  })

  test('met and missed at each target are those of PostgreSQL', async () => {
    const jobs = jobsOf(await asked())
    expect(jobs.targets).toHaveLength(12)
    for (const { target, good, bad } of jobs.targets) {
      const within = parseDuration(target.within) ?? 0
      // All that is due is known once what started before the period is due.
      const first = Math.ceil((Date.parse(jobs.from) + within) / hours(1)) * hours(1)
      const due = `${whole('date_created')} + interval '${within} milliseconds'`
      const judged = `CASE state WHEN 'failed' THEN least(${due}, ${whole('date_started')}) ELSE ${due} END`
      const [sql] = await estate.postgres.query(
        `SELECT count(*) FILTER (WHERE state = 'done' AND ${whole('date_done')} <= ${due})::int AS good,
          count(*) FILTER (WHERE state <> 'done' OR ${whole('date_done')} > ${due})::int AS bad
        FROM queue_job WHERE state <> 'cancelled' AND date_created >= '${jobs.from.replace('T', ' ').replace('Z', '')}'
          AND ${judged} >= '${naive(first)}' AND ${judged} < '${jobs.to.replace('T', ' ').replace('Z', '')}'`,
        undefined,
        'odoo18',
      )
      expect([target.within, good, bad]).toEqual([target.within, sql?.good, sql?.bad])
      expect(bad).toBeGreaterThan(0)
    }
  })

  test('the stall of two hours is there, and would have paged', async () => {
    const jobs = jobsOf(await asked())
    expect(jobs.stalls).toHaveLength(1)
    const [found] = jobs.stalls
    expect(Math.abs(Date.parse(found.from) - STALL)).toBeLessThan(minutes(10))
    expect(Math.abs(Date.parse(found.to) - STALL - hours(2))).toBeLessThanOrEqual(minutes(1))
    expect(found.waiting).toBeGreaterThan(15)
    const begun = jobs.current.pages.episodes.map(({ from }: { readonly from: string }) => Date.parse(from) - STALL)
    expect(begun.some((after: number) => after > minutes(10) && after < minutes(60))).toBe(true)
  })

  test('are the same by RPC', async () => {
    const flows = ['background-jobs', 'shipment-validation', 'order-confirmation', 'stock-reservation']
    const ask = () => asked({ tenants: ['acme', "L'Été"], flows })
    const periodOf = (result: SuggestResult, tenant?: string) => {
      const { from, to } = jobsOf(result, tenant)
      return { from, to }
    }
    const isOnePeriod = (result: SuggestResult) => isDeepStrictEqual(periodOf(result), periodOf(result, "L'Été"))
    let result = await ask()
    // Between the two ways a minute may have begun.
    for (let again = 0; again < 3 && !isOnePeriod(result); again++) result = await ask()
    expect(periodOf(result, "L'Été")).toEqual(periodOf(result))
    expect(JSON.parse(result.out).tenants.map(({ via }: { readonly via: string }) => via)).toEqual(['sql', 'rpc'])
    const [sql, rpc] = [jobsOf(result), jobsOf(result, "L'Été")]
    for (const key of ['items', 'delay_seconds', 'stalls', 'targets'] as const) expect(rpc[key]).toEqual(sql[key])
    for (const key of ['target', 'objective', 'mode'] as const) expect(rpc.proposed[key]).toEqual(sql.proposed[key])
    const status = (flows: readonly { readonly flow: string; readonly status: string }[]) =>
      Object.fromEntries(flows.filter(({ flow }) => flow !== 'picking').map(({ flow, status }) => [flow, status]))
    expect(status(flowsOf(result, "L'Été"))).toEqual(status(flowsOf(result)))
    expect(status(flowsOf(result))).toMatchObject({
      'background-jobs': 'studied',
      'shipment-validation': 'studied',
      'order-confirmation': 'off',
      'stock-reservation': 'unsupported',
    })
  }, 60_000)
})

describe('what people get', () => {
  test('a table that fits, a reason for all that is not judged, and progress', async () => {
    const { out, code } = await asked({ json: false, flows: [] })
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines.filter((line) => line.length > WIDTH)).toEqual([])
    expect(out).toMatch(
      /^acme, by sql\n\nAs it was, with the settings as they are:\nFLOW +DUE\/DAY +STARTS\/DAY +P50 +P95 +P99 +MAX +MET +STALLS +PAGES +TICKETS\n/,
    )
    expect(out).toMatch(/\nProposed:\nFLOW +TARGET +OBJECTIVE +MODE +MET +PAGES +TICKETS\n/)
    expect(out).toMatch(/\n {2}picking off +switched off in the configuration\n/)
    expect(out).toMatch(/\n {2}stock-reservation unsupported +a \S+ has no deadlines\n/)
  }, 60_000)

  test('YAML that, pasted, is a configuration', async () => {
    const write = join(dir, 'proposed.yaml')
    const { err, code } = await asked({ write, tenants: ['acme', "L'Été"] })
    expect({ err, code }).toEqual({ err: `${write} is written: paste from it beneath the tenants it names\n`, code: 0 })
    const text = await readFile(write, 'utf8')
    const fragment = parse(text)
    expect(Object.keys(fragment)).toEqual(['tenants'])
    const pasted = configuration(1)
    for (const name of ['acme', "L'Été"] as const) Object.assign(pasted.tenants[name], fragment.tenants[name])
    await writeFile(join(dir, 'pasted.yaml'), stringify(pasted))
    const loaded = await loadConfig({ file: join(dir, 'pasted.yaml'), collectors })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const jobs = jobsOf(await asked())
    const flow = loaded.config.tenants[0]?.flows.find((each) => each.flow.name === 'background-jobs')
    expect(flow).toMatchObject({ mode: jobs.proposed.mode, objective: jobs.proposed.objective })
    const target = flow?.targets.at(-1)?.target
    expect(target).toEqual({ within: parseDuration(jobs.proposed.target.within) })
    // What had started keeps its target.
    expect(flow?.targets[0].target).toEqual({ within: minutes(10) })
    const because = text
      .split('\n')
      .filter((line) => line.includes('#'))
      .join('\n')
    for (const why of Object.values(jobs.proposed.why)) expect(because).toContain(why)
  })

  test('a file that is there stays as it is', async () => {
    const write = join(dir, 'mine.yaml')
    await writeFile(write, 'mine')
    const { err, code } = await asked({ write })
    expect(code).toBe(2)
    expect(err).toContain('it is there already; --force replaces it')
    expect(await readFile(write, 'utf8')).toBe('mine')
    expect((await asked({ write, force: true })).code).toBe(0)
    expect(await readFile(write, 'utf8')).toContain('background-jobs:')
  })

  test.for(['odoo-pulse.yaml', 'tenants.d/acme.yaml'])('the configuration is never written: %s', async (name) => {
    const before = await readFile(join(dir, 'odoo-pulse.yaml'), 'utf8')
    const { err, code } = await asked({ write: join(dir, name), force: true })
    expect(code).toBe(2)
    expect(err).toContain('name another file')
    expect(await readFile(join(dir, 'odoo-pulse.yaml'), 'utf8')).toBe(before)
  })
})

describe('what may go wrong', () => {
  test('names that are not there', async () => {
    const { out, err, code } = await asked({ tenants: ['acne'], flows: ['packing'] })
    expect({ out, code }).toEqual({ out: '', code: 2 })
    expect(err).toContain("no tenant with flows acne in the configuration; there are: acme, L'Été, gone")
    expect(err).toContain('no flow packing')
  })

  test('a database that is not there: told for each flow, and the others go on', async () => {
    const result = await asked({ tenants: ['gone', 'acme'] })
    expect(result.code).toBe(1)
    const [gone] = flowsOf(result, 'gone')
    expect(gone).toMatchObject({ status: 'failed', reason: expect.stringContaining('connection refused') })
    expect(jobsOf(result).status).toBe('studied')
  })

  test('a wrong password is told, and not shown', async () => {
    const file = join(dir, 'odoo-pulse.yaml')
    const { out, code } = await asked({ secrets: secretsBeside(file, { ...env, PG: 'a-mistaken-password' }) })
    expect(code).toBe(1)
    expect(out).toContain('auth:')
    expect(out).not.toContain('a-mistaken-password')
  })

  test('time that is up: what was read by then counts, and is said to be a part', async () => {
    // So slow that the rest after the first answers takes longer than there is time.
    const { out, code, err } = await asked({ share: 0.002, timeout: 4_000 })
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const jobs = jobsOf({ out, err, code })
    if (jobs.status === 'studied') expect(jobs.complete).toBe(false)
    else expect(jobs.reason).toContain('time was up')
  })

  test('Ctrl-C ends it at once', async () => {
    const interrupt = new AbortController()
    const begun = performance.now()
    const result = asked({
      share: 0.001,
      interrupted: interrupt.signal,
      progress: () => interrupt.abort(new Error('interrupted')),
    })
    expect((await result).code).toBe(1)
    expect(performance.now() - begun).toBeLessThan(10_000)
  })
})
