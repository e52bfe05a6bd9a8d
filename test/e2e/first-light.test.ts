import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { type Cleanups, createCleanups } from '../../demo/cleanups.ts'
import type { FaultName } from '../../demo/faults.ts'
import type { Alert } from '../../demo/receiver.ts'
import { type Demo, startDemo } from '../../demo/start.ts'
import { lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'

/**
 * The whole path on real parts: PostgreSQL → service → Prometheus → the generated rules → Alertmanager → receiver.
 * The rules are the shipped ones in all but their patience: `for` and `keep_firing_for`, minutes in production, are
 * a second here.
 */
const rules = z.object({
  groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ for: z.string().optional() })) })),
})
const impatient = (text: string): string => {
  const { groups } = rules.parse(parse(text))
  const hurry = (rule: (typeof groups)[number]['rules'][number]) => ({
    ...rule,
    ...('for' in rule && { for: '1s' }),
    ...('keep_firing_for' in rule && { keep_firing_for: '1s' }),
  })
  return stringify({ groups: groups.map((group) => ({ ...group, rules: group.rules.map(hurry) })) })
}

let dir: string
let demo: Demo | undefined
const cleanups: Cleanups = createCleanups()

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  const lacking = lackingParts()
  if (lacking.some((part) => part.name !== 'redis')) return
  const generated = join(import.meta.dirname, '../../alert-rules/generated')
  for (const file of readdirSync(generated).filter((name) => name.endsWith('.yaml'))) {
    writeFileSync(join(dir, file), impatient(readFileSync(join(generated, file), 'utf8')))
  }
  const options = { for: undefined, listen: { host: '127.0.0.1', port: 0 }, faults: [], install: false }
  demo = await startDemo(options, lacking, {
    watching: { ruleFiles: [join(dir, '*.yaml')], interval: 1000 },
    cleanups,
    say: () => undefined,
    step: (_, run) => run(),
    died: () => undefined,
  })
})
afterAll(async () => {
  const failures = await cleanups.run()
  rmSync(dir, { recursive: true, force: true })
  expect(failures).toEqual([])
})

const received = (name: string, status: Alert['status']): readonly Alert[] =>
  (demo?.receiver.notifications() ?? [])
    .flatMap((notification) => notification.alerts)
    .filter((alert) => alert.status === status && alert.labels.alertname === name)

/** Starts what must lead to the alert, heals it once the notification is there, and waits for the resolved one. */
const goesAndComes = async (
  alertname: string,
  labels: Readonly<Record<string, string>>,
  start: (demo: Demo) => Promise<void>,
  heal: (demo: Demo) => Promise<void>,
): Promise<void> => {
  if (demo === undefined) throw new Error('the demo has not started')
  const matching = expect.objectContaining({ labels: expect.objectContaining(labels) })
  expect(received(alertname, 'firing')).not.toContainEqual(matching)
  await start(demo)
  // Two of the rules ask for more than a minute of suffering, in their expressions.
  await eventually(() => expect(received(alertname, 'firing')).toContainEqual(matching), 180_000)
  expect(received(alertname, 'resolved')).not.toContainEqual(matching)
  await heal(demo)
  await eventually(() => expect(received(alertname, 'resolved')).toContainEqual(matching), 120_000)
}

const TIMEOUT = 330_000

const cases: readonly (readonly [FaultName, string, Readonly<Record<string, string>>])[] = [
  // At the same time: only the last keeps the others' sessions from being opened.
  ['standby-paused', 'OdooPostgresStandbyLagging', { server: 'pg-standby' }],
  ['lock-held', 'OdooPostgresSessionsBlocked', { server: 'pg-primary', datname: 'acme' }],
  ['connections-full', 'OdooPostgresConnectionsNearMax', { server: 'pg-primary' }],
]

test.concurrent.for(cases)(
  '%s becomes a notification of %s, its healing a resolved one',
  { timeout: TIMEOUT },
  async ([fault, alertname, labels], context) => {
    needs(context, 'prometheus', 'alertmanager')
    await goesAndComes(
      alertname,
      labels,
      ({ faults }) => faults.start(fault),
      ({ faults }) => faults.heal(fault),
    )
  },
)

test('standby-cut-off becomes a notification, its healing a resolved one', { timeout: TIMEOUT }, async (context) => {
  needs(context, 'prometheus', 'alertmanager')
  await goesAndComes(
    'OdooPostgresStandbyCutOff',
    { server: 'pg-standby' },
    ({ faults }) => faults.start('standby-cut-off'),
    ({ faults }) => faults.heal('standby-cut-off'),
  )
})

test('a server that no longer answers becomes a notification, its return a resolved one', {
  timeout: TIMEOUT,
}, async (context) => {
  needs(context, 'prometheus', 'alertmanager')
  await goesAndComes(
    'OdooPulseTargetBlind',
    { target: 'pg-standby' },
    async ({ estate }) => estate.standby.freeze(),
    async ({ estate }) => estate.standby.thaw(),
  )
})
