/** The process itself, killed while it reads the past: what it says afterwards is what one says that never stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { JOBS, odooBlock, onlyFlows, type Shown } from './installation.ts'
import { jobsIn } from './jobs.ts'

const DAY = 24 * 60 * MINUTE
const MAIN = join(import.meta.dirname, '../../../src/main.ts')

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18])
}, 60_000)
afterAll(() => estate?.stop())

const folderWith = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'odoo-pulse-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'flows.d'))
  writeFileSync(join(folder, 'flows.d', 'jobs.yaml'), JOBS)
  writeFileSync(join(folder, 'odoo-pulse.yaml'), text)
  return join(folder, 'odoo-pulse.yaml')
}

interface Process {
  readonly child: ChildProcess
  /** Of /metrics: the instant, and the verdicts by window and result; undefined before there are any. */
  readonly verdicts: () => Promise<{ readonly asOf: string; readonly of: ReadonlyMap<string, string> } | undefined>
  readonly shown: () => Promise<Shown | undefined>
}

const serve = async (file: string): Promise<Process> => {
  const args = [MAIN, 'serve', '--config', file, '--listen', '127.0.0.1:0']
  const env = { PULSE_KEY: estate.of(18).users.pulse.apiKey }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  const url = await holds('the address', async () => /"url":"(http:[^"]+)"/.exec(log)?.[1])
  const get = async (path: string): Promise<string> => (await fetch(url + path)).text()
  return {
    child,
    verdicts: async () => {
      const page = await get('/metrics')
      const [, asOf] = /^odoo_flow_as_of_timestamp_seconds{tenant="acme",flow="jobs"} (\S+)/m.exec(page) ?? []
      const found = page.matchAll(/^odoo_flow_verdicts{tenant="acme",flow="jobs",(window=.+?)} (\S+)/gm)
      return asOf === undefined ? undefined : { asOf, of: new Map([...found].map(([, key = '', n = '']) => [key, n])) }
    },
    shown: async () => {
      const { flows }: { flows: readonly Shown[] } = JSON.parse(await get('/api/v1/flows'))
      return flows.find(({ flow }) => flow === 'jobs')
    },
  }
}

test('killed amid backfill and started again, it says what one says that never stopped', {
  timeout: 120_000,
}, async () => {
  const odoo = estate.of(18)
  const jobs = jobsIn(estate.postgres, odoo.database)
  await jobs.query('DELETE FROM queue_job')
  await jobs.past(Date.now() - 31 * DAY, Date.now() - 20 * MINUTE, 20 * MINUTE)
  const late = (ago: number) => ({ created: Date.now() - ago, done: Date.now() - ago + 10 * MINUTE })
  await jobs.insert([late(70 * MINUTE), late(3 * 60 * MINUTE), { created: Date.now() - 30 * MINUTE, done: undefined }])
  // A tenth of the time of an Odoo that takes so long: the past takes a while.
  odoo.faults.slow(100)
  const file = folderWith(`${onlyFlows()}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo)}`)
  const [lasting, killed] = await Promise.all([serve(file), serve(file)])
  const amid = await holds('backfill under way', async () => {
    const shown = await killed.shown()
    return shown?.state === 'judged' && (shown.progress ?? 0) > 0 ? shown : undefined
  })
  expect(amid.progress).toBeLessThan(1)
  killed.child.kill('SIGKILL')
  expect(await once(killed.child, 'exit')).toEqual([null, 'SIGKILL'])
  const again = await serve(file)
  const both = await holds(
    'one instant both speak of',
    async () => {
      const [a, b] = await Promise.all([lasting.verdicts(), again.verdicts()])
      return a && b && a.asOf === b.asOf ? { a, b } : undefined
    },
    90_000,
  )
  const common = [...both.b.of].filter(([key]) => both.a.of.has(key))
  expect(common.map(([key]) => key)).toEqual(
    expect.arrayContaining(['window="5m",result="bad"', 'window="1h",result="bad"', 'window="6h",result="good"']),
  )
  for (const [key, n] of common) expect([key, n]).toEqual([key, both.a.of.get(key)])
  expect(both.b.of.get('window="6h",result="bad"')).toBe('3')
})
