/** A collector over a scriptable target: what the engine's own tests poll. */
import { pino } from 'pino'
import { z } from 'zod'
import type { Collector, Probe, Target } from '../../src/collector.ts'
import { createExposition } from '../../src/exposition.ts'
import { metric, sample } from '../../src/metric.ts'
import type { RunnerDeps } from '../../src/runner.ts'
import { eventually } from './eventually.ts'

export const up = metric({
  name: 'test_up',
  type: 'gauge',
  unit: 'bool',
  help: 'Up.',
  labels: ['server'],
  maxSeries: 1,
})
export const answer = metric({
  name: 'test_answer',
  type: 'gauge',
  unit: 'count',
  help: 'The answer.',
  labels: ['server', 'part'],
  maxSeries: 3,
})

/** The far side; a test changes its fields. */
export interface FarSide {
  connect: () => Promise<void>
  check: () => Promise<void>
  connections: number
  closed: number
}

export const farSide = (): FarSide => ({
  connect: async () => {},
  check: async () => {},
  connections: 0,
  closed: 0,
})

export const never = (): Promise<never> => new Promise(() => {})

export const collectorOf = (
  far: FarSide,
  probes: readonly Probe<unknown, unknown>[],
): Collector<unknown, { readonly open: true }> => ({
  name: 'test',
  config: z.unknown(),
  up,
  connect: async () => {
    far.connections += 1
    await far.connect()
    return { open: true }
  },
  check: () => far.check(),
  close: async () => {
    far.closed += 1
  },
  probes,
})

export const probeOf = (
  read: (signal: AbortSignal) => Promise<number | undefined>,
  over: Partial<Probe<unknown, unknown>> = {},
): Probe<unknown, unknown> => ({
  name: 'answer',
  metrics: [answer],
  interval: 40,
  read: (_client, signal) => read(signal),
  map: (raw) => sample(answer, { part: 'a' }, raw as number | undefined),
  ...over,
})

export const targetOf = (collector: Collector<unknown, { readonly open: true }>): Target => ({
  name: 'far',
  collector,
  config: {},
  labels: { server: 'far' },
  intervals: {},
})

export const runnerDeps = (over: Partial<RunnerDeps> = {}): RunnerDeps => ({
  secret: async () => '',
  redact: (text) => text,
  log: pino({ level: 'silent' }),
  exposition: createExposition(Date.now),
  share: 1,
  onDropped: () => {},
  traced: (_name, _attributes, run) => run(),
  ...over,
})

/** Repeats until `condition` holds, and gives what it found; at the deadline it fails naming `what`. */
export const holds = <T>(what: string, condition: () => T | Promise<T>, deadline?: number): Promise<NonNullable<T>> =>
  eventually(
    async () => {
      const found = await condition()
      if (!found) throw new Error(`in vain waited for ${what}`)
      return found
    },
    deadline,
    20,
  )
