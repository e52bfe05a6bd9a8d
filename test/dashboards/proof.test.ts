/**
 * Every query of every dashboard on a real Prometheus with the shipped rules: on an estate that is well, and on one full of
 * faults, seen by one replica of the exporter and by two. The pages are those of the demo (`npm run dashboards -- --record`).
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCleanups } from '../../demo/cleanups.ts'
import { prometheusConfig, startPrometheus } from '../../demo/prometheus.ts'
import { minutes, seconds } from '../../src/metric.ts'
import { evaluateAll, isUnexplained, type Outcome } from '../../tools/dashboards/evaluate.ts'
import { type DashboardQuery, queriesOf, USUAL } from '../../tools/dashboards/queries.ts'
import { findBinary } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'
import { MORE } from './more.ts'
import { type Recorded, readRecorded, serve, type Vanishing } from './recorded.ts'
import { generated, root } from './support.ts'

const cleanups = createCleanups()
const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-dashboards-'))
const VIEW = { ...USUAL, scrape: seconds(1) }
const queries = generated.flatMap((dashboard) => queriesOf(dashboard, VIEW))

/** In it rules wait as they are shipped, so that some alerts are about to fire. */
const WAITING = 'postgres.yaml'

/** The shipped ones, but that the others do not wait. */
const writeRules = (folder: string): string => {
  mkdirSync(folder, { recursive: true })
  const shipped = join(root, 'alert-rules/generated')
  for (const file of readdirSync(shipped)) {
    const text = readFileSync(join(shipped, file), 'utf8')
    writeFileSync(
      join(folder, file),
      file === WAITING ? text : text.replaceAll(/^ +(for|keep_firing_for): \w+\n/gm, ''),
    )
  }
  return join(folder, '*.yaml')
}

const VANISHES_AFTER = 12
/** A flow whose alert fires by then can no longer be read. */
const UNSEEN: Vanishing = {
  series: /^odoo_flow_(?!info|objective).*tenant="acme",flow="carrier-label"/,
  after: VANISHES_AFTER,
}

/** Of long steps none has ended since the recording is served: one is asked for that ends now. */
const asOfNow = (query: DashboardQuery): DashboardQuery =>
  query.step >= minutes(1) ? { ...query, how: 'instant' } : query

/** What one of two replicas can't reach is not unseen. */
const BLIND = 'odoo_pulse_target_circuit_open{target="redis",collector="redis"} 1\n'

interface Watched {
  readonly url: string
  readonly outcomes: readonly Outcome[]
}

/** Waits until every rate has its samples, what vanishes has vanished, and what rests on it has been worked out. */
const settled = (url: string): Promise<void> =>
  eventually(async () => {
    const sent = `count(ALERTS) > 0 and on () count(count_over_time(odoo_pulse_build_info[2m]) > ${VANISHES_AFTER + 10})`
    const query = { ...(queries[0] as DashboardQuery), how: 'instant' as const, sent }
    const [outcome] = await evaluateAll(url, [query], Date.now())
    expect(outcome?.series).toHaveLength(1)
  }, 240_000)

const watch = async (name: string, replicas: readonly Recorded[], vanishing?: Vanishing): Promise<Watched> => {
  const folder = join(dir, name)
  mkdirSync(folder)
  const { targets, stop } = await serve(replicas, vanishing)
  cleanups.defer(stop)
  const binary = findBinary(['prometheus'])
  if (binary === undefined) throw new Error('prometheus is lacking')
  const ruleFiles = [writeRules(join(folder, 'rules'))]
  const config = prometheusConfig({ targets, alertmanager: undefined, ruleFiles, interval: seconds(1) })
  const prometheus = await startPrometheus({ binary, dir: folder, config })
  cleanups.defer(() => prometheus.process.stop())
  await settled(prometheus.url)
  const { url } = prometheus
  return { url, outcomes: await evaluateAll(url, queries.map(asOfNow), Date.now()) }
}

let healthy: Watched
let faulty: Watched
let faultyTwice: Watched

beforeAll(async () => {
  cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
  if (findBinary(['prometheus']) === undefined) return
  const faults = readRecorded('faults', MORE)
  ;[healthy, faulty, faultyTwice] = await Promise.all([
    watch('healthy', [readRecorded('healthy')]),
    watch('faulty', [faults], UNSEEN),
    watch('faulty-twice', [faults, readRecorded('faults', MORE + BLIND)], UNSEEN),
  ])
}, 360_000)

