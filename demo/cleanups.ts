/** What must be undone at the end, whatever happens: the last started ends first. */
export interface Cleanups {
  readonly defer: (cleanup: () => Promise<void> | void) => void
  /** Runs all, once, each even if another fails. Returns the failures. What is deferred later is run at once. */
  readonly run: () => Promise<readonly unknown[]>
}

export const createCleanups = (): Cleanups => {
  const stack: (() => Promise<void> | void)[] = []
  let running: Promise<readonly unknown[]> | undefined
  const runAll = async () => {
    const failures: unknown[] = []
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      try {
        await next()
      } catch (error) {
        failures.push(error)
      }
    }
    return failures
  }
  return {
    defer: (cleanup) => {
      stack.push(cleanup)
      // A part that came up while all others went down.
      if (running !== undefined) running = running.then(async (before) => [...before, ...(await runAll())])
    },
    run: () => {
      running ??= runAll()
      return running
    },
  }
}
