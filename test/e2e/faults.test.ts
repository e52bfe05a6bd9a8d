import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cleanups, createCleanups } from '../../demo/cleanups.ts'
import { FAULTS } from '../../demo/faults.ts'
import type { HttpPart } from '../../demo/prometheus.ts'
import { type Demo, startDemo } from '../../demo/start.ts'
import { lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'
import { type Case, cases } from './cases.ts'
import { ask, firing, impatient, notificationsOf, type Told, writeRules } from './support.ts'

/**
 * The whole path on real parts, for each fault: estate → service → Prometheus → the generated rules → Alertmanager →
 * receiver. The rules are the shipped ones in all but their patience: `for` and `keep_firing_for`, minutes in
 * production, are a second here.
 */

const TIMEOUT = 400_000
const STEP = 180_000

/** Of the slowest probe that has to see a fault, in seconds, and a little for Prometheus to scrape it. */
const TWO_INTERVALS = 2 * 60 + 5

/** Seconds since the fault began; resolved: since it was healed. */
interface Times {
  readonly seen: number
  readonly notified: number
  readonly resolved: number
  /** The receiver, or that the ticket was held back by a page that says more. */
  readonly who: string
}

const PARTS = ['prometheus', 'alertmanager', 'redis'] as const
const cleanups: Cleanups = createCleanups()
const troubles: string[] = []
const times = new Map<string, Times>()
let dir: string
let runs: ReadonlyMap<string, Promise<Times>> = new Map()

const since = (began: number): number => (performance.now() - began) / 1000

const firings = ({ receiver }: Demo, one: Told) => notificationsOf(receiver, one, 'firing')

/** Demos without the parts from Debian have no tests here. */
const partOf = (part: HttpPart | undefined): HttpPart => {
  if (part === undefined) throw new Error('lacks a part from Debian')
  return part
}
const firingIn = ({ alertmanager }: Demo, one: Told) => firing(partOf(alertmanager), one)

/** Somebody is told, beyond the notifications there were before, or the alert is held back by a page of the same tenant. */
const toldOrHeldBack = async (demo: Demo, one: Told, before: number): Promise<string> => {
  let who: string | undefined
  await eventually(async () => {
    who = firings(demo, one)[before]?.receiver
    if (who === undefined && (await firingIn(demo, one))?.status.inhibitedBy.length) who = HELD_BACK
    expect(who).toBeDefined()
  }, STEP)
  return who ?? ''
}
const HELD_BACK = 'held back'

const shows = async ({ prometheus }: Demo, { shows: query }: Case): Promise<boolean> =>
  (await ask(partOf(prometheus), query)).length > 0

/** The fault begins; it is seen in the metrics; somebody is notified; it is healed; the alert is over. */
const goesAndComes = async (demo: Demo, one: Case): Promise<Times> => {
  // What it shows must not be there before; what another fault did settles first: a saturated Odoo may not answer at all.
  await eventually(async () => expect(await shows(demo, one)).toBe(false), STEP, 250)
  await eventually(async () => expect(await firingIn(demo, one)).toBeUndefined(), STEP)
  const also = (one.also ?? []).map((other) => ({ other, before: firings(demo, other).length }))
  const before = firings(demo, one).length
  const began = performance.now()
  const heal = await one.start(demo)
  let seen: number
  let notified: number
  let who: string
  try {
    await eventually(async () => expect(await shows(demo, one)).toBe(true), STEP, 250)
    seen = since(began)
    expect(seen).toBeLessThan(TWO_INTERVALS)
    who = await toldOrHeldBack(demo, one, before)
    notified = since(began)
    for (const each of also) await toldOrHeldBack(demo, each.other, each.before)
  } finally {
    await heal()
  }
  const healed = performance.now()
  await eventually(async () => expect(await firingIn(demo, one)).toBeUndefined(), STEP)
  return { seen, notified, resolved: since(healed), who }
}

/** All at once, but for those that are about the same part: these one after the other, whatever came of the first. */
const startAll = (demo: Demo): ReadonlyMap<string, Promise<Times>> => {
  const started = new Map<string, Promise<Times>>()
  const run = (one: Case): Promise<Times> => {
    const running =
      started.get(one.name) ??
      Promise.allSettled(cases.filter(({ name }) => one.after.includes(name)).map(run)).then(() =>
        goesAndComes(demo, one),
      )
    // Its test tells.
    running.catch(() => undefined)
    started.set(one.name, running)
    return running
  }
  for (const one of cases) run(one)
  return started
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  const lacking = lackingParts()
  if (lacking.some(({ name }) => PARTS.some((part) => part === name))) return
  const ruleFiles = [writeRules(dir, impatient)]
  const options = { for: undefined, listen: { host: '127.0.0.1', port: 0 }, faults: [], speed: 60, install: false }
  const demo = await startDemo(options, lacking, {
    watching: { ruleFiles, interval: 1000 },
    cleanups,
    say: (line) => {
      if (line.startsWith('in the demo itself')) troubles.push(line)
    },
    step: (_, run) => run(),
    died: () => undefined,
  })
  runs = startAll(demo)
})

const told = (): string => {
  const row = (cells: readonly string[]) =>
    `${cells[0]?.padEnd(24)}${cells
      .slice(1)
      .map((c) => c.padStart(16))
      .join('')}`
  const rows = [...times].map(([name, { seen, notified, resolved, who }]) =>
    row([name, ...[seen, notified, resolved].map((n) => n.toFixed(1)), who]),
  )
  return [row(['fault (seconds)', 'metric seen', 'alert notified', 'resolved again', 'who']), ...rows].join('\n')
}

afterAll(async () => {
  if (times.size > 0) process.stdout.write(`\n${told()}\n`)
  const failures = await cleanups.run()
  rmSync(dir, { recursive: true, force: true })
  expect(failures).toEqual([])
  expect(troubles).toEqual([])
})

test('each fault of the demo has a case, and each case waits for others there are', () => {
  const names = cases.map(({ name }) => name)
  expect(Object.keys(FAULTS).filter((name) => !names.includes(name))).toEqual([])
  expect(cases.flatMap(({ after }) => after).filter((name) => !names.includes(name))).toEqual([])
})

test.for(cases)(
  '$name becomes a notification of $alert, and its healing ends it',
  { timeout: TIMEOUT },
  async (one, context) => {
    needs(context, ...PARTS)
    const run = runs.get(one.name)
    if (run === undefined) throw new Error('the demo has not started')
    times.set(one.name, await run)
  },
)
