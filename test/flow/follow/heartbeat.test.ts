/** A heartbeat stops: it is overdue after so many of its periods, and the gap is a bad verdict where its beats are known. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import { datetimeText } from '../../../src/flow/read/naive.ts'
import type { Instant } from '../../../src/metric.ts'
import { type Estate, startEstate, type Version } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { asOf, fastClock, install, odooBlock, onlyFlows, type Shown } from './installation.ts'

const RATE = 120
const PERIOD = 10 * MINUTE
const FLOW = 'stock-sync'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([17, 18])
}, 60_000)
afterAll(() => estate?.stop())

const queryOf = (version: Version) => (sql: string) =>
  estate.postgres.query(sql, undefined, estate.of(version).database)

const started = async (version: Version, narrow: string, clock: ReturnType<typeof fastClock>) => {
  const odoo = estate.of(version)
  const installation = await install({
    clock,
    env: { PULSE_KEY: odoo.users.pulse.apiKey },
    text: `${onlyFlows(FLOW)}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo)}    flows: { ${FLOW}: { narrow: [${narrow}] } }
`,
  })
  onTestFinished(installation.stop)
  const { flow } = installation
  return (what: string, condition: (shown: Shown) => boolean): Promise<Shown> =>
    holds(
      what,
      async () => {
        const shown = await flow(FLOW)
        return shown.state === 'judged' && condition(shown) ? shown : undefined
      },
      30_000,
    )
}

const instants = (from: Instant, to: Instant): readonly Instant[] =>
  Array.from({ length: Math.floor((to - from) / PERIOD) + 1 }, (_, i) => to - i * PERIOD).reverse()
const inWindow = ({ windows }: Shown, name: string) => windows?.find(({ window }) => window === name)
const quoted = (at: Instant): string => `'${datetimeText(Math.floor(at / 1000) * 1000)}'`

/** Beats of two days, the last one now; no more. */
const stops = async (
  version: Version,
  narrow: string,
  insert: (beats: readonly Instant[]) => Promise<unknown>,
): Promise<void> => {
  const clock = fastClock(RATE)
  const last = clock.now()
  await insert(instants(last - 48 * 60 * MINUTE, last))
  const shown = await started(version, narrow, clock)
  const well = await shown('beats', (each) => inWindow(each, '6h') !== undefined)
  expect(well).toMatchObject({ open: 1 })
  expect(inWindow(well, '6h')).toMatchObject({ bad: 0 })
  expect(inWindow(well, '6h')?.good).toBeGreaterThan(30)
  const overdue = await shown('a beat that is missed', (each) => (each.overdue ?? 0) > 0)
  expect(overdue).toMatchObject({ open: 1, overdue: 1 })
  expect(inWindow(overdue, '1h')?.bad).toBe(1)
  // Two periods, learnt from its beats, and the next look.
  expect(asOf(overdue) - last).toBeGreaterThan(2 * PERIOD - MINUTE)
  expect(asOf(overdue) - last).toBeLessThan(2 * PERIOD + 6 * MINUTE)
}

test('of background jobs, narrowed to their channel', { timeout: 60_000 }, async () => {
  const query = queryOf(18)
  await query('DELETE FROM queue_job')
  const rows = (beats: readonly Instant[], channel: string): string =>
    beats
      .map((at, i) => `('${channel} ${i}', 'A job', '${channel}', 'done', 0, ${quoted(at - MINUTE)}, ${quoted(at)})`)
      .join(', ')
  await stops(18, "{ field: channel, '=': root.stock }", async (beats) => {
    // Others go on.
    const others = instants(beats[0] ?? 0, (beats.at(-1) ?? 0) + 120 * MINUTE)
    await query(`INSERT INTO queue_job (uuid, name, channel, state, retry, date_created, date_done)
      VALUES ${rows(beats, 'root.stock')}, ${rows(others, 'root.sale')}`)
  })
})

test('of the progress of a scheduled action', { timeout: 60_000 }, async () => {
  const query = queryOf(18)
  await query("UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'queue_job'")
  onTestFinished(async () => {
    await query("UPDATE ir_module_module SET state = 'installed' WHERE name = 'queue_job'")
  })
  await query('DELETE FROM ir_cron_progress')
  const [cron] = await query('SELECT id FROM ir_cron ORDER BY id LIMIT 1')
  const id = Number(cron?.id)
  await stops(18, `{ field: cron_id, '=': ${id} }`, (beats) =>
    query(`INSERT INTO ir_cron_progress (cron_id, remaining, done, timed_out_counter, create_date, write_date)
      VALUES ${beats.map((at) => `(${id}, 0, 1, 0, ${quoted(at - MINUTE)}, ${quoted(at)})`).join(', ')}`),
  )
})

test('of a scheduled action of which only the last call is known: its own period counts', {
  timeout: 60_000,
}, async () => {
  const query = queryOf(17)
  await query("UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'queue_job'")
  const clock = fastClock(RATE)
  const last = clock.now()
  const [cron] = await query('SELECT id, cron_name FROM ir_cron WHERE active ORDER BY id LIMIT 1')
  await query(`UPDATE ir_cron SET interval_number = 10, interval_type = 'minutes', lastcall = ${quoted(last)}
    WHERE id = ${Number(cron?.id)}`)
  const shown = await started(17, `{ field: cron_name, '=': ${JSON.stringify(cron?.cron_name)} }`, clock)
  const well = await shown('its last call', ({ open }) => open === 1)
  expect(well.overdue ?? 0).toBe(0)
  const overdue = await shown('a call that is missed', (each) => (each.overdue ?? 0) > 0)
  expect(asOf(overdue) - last).toBeGreaterThan(2 * PERIOD - MINUTE)
  expect(asOf(overdue) - last).toBeLessThan(2 * PERIOD + 6 * MINUTE)
  const again = clock.now()
  await query(`UPDATE ir_cron SET lastcall = ${quoted(again)} WHERE id = ${Number(cron?.id)}`)
  await shown('a call again', (each) => (each.overdue ?? 0) === 0)
})
