/** The work stops altogether: what is promised is missed from the first deadline on, though nothing done was ever late. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import { datetimeText } from '../../../src/flow/read/naive.ts'
import type { Instant } from '../../../src/metric.ts'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { asOf, fastClock, install, JOBS, odooBlock, onlyFlows, type Shown } from './installation.ts'
import { type Job, jobsIn, keepWorking } from './jobs.ts'

const RATE = 120
const DAY = 24 * 60 * MINUTE
const WITHIN = 2 * MINUTE
const FLOW = 'jobs'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18])
}, 60_000)
afterAll(() => estate?.stop())

/** Of the jobs due in the five minutes before. */
const dueIn = (jobs: readonly Job[], end: Instant) => {
  const due = jobs
    .map((job) => ({ ...job, due: job.created + WITHIN }))
    .filter((j) => j.due >= end - 5 * MINUTE && j.due < end)
  const good = due.filter((job) => job.done !== undefined && job.done <= job.due).length
  return { window: '5m', good, bad: due.length - good }
}
const inFiveMinutes = ({ windows }: Shown) => windows?.find(({ window }) => window === '5m')

const seriesOf = (page: string, name: string): number | undefined => {
  const line = page
    .split('\n')
    .find((each) => each.startsWith(`${name}{tenant="acme",flow="${FLOW}"`) && /window="30m"|_open|_as_of/.test(each))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')))
}

test('bad from the first missed deadline on, a stall within its span; an SLI over completions alone stays green', {
  timeout: 60_000,
}, async () => {
  const odoo = estate.of(18)
  const clock = fastClock(RATE)
  const jobs = jobsIn(estate.postgres, odoo.database)
  await jobs.past(clock.now() - 31 * DAY, clock.now() - 3 * MINUTE, 10 * MINUTE)
  const runner = keepWorking(jobs, clock.now, MINUTE / 2)
  onTestFinished(runner.stop)
  const installation = await install({
    clock,
    env: { PULSE_KEY: odoo.users.pulse.apiKey },
    text: `${onlyFlows()}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo)}
`,
    own: { [FLOW]: JOBS },
  })
  onTestFinished(installation.stop)
  const { flow, metrics } = installation

  const healthy = await holds('five whole minutes of work, and the span', async () => {
    const shown = await flow(FLOW)
    const first = runner.made[0]?.created ?? Number.POSITIVE_INFINITY
    return shown.progress === 1 && asOf(shown) - 5 * MINUTE > first + WITHIN ? shown : undefined
  })
  expect(inFiveMinutes(healthy)).toEqual(dueIn(runner.made, asOf(healthy)))
  expect(inFiveMinutes(healthy)?.bad).toBe(0)
  expect(inFiveMinutes(healthy)?.good).toBeGreaterThan(5)

  runner.halt()
  const missed = await holds('a job that will not be done', () => {
    const open = runner.made.filter(({ done }) => done === undefined)
    return open[0] && clock.now() > open[0].created + 2 * MINUTE ? open[0].created + WITHIN : undefined
  })
  /** Every verdict shown since, by its instant. */
  const seen = new Map<Instant, Shown>()
  const doneLate = async () => {
    const [row] =
      await jobs.query(`SELECT count(*)::int AS n, count(*) FILTER (WHERE date_done > date_created + interval '2 minutes')::int AS late
      FROM queue_job WHERE state = 'done' AND date_done > '${datetimeText(clock.now() - 60 * MINUTE)}'`)
    return row
  }
  const stall = await holds(
    'a stall',
    async () => {
      const shown = await flow(FLOW)
      seen.set(asOf(shown), shown)
      expect(await doneLate()).toMatchObject({ late: 0 })
      const page = await metrics()
      const completions = seriesOf(page, 'odoo_flow_completions')
      const expected = seriesOf(page, 'odoo_flow_completions_expected')
      const isStall = completions === 0 && (expected ?? 0) >= 2 && (seriesOf(page, 'odoo_flow_open') ?? 0) > 0
      return isStall ? (seriesOf(page, 'odoo_flow_as_of_timestamp_seconds') ?? 0) * 1000 : undefined
    },
    40_000,
  )

  const after = [...seen].filter(([at]) => at > missed)
  expect(after.length).toBeGreaterThan(10)
  for (const [at, shown] of after) {
    expect(shown.state).toBe('judged')
    expect(inFiveMinutes(shown)).toEqual(dueIn(runner.made, at))
    expect(inFiveMinutes(shown)?.bad).toBeGreaterThan(0)
  }
  const lastDone = Math.max(...runner.made.map(({ done = 0 }) => done))
  // Its span, and the next look, of which a busy machine misses some at this pace.
  expect(stall - lastDone).toBeGreaterThanOrEqual(30 * MINUTE)
  expect(stall - lastDone).toBeLessThan(36 * MINUTE)
  // Nothing that was done was late, and yet all that is due is missed.
  expect(await doneLate()).toMatchObject({ late: 0 })
  expect((await doneLate())?.n).toBeGreaterThan(0)
  // Who looks is shown which: the one that was missed first before the others.
  const { documents = [] } = await installation.details(FLOW)
  expect(documents[0]?.due).toBe(new Date(missed).toISOString())
  expect(documents.length).toBeGreaterThan(20)
})