afterAll(async () => {
  expect(await cleanups.run()).toEqual([])
})

const told = ({ query: { dashboard, place, sent }, error }: Outcome): string =>
  `${dashboard}: ${place}${error === undefined ? '' : `: ${error}`}\n  ${sent}`

test('no query fails, with all tenants and servers, with some, and with one', { timeout: 120_000 }, async (context) => {
  needs(context, 'prometheus')
  const failed = (outcomes: readonly Outcome[]) => outcomes.filter(({ error }) => error !== undefined).map(told)
  for (const { outcomes } of [healthy, faulty, faultyTwice]) expect(failed(outcomes)).toEqual([])
  for (const chosen of [
    { tenant: ['acme'], server: ['pg-primary'], flow: ['picking'] },
    { tenant: ['acme', 'globex'], server: ['pg-primary', 'pg-standby'], flow: ['picking', 'paid-order'] },
  ]) {
    const narrowed = generated.flatMap((dashboard) => queriesOf(dashboard, { ...VIEW, chosen }))
    expect(failed(await evaluateAll(faulty.url, narrowed, Date.now()))).toEqual([])
  }
})

test('on an estate that is well nothing is empty, unless it says why', (context) => {
  needs(context, 'prometheus')
  expect(healthy.outcomes.filter(isUnexplained).map(told)).toEqual([])
})

test('every query gives something, on an estate that is well or on one that is not', (context) => {
  needs(context, 'prometheus')
  const silent = healthy.outcomes.filter((outcome, i) =>
    [outcome, faulty.outcomes[i]].every((each) => each?.series.length === 0),
  )
  expect(silent.map(told)).toEqual([])
})

/** Of the replicas themselves, and what alerts say of each. */
const OF_REPLICAS = /instance|odoo_pulse_build_info|ALERTS/
/** Between the two looks some seconds pass, and no more than half of what is rising. */
const isSame = (once: number, twice: number | undefined, isAge: boolean): boolean =>
  twice !== undefined && (Math.abs(twice - once) <= Math.abs(once) / 2 || (isAge && Math.abs(twice - once) < 30))

test('what two replicas tell counts once', async (context) => {
  needs(context, 'prometheus')
  const sumOn = async ({ url }: Watched) => {
    const query = { ...(queries[0] as DashboardQuery), how: 'instant' as const, sent: 'sum(odoo_flow_open)' }
    return (await evaluateAll(url, [query], Date.now()))[0]?.series[0]?.value ?? 0
  }
  expect(await sumOn(faultyTwice), 'not folded').toBe(2 * (await sumOn(faulty)))
  const valuesOf = (outcome: Outcome | undefined) =>
    new Map(outcome?.series.map(({ labels, value }) => [JSON.stringify(labels), value]))
  const differing = faulty.outcomes.filter((outcome, i) => {
    const { sent, kind } = outcome.query
    if (OF_REPLICAS.test(sent) || kind !== 'panel') return false
    const [once, twice] = [valuesOf(outcome), valuesOf(faultyTwice.outcomes[i])]
    const same = [...once].every(([labels, value]) => isSame(value, twice.get(labels), sent.includes('time()')))
    return once.size !== twice.size || !same
  })
  expect(differing.map(told)).toEqual([])
})

/** Not in step with this process, which serves what Prometheus scrapes. */
const command = (url: string): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    const args = [join(root, 'tools/try-dashboards.ts'), '--url', url]
    execFile(process.execPath, args, (error, out) => resolve({ code: error === null ? 0 : Number(error.code), out }))
  })

test('the command tells it in a table, and fails where a query does', { timeout: 120_000 }, async (context) => {
  needs(context, 'prometheus')
  const well = await command(healthy.url)
  expect(well.code, well.out).toBe(0)
  expect(well.out).toMatch(/^dashboard +panels +variables +annotations +queries +empty +unexplained +errors$/m)
  expect(well.out).toMatch(new RegExp(`^all +\\d+ +\\d+ +\\d+ +${queries.length} +\\d+ +0 +0$`, 'm'))
  const nowhere = await command('http://127.0.0.1:9')
  expect(nowhere.code).toBe(1)
  expect(nowhere.out).toContain('\nFailed:\n')
})
