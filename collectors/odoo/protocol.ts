/** What the two protocols have in common: a method of a model is called, and a value comes back. */
import type { Value } from './values.ts'

export interface Call {
  readonly model: string
  readonly method: string
  /** In their order, for XML-RPC, and by name, for JSON-2. */
  readonly args: readonly (readonly [name: string, value: Value])[]
  /** By name in both. */
  readonly options: Readonly<Record<string, Value>>
}

/** Rejects with CollectError or Unsupported, or with the signal's reason. */
export type Protocol = (call: Call, signal: AbortSignal) => Promise<unknown>
