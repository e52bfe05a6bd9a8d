/** At most `n` at once, first come first served; an abort gives up waiting. */
export type Limit = <T>(signal: AbortSignal, task: () => Promise<T>) => Promise<T>

/** `Limit` rejects with `tooLate()` when the signal aborts before the task's turn. */
export const limit = (n: number, tooLate: () => Error): Limit => {
  const waiting = new Set<() => void>()
  let running = 0
  const turn = (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.reject(tooLate())
    if (running < n) {
      running += 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        waiting.delete(go)
        reject(tooLate())
      }
      signal.addEventListener('abort', giveUp, { once: true })
      waiting.add(go)
    })
  }
  const done = (): void => {
    const [next] = waiting
    if (next === undefined) running -= 1
    else {
      waiting.delete(next)
      next()
    }
  }
  return async (signal, task) => {
    await turn(signal)
    try {
      return await task()
    } finally {
      done()
    }
  }
}
