/** What is known of one flow of one tenant: what the page, the API and the landing page are made of. Plain data. */
import type { Histogram, Instant } from '../metric.ts'
import type { Expected } from './ledger/expected.ts'
import type { Windows } from './ledger/windows.ts'
import type { Document } from './read/reader.ts'
import type { FlowFile } from './spec/spec.ts'
import type { TenantFlow } from './spec/tenant_flow.ts'

/**
 * judged: verdicts are up to date; starting: not read yet; off: the operator's choice; unsupported: it can't be judged
 * on this Odoo; withheld: it could, but not every company is seen; failing: it was or should be judged, and can't be read.
 */
export const FLOW_STATES = ['judged', 'starting', 'off', 'unsupported', 'withheld', 'failing'] as const
export type FlowState = (typeof FLOW_STATES)[number]

/** What items are worth, in one currency. */
export interface Worth {
  readonly state: 'open' | 'overdue'
  readonly currency: string
  readonly value: number
}

/** One judgement; its instant is `windows.asOf`. */
export interface Reading {
  readonly windows: Windows
  /** Undefined until enough weeks are known. */
  readonly expected: Expected | undefined
  /** Of open and overdue items; empty where it is not asked for. */
  readonly worth: readonly Worth[]
  /** From start to completion, in seconds, of completions since this process began; undefined where it is not stored. */
  readonly durations: Histogram | undefined
  /** Failures seen since this process began, of which Odoo may forget some. */
  readonly failuresSeen: number
  /** Items of the span that are done without a time, though Odoo should store one: they are in no window. */
  readonly unjudged: number
}

export interface FlowReport {
  readonly tenant: string
  /** The tenant's: how much of the flow stands on the metrics page follows from it. */
  readonly tier: string
  readonly flow: TenantFlow
  /** What this Odoo lets be known of it; undefined until it is resolved: then the file's is shown. */
  readonly evidence: FlowFile['evidence'] | undefined
  readonly state: FlowState
  /** Why it is not judged, for people, redacted; undefined while it is. */
  readonly reason: string | undefined
  readonly via: 'rpc' | 'sql' | undefined
  /** The last judgement; undefined before the first, and once it is too old to stand. */
  readonly reading: Reading | undefined
  /** How much of the span has been read, 0–1; undefined where there is no span to read. */
  readonly progress: number | undefined
  /** Odoo's clock less ours; undefined until it is known. */
  readonly skew: number | undefined
  /** When its next question is due, our clock. */
  readonly nextLook: Instant | undefined
  /** What the members of its groups are called, by member; absent where no reader told. */
  readonly groupNames?: ReadonlyMap<string, string> | undefined
}

/** An open item past its deadline. */
export interface OverdueDocument extends Document {
  readonly due: Instant
}

/** What people go and look at. */
export interface Overdue {
  /** The oldest deadline first. */
  readonly documents: readonly OverdueDocument[]
  /** Where people reach this Odoo; undefined where only its database is known: then there are no links. */
  readonly url: string | undefined
  /** Its series, 18 say. */
  readonly version: number
}

/** Asks Odoo or its database, of a flow by its label. Rejects with CollectError or Unsupported, whose messages are shown. */
export type AskOverdue = (tenant: string, flow: string, limit: number, signal: AbortSignal) => Promise<Overdue>
