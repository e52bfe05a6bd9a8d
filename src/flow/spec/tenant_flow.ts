/** A flow as one tenant has it: its file, and what the configuration says of it. Plain data. */
import type { Condition } from '../condition/condition.ts'
import type { DatedTarget } from '../ledger/verdict.ts'
import type { EVIDENCE, FlowFile, MODES } from './spec.ts'
import type { Flow } from './spec_file.ts'

export type Mode = (typeof MODES)[number]
export type Evidence = (typeof EVIDENCE)[number]
export type Target = FlowFile['target']

/** auto: by SQL where it is configured, else by RPC. */
export const FLOW_READERS = ['auto', 'rpc', 'sql'] as const
export type FlowReaderChoice = (typeof FLOW_READERS)[number]

export interface TenantFlow {
  readonly flow: Flow
  /** Why it is not judged at all, for people: switched off, or not narrowed yet. */
  readonly off: string | undefined
  /** Which of the rows the promise is for; added to the base of whichever variant applies. */
  readonly narrow: readonly Condition[]
  /** In place of the flow's own; undefined: that one stands. */
  readonly group: FlowFile['group']
  /** Oldest first. */
  readonly targets: readonly [DatedTarget<Target>, ...(readonly DatedTarget<Target>[])]
  /** 0–1: the share of items due that must be good. */
  readonly objective: number
  readonly mode: Mode
  /** Whether amounts of money are shown. */
  readonly showsValue: boolean
}
