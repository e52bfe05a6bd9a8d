/** The unit: a collector is a list of probes, a probe is one question put to one system. Types only, and the two ways to say no. */
import type { z } from 'zod'
import type { OpenFlows } from './flow/read/access.ts'
import type { Duration, Instant, MetricDescriptor, Sample, TargetLabel } from './metric.ts'
import type { SecretRef } from './secret.ts'

/** Why a collection failed: a closed set, so that it is safe as a label. */
export const FAILURES = ['connect', 'auth', 'timeout', 'query', 'decode', 'series_limit', 'circuit_open'] as const
export type Failure = (typeof FAILURES)[number]

/**
 * Thrown by `connect`, `check` and `read`. The message is for people (log, landing page): it says what
 * happened and, where we know, what to do. It never holds a secret. Any other error counts as `query`.
 */
export class CollectError extends Error {
  readonly reason: Failure
  constructor(reason: Failure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CollectError'
    this.reason = reason
  }
}

/**
 * Thrown by `read` where this version, module set or grant does not allow the question; the message says
 * what is lacking and what would mend it. A probe that has worked before and now throws this has failed.
 */
export class Unsupported extends Error {
  override readonly name = 'Unsupported'
}

/** What may be given up first when a target is too busy for all that is asked of it. */
export type Priority = 'essential' | 'normal' | 'detail'

export interface Probe<Client, Raw> {
  readonly name: string
  readonly metrics: readonly MetricDescriptor[]
  /** A probe that emits counters polls at ≤ 15 s. */
  readonly interval: Duration
  /** For the answer, the connection being there; default `min(interval, 5 s)`. */
  readonly deadline?: Duration
  /** Default `normal`. */
  readonly priority?: Priority
  /** The only IO. When the signal aborts nobody waits for the answer any more. */
  readonly read: (client: Client, signal: AbortSignal) => Promise<Raw>
  /** Pure; tested from recorded replies. */
  readonly map: (raw: Raw, at: Instant) => readonly Sample[]
}

/** Declares a probe; `Raw` is inferred from `read`. */
export const probe = <Client, Raw>(p: Probe<Client, Raw>): Probe<Client, Raw> => p

export interface ConnectContext {
  /** Reads the secret now: a rotated file is followed at the next connect. Throws CollectError('auth', …). */
  readonly secret: (ref: SecretRef) => Promise<string>
  /** Aborts at the deadline; whatever was opened must then be destroyed. */
  readonly signal: AbortSignal
}

export interface Collector<Config, Client> {
  /** = its folder, and the key of its settings under a server or a tenant. */
  readonly name: string
  readonly config: z.ZodType<Config>
  /** 1 while the target answers, 0 while it does not: emitted by the engine, always, for every target. */
  readonly up: MetricDescriptor<TargetLabel>
  readonly connect: (config: Config, context: ConnectContext) => Promise<Client>
  /** A cheap call on a connection of its own: whether the target answers at all. */
  readonly check: (config: Config, context: ConnectContext) => Promise<void>
  /** Never waits for the far side: a hung socket is destroyed. */
  readonly close: (client: Client) => Promise<void>
  // biome-ignore lint/suspicious/noExplicitAny: each probe has its own Raw, known only to its read and map
  readonly probes: readonly Probe<Client, any>[]
  /** Whether this configuration leaves a metric out (`only: new`); a probe left with none is not run. */
  readonly leavesOut?: (config: Config, metric: MetricDescriptor) => boolean
  /**
   * Where its settings name tenants, each of which must stand under `tenants`: a path in which `*` is every item of a
   * list. What it leads to is a name, or a mapping whose keys are names.
   */
  readonly tenantNames?: readonly string[]
  /** How the business flows are read by this way; absent where it leads to no Odoo. */
  readonly flows?: OpenFlows<Client>
}

// biome-ignore lint/suspicious/noExplicitAny: the engine handles collectors without knowing their parts
export type AnyCollector = Collector<any, any>

/** One system to watch, by one collector. */
export interface Target {
  /** The server's or tenant's name in the configuration. */
  readonly name: string
  readonly collector: AnyCollector
  readonly config: unknown
  /** Put on every sample of this target. */
  readonly labels: Readonly<Partial<Record<TargetLabel, string>>>
  /** Overrides of the probes' own intervals, by probe name. */
  readonly intervals: Readonly<Record<string, Duration>>
}

/** What one probe last saw of one target. */
export interface Snapshot {
  readonly target: Target
  readonly probe: string
  readonly at: Instant
  readonly samples: readonly Sample[]
}
