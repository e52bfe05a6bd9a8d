/** What `suggest` says would have called somebody is what the rules call them for, minute by minute. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { BURN_RATES } from '../../src/flow/burn.ts'
import { hours, minutes } from '../../src/metric.ts'
import { type Episode, replayOf } from '../../src/suggest/replay.ts'
import { minutesOf, seriesOf, type Timeline, windowAt } from '../../src/suggest/timeline.ts'
import { reaching, rulesIn } from '../../tools/mutate/rules.ts'
import { filesOf } from '../../tools/mutate/units.ts'
import { needs } from '../support/needs.ts'

const ALERTS = { page: 'OdooFlowBurnFast', ticket: 'OdooFlowBurnSlow' } as const
const SEVERITIES = ['page', 'ticket'] as const

/** The longest window and what is looked at. */
const PAST = hours(3 * 24 + 1)
const LOOKED_AT = hours(2)
const SPAN = { from: 0, to: PAST + LOOKED_AT }

interface Stretch {
  readonly lasts: number
  /** Items a minute, and of them the bad ones. */
  readonly rate: number
  readonly bad: number
}

const stretch: fc.Arbitrary<Stretch> = fc.record({
  lasts: fc.integer({ min: 2, max: 30 }),
  rate: fc.constantFrom(0, 0.1, 0.4, 1, 6),
  bad: fc.constantFrom(0, 0, 0, 0.02, 0.1, 0.3, 1),
})

interface History {
  readonly objective: number
  /** Items a minute before; all of them are good. */
  readonly before: number
  readonly stretches: readonly Stretch[]
}

const history: fc.Arbitrary<History> = fc.record({
  objective: fc.constantFrom(0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999),
  before: fc.constantFrom(0, 0.02, 0.2),
  stretches: fc.array(stretch, { minLength: 4, maxLength: 12 }),
})

/** Rates are spread evenly: what is due in minute i is how far the sum has come in it. */
const timelineOf = ({ before, stretches }: History): Timeline => {
  const size = minutesOf(SPAN)
  const [good, bad] = [new Float64Array(size), new Float64Array(size)]
  const past = PAST / minutes(1)
  const later = stretches.flatMap(({ lasts, rate, bad: share }) =>
    Array.from({ length: lasts }, () => [rate, share] as const),
  )
  let [due, missed] = [0, 0]
  for (let i = 0; i < size; i++) {
    const [rate, share] = i < past ? [before, 0] : (later[i - past] ?? [before, 0])
    const [items, bads] = [
      Math.floor(due + rate) - Math.floor(due),
      Math.floor(missed + rate * share) - Math.floor(missed),
    ]
    bad[i] = bads
    good[i] = Math.max(0, items - bads)
    due += rate
    missed += rate * share
  }
  return { ...SPAN, good: seriesOf(0, good), bad: seriesOf(0, bad) }
}

const windows = [...new Set(BURN_RATES.flatMap(({ long, short }) => [long, short]))]
const MINUTES = LOOKED_AT / minutes(1)
const atMinute = (i: number): number => PAST + minutes(i)

const seriesFor = (flow: string, { objective }: History, timeline: Timeline) => {
  const keys = `tenant="acme",flow="${flow}"`
  const always = (name: string, value: number) => ({ series: name, values: `${value}x${MINUTES}` })
  return [
    always(`odoo_flow_info{${keys},process="sales",mode="page",state="judged"}`, 1),
    always(`odoo_flow_objective_ratio{${keys}}`, objective),
    always(`odoo_flow_as_of_timestamp_seconds{${keys}}`, 1),
    ...windows.flatMap((window) =>
      (['good', 'bad'] as const).map((result) => ({
        series: `odoo_flow_verdicts{${keys},window="${window}",result="${result}"}`,
        values: Array.from(
          { length: MINUTES },
          (_, i) => windowAt(timeline, window, atMinute(i))?.[result] ?? '_',
        ).join(' '),
      })),
    ),
  ]
}

const covers =
  (at: number) =>
  ({ from, to }: Episode): boolean =>
    from <= at && at < to

test('replay and rules agree on every minute of many histories', { timeout: 240_000 }, (context) => {
  needs(context, 'prometheus')
  const histories = fc.sample(history, { seed: 20, numRuns: 40 }).map((each, i) => {
    const timeline = timelineOf(each)
    return { flow: `f${i}`, each, timeline, replay: replayOf(timeline, each.objective) }
  })
  const firingAt = (at: number) =>
    histories.flatMap(({ flow, replay }) =>
      SEVERITIES.filter((severity) => replay[severity].episodes.some(covers(at))).map(
        (severity) => `{alertname="${ALERTS[severity]}",flow="${flow}"}`,
      ),
    )
  // The cases say something: many are called for, some of it ends.
  const episodes = histories.flatMap(({ replay }) => SEVERITIES.flatMap((severity) => replay[severity].episodes))
  expect(episodes.length).toBeGreaterThan(25)
  expect(episodes.filter(({ to }) => to < SPAN.to).length).toBeGreaterThan(5)

  const rules = rulesIn(resolve(import.meta.dirname, '../../alert-rules/generated'))
  const reads = reaching(rules)
  const needed = new Set(Object.values(ALERTS).flatMap((alert) => reads.get(alert) ?? []))
  const expr = `count by (alertname, flow) (ALERTS{alertname=~"${Object.values(ALERTS).join('|')}",alertstate="firing"})`
  const unit = {
    rules: rules.filter((rule) => needed.has(rule)),
    interval: '1m',
    test: JSON.stringify({
      interval: '1m',
      input_series: [
        { series: 'odoo_tenant_info{tenant="acme",tier="dedicated",db_cluster="main"}', values: `1x${MINUTES}` },
        ...histories.flatMap(({ flow, each, timeline }) => seriesFor(flow, each, timeline)),
      ],
      promql_expr_test: Array.from({ length: MINUTES }, (_, i) => ({
        expr,
        eval_time: `${i}m`,
        exp_samples: firingAt(atMinute(i)).map((labels) => ({ labels, value: 1 })),
      })),
    }),
  }
  const folder = mkdtempSync(join(tmpdir(), 'burn-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = filesOf(unit, 'rules.json')
  writeFileSync(join(folder, 'rules.json'), files.rules)
  writeFileSync(join(folder, 'test.json'), files.test)
  expect(execFileSync('promtool', ['test', 'rules', 'test.json'], { cwd: folder, encoding: 'utf8' })).toContain(
    'SUCCESS',
  )
})
