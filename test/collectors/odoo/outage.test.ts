/** The engine over an Odoo that is busy, hangs, or is gone: what is found, what is told, and that all comes back. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { odoo as collector } from '../../../collectors/odoo/index.ts'
import type { OdooServer } from '../../../demo/odoo/server.ts'
import type { Target } from '../../../src/collector.ts'
import { createExposition } from '../../../src/exposition.ts'
import { createEngine, type Engine } from '../../../src/poll.ts'
import { holds, runnerDeps } from '../../support/collector.ts'
import { configOf, type Estate, startEstate } from './estate.ts'

let estate: Estate
let odoo: OdooServer
let engine: Engine
const exposition = createExposition(Date.now)

beforeAll(async () => {
  estate = await startEstate([18])
  odoo = estate.of(18)
  engine = createEngine({ ...runnerDeps(), exposition, secret: async () => odoo.users.pulse.apiKey })
  const target: Target = {
    name: 'acme',
    collector,
    config: configOf(odoo, { gevent_url: odoo.geventUrl }),
    labels: { tenant: 'acme' },
    intervals: Object.fromEntries(collector.probes.map((p) => [p.name, 1000])),
  }
  await engine.apply([target], 100)
}, 60_000)

afterAll(async () => {
  await engine?.stop()
  await estate?.stop()
})

const state = () => {
  const [found] = engine.states()
  if (found === undefined) throw new Error('no target')
  return found
}
const probeOf = (name: string) => state().probes.find((p) => p.name === name)
const page = (): string => exposition.page().text.toString()
const isWell = (): boolean => !state().circuit.open && state().probes.every((p) => p.success)

beforeEach(() => holds('all to be well', isWell))

test('while all workers are busy, that is what is told: no circuit opens, and Odoo is spared', async () => {
  odoo.faults.busyWorkers(99)
  try {
    await holds('the finding', () => page().includes('odoo_workers_saturated{tenant="acme"} 1'))
    await holds('the calls to fail', () => probeOf('crons')?.reason === 'timeout')
    expect(probeOf('crons')?.message).toContain('workers of Odoo are busy')
    expect(page()).toContain('odoo_up{tenant="acme"} 1')
    expect(page()).toContain('odoo_health{tenant="acme",check="page"} 0')
    expect(page()).toContain('odoo_health{tenant="acme",check="gevent"} 1')
    // a round and another go by: calls fail at once, none is queued up behind the busy workers
    const failures = () => probeOf('queue')?.failures.timeout ?? 0
    const some = failures()
    await holds('further rounds', () => failures() > some + 3)
    expect(state().circuit.open).toBe(false)
    expect(probeOf('workers')?.success).toBe(true)
  } finally {
    odoo.faults.busyWorkers(0)
  }
  await holds('the all-clear', () => page().includes('odoo_workers_saturated{tenant="acme"} 0'))
  await holds('the calls to work again', isWell)
}, 60_000)

test('an Odoo that hangs altogether is a timeout, and the circuit opens', async () => {
  odoo.faults.hang(true)
  try {
    await holds('the circuit to open', () => state().circuit.open)
    expect(state().circuit).toMatchObject({ reason: 'timeout' })
    await holds('the word of it', () => page().includes('odoo_up{tenant="acme"} 0'))
  } finally {
    odoo.faults.hang(false)
  }
  await holds('the circuit to close', () => page().includes('odoo_up{tenant="acme"} 1'), 40_000)
}, 60_000)

test('an Odoo that is gone is no connection, and back again by itself', async () => {
  await odoo.faults.down(true)
  try {
    await holds('the circuit to open', () => state().circuit.open)
    expect(state().circuit).toMatchObject({ reason: 'connect', message: expect.stringContaining('refused') })
    await holds('the word of it', () => page().includes('odoo_up{tenant="acme"} 0'))
  } finally {
    await odoo.faults.down(false)
  }
  await holds('the circuit to close', () => page().includes('odoo_up{tenant="acme"} 1'), 40_000)
}, 60_000)

test('a worker that is killed under a call is one failure, and over with the next', async () => {
  odoo.faults.reset(1)
  await holds('the failure', () => state().probes.some((p) => p.failures.connect > 0))
  await holds('all to be well', isWell)
}, 60_000)

test('rights that are lost are failures, not peace', async () => {
  odoo.faults.rightsLost(true)
  try {
    await holds('the failure', () => probeOf('crons')?.reason === 'query')
    expect(probeOf('crons')?.message).toMatch(/worked before and no longer does: no read access to ir\.cron/)
    expect(state().circuit.open).toBe(false)
  } finally {
    odoo.faults.rightsLost(false)
  }
}, 60_000)
