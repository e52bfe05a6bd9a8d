/** One connection's life: it ends once, with a reason, and from then on everything asked of it fails with that. */
import type { CollectError } from '../../src/collector.ts'
import { type Address, late } from './explain.ts'

export interface Life {
  /** The first reason stays. */
  readonly end: (why: CollectError) => void
  readonly ended: () => CollectError | undefined
  /** Runs the work unless it has ended; when the signal aborts, it ends. */
  readonly until: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>
}

/** `destroy` makes all that is under way settle soon. */
export const lifeOf = (address: Address, destroy: () => void): Life => {
  let ended: CollectError | undefined
  const end = (why: CollectError): void => {
    if (ended !== undefined) return
    ended = why
    destroy()
  }
  return {
    end,
    ended: () => ended,
    until: async (signal, work) => {
      const abort = (): void => end(late(address))
      if (signal.aborted) abort()
      if (ended !== undefined) throw ended
      signal.addEventListener('abort', abort, { once: true })
      try {
        return await work()
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}
