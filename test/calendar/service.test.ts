/** The calendar in a whole service: its series are on /metrics, change at an edge, and follow a new configuration. */
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { collectors } from '../../collectors/index.ts'
import { freePort } from '../../demo/processes.ts'
import { type Config, formatProblem, parseConfig } from '../../src/config.ts'
import { secretsBeside } from '../../src/secrets.ts'
import { composeService } from '../../src/service.ts'
import { eventually } from '../support/eventually.ts'

const configOf = (text: string): Config => {
  const { config, problems } = parseConfig({ file: 'odoo-pulse.yaml', text }, [], collectors)
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return config
}

const TENANTS = 'tenants: { acme: { tier: shared, db_cluster: c }, globex: { tier: shared, db_cluster: c } }\n'
const CALENDAR = `calendar:
  timezone: Europe/Paris
  windows:
    last-truck:
      kind: cut-off
      rrule: FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
      from: "14:00"
      to: "16:00"
      tenants: [acme]
      warehouse: WH
      process: shipping
      sensitivity: 2
    upkeep: { kind: maintenance, rrule: FREQ=WEEKLY;BYDAY=SU }
`

test('on the page, at the edge, after a reload', { timeout: 30_000 }, async () => {
  const address = `127.0.0.1:${await freePort()}`
  const config = (calendar: string) => configOf(`listen: ${address}\n${TENANTS}${calendar}`)
  // The clock runs, from a little before the cut-off on a Friday on.
  const begun = Date.now()
  const clock = { offset: Date.parse('2026-11-20T15:59:58+01:00') - begun }
  const start = composeService({
    version: '0',
    collectors,
    webConfigFile: undefined,
    enableLifecycle: false,
    now: () => Date.now() + clock.offset,
  })
  const log = pino({ level: 'silent' })
  const secrets = secretsBeside('odoo-pulse.yaml', {})
  const service = await start(config(CALENDAR), { log, secrets, reload: async () => ({ ok: true }) })
  onTestFinished(() => service.stop(0))
  const series = async () => {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    return text.split('\n').filter((line) => /^odoo_(business_window|pulse_calendar)/.test(line))
  }
  const truck = 'tenant="acme",business_window="last-truck",kind="cut-off",process="shipping",warehouse="WH"'
  const upkeep = (tenant: string) =>
    `tenant="${tenant}",business_window="upkeep",kind="maintenance",process="",warehouse=""`
  const endOf = (text: string) => Date.parse(text) / 1000
  const steady = [
    `odoo_business_window_active{${upkeep('acme')}} 0`,
    `odoo_business_window_active{${upkeep('globex')}} 0`,
    `odoo_business_window_sensitivity{${truck}} 2`,
    `odoo_business_window_sensitivity{${upkeep('acme')}} 1`,
    `odoo_business_window_sensitivity{${upkeep('globex')}} 1`,
    'odoo_pulse_calendar_success 1',
  ]
  const shown = (active: 0 | 1, end: string) => [
    ...steady,
    `odoo_business_window_active{${truck}} ${active}`,
    `odoo_business_window_end_timestamp_seconds{${truck}} ${endOf(end)}`,
    expect.stringMatching(/^odoo_pulse_calendar_last_success_timestamp_seconds 179518\d+(\.\d+)?$/),
  ]
  const same = (expected: readonly unknown[]) => async () => {
    const found = await series()
    expect(found).toHaveLength(expected.length)
    expect(found).toEqual(expect.arrayContaining([...expected]))
  }
  await same(shown(1, '2026-11-20T16:00+01:00'))()
  // Well before the minute is over: it changes at the edge, to Monday's cut-off.
  await eventually(same(shown(0, '2026-11-23T16:00+01:00')), 10_000)
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1900)

  await service.apply(config(''))
  expect(await series()).toEqual([])
})
