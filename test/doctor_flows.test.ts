/** What the doctor says of flows, on a stand-in: both ways, and what keeps a flow from being judged. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { collectors } from '../collectors/index.ts'
import { freePort } from '../demo/processes.ts'
import { type DoctorResult, doctor } from '../src/doctor.ts'
import type { Finding } from '../src/doctor_report.ts'
import { secretsBeside } from '../src/secrets.ts'
import { type Estate, startEstate } from './collectors/odoo/estate.ts'

let estate: Estate
let dir: string
let env: Readonly<Record<string, string>>

const configuration = (dead: number) => {
  const odoo = estate.of(18)
  const rpc = { url: odoo.url, database: 'odoo18', user: odoo.users.pulse.login, api_key: { env: 'KEY' } }
  const sql = { host: '127.0.0.1', port: estate.postgres.port, dbname: 'odoo18', password: { env: 'PG' } }
  const flows = (user: string, port = sql.port) => ({ ...sql, port, user, sslmode: 'disable' })
  const of = { tier: 'dedicated', db_cluster: 'main' }
  return {
    calendar: {
      timezone: 'UTC',
      windows: { office: { kind: 'open', rrule: 'FREQ=DAILY', from: '06:00', to: '22:00' } },
    },
    tenants: {
      both: { ...of, odoo: rpc, odoo_sql: flows('postgres'), flows: { picking: { enabled: false } } },
      rpc: { ...of, odoo: rpc, odoo_sql: flows('postgres'), flow_reader: 'rpc' },
      blind: { ...of, odoo_sql: flows('blind') },
      gone: { ...of, odoo_sql: flows('postgres', dead) },
      asleep: { ...of, odoo: rpc, collectors: { odoo: { enabled: false } } },
    },
  }
}

beforeAll(async () => {
  estate = await startEstate([18])
  const { postgres } = estate
  // Made now: whatever is read of them is of the last hour.
  await postgres.query(
    `INSERT INTO queue_job (uuid, name, state, channel, date_created)
      SELECT 'doctor-' || n, 'A job', 'pending', 'root', now() at time zone 'utc' - interval '10 minutes'
      FROM generate_series(1, 7) n`,
    undefined,
    'odoo18',
  )
  env = { PG: postgres.password, KEY: estate.of(18).users.pulse.apiKey }
  await postgres.query(`create role blind login password '${env.PG}'`)
  await postgres.query(
    `grant select on ir_module_module, ir_model_fields, ir_model_fields_selection, res_currency, res_company,
      account_move to blind`,
    undefined,
    'odoo18',
  )
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-doctor-'))
  await writeFile(join(dir, 'odoo-pulse.yaml'), stringify(configuration(await freePort())))
}, 120_000)
afterAll(async () => {
  await estate?.stop()
  if (dir) await rm(dir, { recursive: true })
})
afterEach(async () => {
  const { faults } = estate.of(18)
  faults.rightsLost(false)
  faults.hang(false)
  await faults.companies([1, 2, 3])
})

const told: string[] = []
const examined = (name: string, json = true): Promise<DoctorResult> => {
  const file = join(dir, 'odoo-pulse.yaml')
  const secrets = secretsBeside(file, env)
  return doctor({ file, collectors, secrets, json, targets: [name], progress: (line) => told.push(line) })
}

const findingsOf = async (name: string) => {
  const { out, err, code } = await examined(name)
  expect({ err, code }, out).not.toMatchObject({ code: 2 })
  const { findings, summary }: { findings: readonly Finding[]; summary: unknown } = JSON.parse(out)
  const at = findings.findIndex(({ probe }) => probe === 'flows')
  const of = (flow: string) => findings.find(({ probe }) => probe === `flow:${flow}`)
  return { code, summary, opening: findings[at], of, flows: findings.filter(({ probe }) => probe.startsWith('flow:')) }
}

const jobsOfTheLastHour = async (): Promise<unknown> => {
  const sql = `SELECT count(*)::int AS n FROM queue_job WHERE date_created >= now() at time zone 'utc' - interval '1 hour'`
  const [row] = await estate.postgres.query(sql, undefined, 'odoo18')
  return row?.n
}

test.for([
  ['both', 'odoo_sql', 'read by odoo_sql, not by odoo: SQL goes first where both are configured'],
  ['rpc', 'odoo', 'read by odoo, not by odoo_sql: flow_reader is rpc'],
] as const)(
  '%s: each flow is asked one question, by %s, and it is said which way is taken',
  async ([name, by, which]) => {
    const { code, opening, of, flows } = await findingsOf(name)
    expect(code).toBe(0)
    expect(opening).toMatchObject({ target: name, collector: by, status: 'works', message: which })
    expect(flows.length).toBe(14)
    expect(new Set(flows.map(({ collector }) => collector))).toEqual(new Set([by]))
    expect(of('background-jobs')).toMatchObject({ status: 'works', rows: await jobsOfTheLastHour() })
    expect(of('background-jobs')?.rows).toBeGreaterThanOrEqual(7)
    expect(of('order-confirmation')).toMatchObject({ status: 'off', message: expect.stringContaining('narrow') })
    expect(flows.filter(({ status }) => status === 'works').length).toBeGreaterThan(8)
    expect(flows.filter(({ status }) => status === 'failed')).toEqual([])
  },
)

test('the table: flows after the targets, with their rows; what is off is counted apart', async () => {
  const { out, code } = await examined('both', false)
  expect(code).toBe(0)
  const lines = out.split('\n')
  expect(lines[0]).toMatch(/^TARGET +COLLECTOR +PROBE +STATUS +TIME +SERIES +ROWS$/)
  expect(out).toMatch(/^both +odoo_sql +flow:background-jobs +works +\d+ms +- +\d+$/m)
  expect(out).toMatch(/^both +odoo_sql +flow:picking +off +- +- +-$/m)
  expect(out).toMatch(/^both odoo_sql: off: .*flow:picking\n {2}switched off in the configuration$/m)
  expect(out).toMatch(/\n\d+ work, \d+ unsupported, 0 failed, \d+ off\n$/)
  const first = (part: string) => lines.findIndex((line) => line.includes(part))
  expect(first(' flow:')).toBeGreaterThan(first(' connect '))
})

test('not every company is seen: what would be judged fails, with what to do', async () => {
  await estate.of(18).faults.companies([1])
  const { code, opening, of } = await findingsOf('rpc')
  expect(code).toBe(1)
  expect(opening).toMatchObject({ status: 'failed', message: expect.stringMatching(/sees 1 of 3 .*Allowed Companies/) })
  expect(of('background-jobs')).toMatchObject({ status: 'failed', message: opening?.message })
  expect(of('background-jobs')).not.toHaveProperty('rows')
  expect(of('order-confirmation')?.status).toBe('off')
})

test('a grant that is missing: that flow is unsupported, with what mends it, and no other', async () => {
  const { code, of, flows } = await findingsOf('blind')
  expect(of('background-jobs')).toMatchObject({
    status: 'unsupported',
    message: expect.stringMatching(/GRANT SELECT .*queue_job/),
  })
  expect(of('invoice-posting')?.status).toBe('works')
  expect(flows.filter(({ status }) => status === 'failed')).toEqual([])
  expect(code).toBe(0)
})

test('rights that are lost in Odoo: unsupported, with what mends it', async () => {
  estate.of(18).faults.rightsLost(true)
  const { of, opening } = await findingsOf('rpc')
  const found = of('background-jobs') ?? opening
  expect(found?.status).toBe('unsupported')
  expect(found?.message).toMatch(/access|right/i)
})

test('a database that is not there: one failure, and nothing asked', async () => {
  const { code, opening, flows } = await findingsOf('gone')
  expect(code).toBe(1)
  expect(opening).toMatchObject({ status: 'failed', reason: 'connect' })
  expect(flows.filter(({ status }) => status !== 'off')).toEqual([])
})

test('an Odoo that hangs costs a deadline', async () => {
  estate.of(18).faults.hang(true)
  const begun = performance.now()
  const { code, opening } = await findingsOf('rpc')
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(code).toBe(1)
  expect(opening).toMatchObject({ status: 'failed', reason: 'timeout' })
}, 40_000)

test('a reader that is switched off is told', async () => {
  const { code, opening } = await findingsOf('asleep')
  expect(code).toBe(1)
  expect(opening?.message).toBe('nothing reads its flows, for their reader is switched off: odoo')
})
