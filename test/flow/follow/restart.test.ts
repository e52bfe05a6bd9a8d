/** Odoo is restarted: every flow is asked again at once, and none goes on saying why it could not be. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { fastClock, install, odooBlock } from './installation.ts'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18])
}, 60_000)
afterAll(() => estate?.stop())

test('connections are refused for a while', { timeout: 90_000 }, async () => {
  const odoo = estate.of(18)
  const installation = await install({
    clock: fastClock(30),
    env: { PULSE_KEY: odoo.users.pulse.apiKey },
    text: `tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo)}`,
  })
  onTestFinished(installation.stop)
  const asked = async () =>
    (await installation.flows()).filter(({ state }) => state !== 'off' && state !== 'unsupported')
  await holds(
    'all judged',
    async () => {
      const flows = await asked()
      return flows.length >= 8 && flows.every(({ state }) => state === 'judged')
    },
    30_000,
  )
  onTestFinished(() => odoo.faults.down(false))
  await odoo.faults.down(true)
  await holds(
    'all failing',
    async () => {
      const flows = await asked()
      return flows.every(({ state, windows }) => state === 'failing' && windows === undefined)
    },
    30_000,
  )
  await odoo.faults.down(false)
  await holds('the first one judged', async () => (await asked()).some(({ state }) => state === 'judged'), 30_000)
  const since = performance.now()
  const said = new Set<string>()
  await holds(
    'all judged again',
    async () => {
      const flows = await asked()
      for (const { state, reason } of flows) said.add(`${state} ${reason ?? ''}`)
      return flows.every(({ state }) => state === 'judged')
    },
    20_000,
  )
  expect([...said].filter((each) => !/^(starting|judged)/.test(each))).toEqual([])
  expect(performance.now() - since).toBeLessThan(10_000)
})
