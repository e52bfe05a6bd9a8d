/** The engine: a runner a target, exchanged as the configuration changes. */
import { isDeepStrictEqual } from 'node:util'
import { CollectError, type Target } from './collector.ts'
import type { Loan } from './lend.ts'
import { type Runner, type RunnerDeps, startRunner } from './runner.ts'
import type { CircuitState, TargetState } from './state.ts'

export type { ProbeState, TargetState } from './state.ts'

export interface Engine {
  /** Starts what is new, stops what is gone, restarts what has changed; the rest goes on undisturbed. */
  readonly apply: (targets: readonly Target[], share: number) => Promise<void>
  readonly states: () => readonly TargetState[]
  /** Whether every probe of every target has been attempted. */
  readonly ready: () => boolean
  /** Brings the snapshots of one target up to date within their intervals; false if there is none of that name. */
  readonly refresh: (target: string, collector: string) => Promise<boolean>
  /** Lends the target's one connection (`Lend`); CollectError('connect') if there is no such target. */
  readonly lend: <T>(
    target: string,
    collector: string,
    loan: Loan,
    work: (client: unknown, signal: AbortSignal) => Promise<T>,
  ) => Promise<T>
  readonly circuit: (target: string, collector: string) => CircuitState | undefined
  readonly stop: () => Promise<void>
}

const keyOf = (target: Target): string => `${target.collector.name}\0${target.name}`

const isSame = (a: Target, b: Target): boolean =>
  a.collector === b.collector && isDeepStrictEqual([a.config, a.labels, a.intervals], [b.config, b.labels, b.intervals])

export const createEngine = (deps: Omit<RunnerDeps, 'share'>): Engine => {
  let runners = new Map<string, { readonly runner: Runner; readonly share: number }>()
  return {
    apply: async (targets, share) => {
      const wanted = new Map(targets.map((target) => [keyOf(target), target]))
      const stays = (key: string, runner: Runner, oldShare: number): boolean => {
        const target = wanted.get(key)
        return target !== undefined && oldShare === share && isSame(target, runner.target)
      }
      const old = runners
      await Promise.all([...old].map(([key, r]) => (stays(key, r.runner, r.share) ? undefined : r.runner.stop())))
      runners = new Map(
        [...wanted].map(([key, target]) => {
          const before = old.get(key)
          if (before && stays(key, before.runner, before.share)) return [key, before]
          return [key, { runner: startRunner(target, { ...deps, share }), share }]
        }),
      )
    },
    states: () => [...runners.values()].map(({ runner }) => runner.state()),
    ready: () =>
      [...runners.values()].every(({ runner }) => runner.state().probes.every((p) => p.success !== undefined)),
    refresh: async (target, collector) => {
      const found = runners.get(`${collector}\0${target}`)
      await found?.runner.refresh()
      return found !== undefined
    },
    lend: (target, collector, loan, work) => {
      const found = runners.get(`${collector}\0${target}`)
      if (found) return found.runner.lend(loan, work)
      return Promise.reject(new CollectError('connect', `${target} is not watched by ${collector}`))
    },
    circuit: (target, collector) => runners.get(`${collector}\0${target}`)?.runner.state().circuit,
    stop: async () => {
      await Promise.all([...runners.values()].map(({ runner }) => runner.stop()))
      runners = new Map()
    },
  }
}
