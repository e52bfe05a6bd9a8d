import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { CollectError, Unsupported } from '../src/collector.ts'
import { busyRatio, type Load, stretch } from '../src/governor.ts'
import { createLending } from '../src/lend.ts'
import type { Link } from '../src/link.ts'
import { type Runner, startRunner } from '../src/runner.ts'
import { nextDue } from '../src/slot.ts'
import { answer, collectorOf, farSide, holds, never, probeOf, runnerDeps, targetOf } from './support/collector.ts'

const running: Runner[] = []
afterEach(() => Promise.all(running.splice(0).map((r) => r.stop())))

const start = (probes: Parameters<typeof collectorOf>[1], over: Parameters<typeof runnerDeps>[0] = {}) => {
  const far = farSide()
  const deps = runnerDeps(over)
  const runner = startRunner(targetOf(collectorOf(far, probes)), deps)
  running.push(runner)
  const page = () => deps.exposition.page().text.toString()
  const probe = (name = 'answer') => {
    const state = runner.state().probes.find((p) => p.name === name)
    if (!state) throw new Error(`no probe ${name}`)
    return state
  }
  return { far, runner, page, probe }
}

test('what was read is on the page, with the target’s labels, its health and its being up', async () => {
  const { page } = start([probeOf(async () => 42)])
  await holds('the sample', () => page().includes('test_answer{server="far",part="a"} 42'))
  expect(page()).toContain('test_up{server="far"} 1')
  expect(page()).toContain('odoo_pulse_probe_success{target="far",collector="test",probe="answer"} 1')
  expect(page()).toContain(
    'odoo_pulse_probe_failures_total{target="far",collector="test",probe="answer",reason="timeout"} 0',
  )
})

test('an unknown value is absent, and the probe has succeeded', async () => {
  const { page, probe } = start([probeOf(async () => undefined)])
  await holds('an attempt', () => probe().success)
  expect(page()).not.toContain('test_answer')
})

test('one unanswered question opens the circuit: all in flight fail alike, the rest is not asked, a cheap call closes it', async () => {
  let hangs = true
  const { far, runner, page, probe } = start([
    probeOf(() => (hangs ? never() : Promise.resolve(1)), { name: 'slow', deadline: 50 }),
    probeOf(() => (hangs ? never() : Promise.resolve(2)), { name: 'beside', deadline: 5000 }),
  ])
  far.check = never
  await holds('an open circuit', () => runner.state().circuit.open)
  await holds(
    'the first failures',
    () => probe('slow').failures.timeout === 1 && probe('beside').failures.timeout === 1,
  )
  expect(page()).toContain('test_up{server="far"} 0')
  await holds('refusals', () => probe('slow').failures.circuit_open > 0)
  expect(far.connections).toBe(1)
  expect(far.closed).toBe(1)
  hangs = false
  far.check = async () => {}
  // the check under way hangs until its own deadline of 4 s
  await holds('recovery', () => probe('slow').success && probe('beside').success, 15_000)
  expect(runner.state().circuit.open).toBe(false)
  expect(page()).toContain('test_up{server="far"} 1')
  expect(far.connections).toBe(2)
})

test('a target that refuses connections is asked for nothing, and is checked with growing pauses', async () => {
  const { far, runner, probe } = start([probeOf(async () => 1)])
  let checks = 0
  far.connect = async () => {
    throw new CollectError('connect', 'connection refused')
  }
  far.check = async () => {
    checks += 1
    throw new CollectError('auth', 'no such role')
  }
  await holds('a changed reason', () => {
    const { circuit } = runner.state()
    return circuit.open && circuit.reason === 'auth'
  })
  expect(probe().failures.connect).toBe(1)
  const asked = probe().failures.circuit_open
  await holds('more refusals', () => probe().failures.circuit_open > asked + 5)
  expect(far.connections).toBe(1)
  expect(checks).toBeLessThan(5)
})

test('unsupported is neither failed nor zero; what once worked and no longer does has failed', async () => {
  let allowed = false
  const { page, probe, runner } = start([
    probeOf(async () => {
      if (!allowed) throw new Unsupported('needs the grant pg_monitor')
      return 1
    }),
  ])
  await holds('an attempt', () => probe().supported === false)
  expect(probe()).toMatchObject({ success: true, message: 'needs the grant pg_monitor' })
  expect(page()).toContain('odoo_pulse_probe_supported{target="far",collector="test",probe="answer"} 0')
  expect(page()).not.toContain('test_answer')
  allowed = true
  await holds('support', async () => {
    await runner.refresh()
    return probe().supported
  })
  allowed = false
  await holds('the loss', () => probe().success === false)
  expect(probe()).toMatchObject({ supported: true, reason: 'query' })
  expect(probe().message).toMatch(/^worked before and no longer does: needs the grant/)
})

test('a stale snapshot vanishes after three intervals', async () => {
  let works = true
  const { page } = start([
    probeOf(async () => {
      if (works) return 1
      throw new CollectError('query', 'no')
    }),
  ])
  await holds('the sample', () => page().includes('test_answer{'))
  works = false
  const since = Date.now()
  await holds('its absence', () => !page().includes('test_answer{'))
  expect(Date.now() - since).toBeGreaterThan(40)
})

test('over its series limit a probe fails; nothing is cut in silence', async () => {
  const { page, probe } = start([
    probeOf(async () => 1, {
      map: () => ['a', 'b', 'c', 'd'].map((part) => ({ metric: answer, labels: { part }, value: 1 })),
    }),
  ])
  await holds('the failure', () => probe().failures.series_limit > 0)
  expect(probe().message).toContain('test_answer would have 4 series, over its limit of 3')
  expect(page()).not.toContain('test_answer{')
})

