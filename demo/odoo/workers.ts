/** A fixed number of workers: a request has one to itself, the others wait in line. */

export interface Workers {
  readonly size: number
  readonly busy: number
  readonly waiting: number
  /** Runs the task once a worker is free, unless nobody waits for it any more by then. */
  readonly run: (task: () => Promise<void>, isWanted: () => boolean) => Promise<void>
  /** Takes workers, the free ones first, until called again with fewer; 0 frees them. */
  readonly occupy: (count: number) => void
}

export const newWorkers = (size: number): Workers => {
  const line: (() => void)[] = []
  let running = 0
  let occupied = 0
  const next = () => {
    while (running + occupied < size) {
      const first = line.shift()
      if (!first) return
      running += 1
      first()
    }
  }
  return {
    size,
    get busy() {
      return running + occupied
    },
    get waiting() {
      return line.length
    },
    run: async (task, isWanted) => {
      await new Promise<void>((resolve) => {
        line.push(resolve)
        next()
      })
      try {
        if (isWanted()) await task()
      } finally {
        running -= 1
        next()
      }
    },
    occupy: (count) => {
      occupied = Math.min(count, size)
      next()
    },
  }
}
