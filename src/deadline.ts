/** Waiting that always ends: work is left behind at its deadline, whether or not it notices. */
import { CollectError, type Failure } from './collector.ts'
import type { Duration } from './metric.ts'

/** Settles as `work` does, or rejects with the signal's reason when it aborts first. */
export const until = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })

/** Runs `work` under the controller's signal, which aborts with a `timeout` after `deadline`. */
export const within = async <T>(
  deadline: Duration,
  abort: AbortController,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = (): void => abort.abort(new CollectError('timeout', `no answer to ${what} within ${deadline / 1000} s`))
  const timer = setTimeout(late, deadline)
  try {
    return await until(abort.signal, work(abort.signal))
  } finally {
    clearTimeout(timer)
  }
}

/** Any error as a failure: what is not classified was refused or misunderstood, so `query`. */
export const failureOf = (error: unknown): { readonly reason: Failure; readonly message: string } =>
  error instanceof CollectError
    ? { reason: error.reason, message: error.message }
    : { reason: 'query', message: error instanceof Error ? error.message : String(error) }