test('a mapping that throws is a failed probe, and the others go on', async () => {
  const { probe } = start([
    probeOf(async () => 1, {
      name: 'broken',
      map: () => {
        throw new TypeError('undefined is no row')
      },
    }),
    probeOf(async () => 2),
  ])
  await holds('both', () => probe('broken').success === false && probe().success)
  expect(probe('broken')).toMatchObject({ reason: 'query', message: 'undefined is no row' })
})

test('a busy target is asked less often, and says so', async () => {
  const { probe, runner } = start(
    [probeOf(() => new Promise((resolve) => setTimeout(resolve, 40, 1)), { deadline: 5000 })],
    { share: 0.1 },
  )
  await holds('a stretched interval', () => probe().interval > 300)
  await holds('the share kept', () => runner.state().busyRatio < 0.12)
})

test('refresh joins the flight under way and asks only for what is older than its interval', async () => {
  let asked = 0
  const { runner, probe } = start([
    probeOf(
      async () => {
        asked += 1
        return asked
      },
      { interval: 60_000 },
    ),
  ])
  await Promise.all([runner.refresh(), runner.refresh(), runner.refresh()])
  expect(probe().success).toBe(true)
  await runner.refresh()
  expect(asked).toBe(1)
})

test('stopping ends what hangs, and leaves nothing of the target on the page', async () => {
  const { runner, page } = start([probeOf(never, { deadline: 60_000 })])
  await holds('a flight', () => page().includes('test_up'))
  await runner.stop()
  expect(page()).toBe('')
})

test('the next instant lies on the grid, half an interval to one and a half from now', () => {
  fc.assert(
    fc.property(fc.nat(1e12), fc.integer({ min: 10, max: 3_600_000 }), fc.nat(1e12), (now, interval, phase) => {
      const due = nextDue(now, interval, phase)
      expect((due - phase) % interval).toBeCloseTo(0)
      expect(due - now).toBeGreaterThanOrEqual(interval / 2)
      expect(due - now).toBeLessThanOrEqual(1.5 * interval)
    }),
  )
})

const loan = { name: 'a loan', deadline: 5000, load: 'share' } as const
const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof CollectError ? error.reason : error),
  )

test('the one connection is lent, and what is lent is traced', async () => {
  const traced: string[] = []
  const { far, runner, probe } = start([probeOf(async () => 1)], {
    traced: (name, _attributes, run) => {
      traced.push(name)
      return run()
    },
  })
  await holds('an attempt', () => probe().success)
  expect(await runner.lend(loan, async (client) => client)).toEqual({ open: true })
  expect(far.connections).toBe(1)
  expect(traced).toContain('a loan')
})

test('a loan that runs out of time fails alone: the probes and the health check find out whether the target is gone', async () => {
  const { runner, probe } = start([probeOf(async () => 1)])
  const told: unknown[] = []
  const late = runner.lend({ ...loan, deadline: 50 }, (_client, signal) => {
    signal.addEventListener('abort', () => told.push(signal.reason))
    return never()
  })
  expect(await reasonOf(late)).toBe('timeout')
  expect(told).toHaveLength(1)
  const { lastSuccess = 0 } = probe()
  await holds('another answer', () => (probe().lastSuccess ?? 0) > lastSuccess)
  expect(runner.state().circuit.open).toBe(false)
})

test('a refused connection of a loan opens the circuit, which ends the others and refuses the next', async () => {
  const { far, runner } = start([])
  far.check = never
  const other = runner.lend(loan, never)
  const refused = runner.lend(loan, async () => {
    throw new CollectError('connect', 'connection refused')
  })
  expect(await reasonOf(refused)).toBe('connect')
  expect(await reasonOf(other)).toBe('connect')
  expect(runner.state().circuit).toMatchObject({ open: true, reason: 'connect' })
  expect(await reasonOf(runner.lend(loan, async () => 1))).toBe('circuit_open')
})

test('an answer that is no use opens nothing; a loan ends when nobody waits, and when its target is stopped', async () => {
  const { runner } = start([])
  const odd = runner.lend(loan, async () => {
    throw new CollectError('decode', 'HTML')
  })
  expect(await reasonOf(odd)).toBe('decode')
  const left = new AbortController()
  const unwanted = runner.lend({ ...loan, signal: left.signal }, never)
  left.abort()
  expect(await reasonOf(unwanted)).toBe('timeout')
  expect(runner.state().circuit.open).toBe(false)
  const last = runner.lend(loan, never)
  await runner.stop()
  expect(await reasonOf(last)).toBe('connect')
})

test('what loans take counts as essential load: those within the share stretch the probes, those apart do not', async () => {
  const client = async () => 1
  const link: Link = { circuit: () => ({ open: false }), client, open: () => {}, stop: () => {} }
  const lending = createLending({ link, redact: (text) => text, traced: (_name, run) => run(), took: () => 3000 })
  const probe: Load = { interval: 15_000, priority: 'normal', cost: 75 }
  const interval = () => stretch([probe, lending.loads().share], 0.01)[0]
  expect(interval()).toBe(15_000)
  await lending.lend({ ...loan, load: 'apart' }, client)
  expect(interval()).toBe(15_000)
  expect(busyRatio([lending.loads().all])).toBeCloseTo(0.01)
  await reasonOf(
    lending.lend(loan, async () => {
      throw new CollectError('query', 'no')
    }),
  )
  // half of the share is left for it, then none
  expect(interval()).toBeGreaterThan(15_000)
  expect(busyRatio([lending.loads().all])).toBeCloseTo(0.02)
})
