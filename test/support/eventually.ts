import { setTimeout as delay } from 'node:timers/promises'

/** Repeats a check until it passes; past the deadline (default 20 s) its last failure is thrown. */
export const eventually = async <T>(check: () => T | Promise<T>, deadline = 20_000, every = 50): Promise<T> => {
  const end = performance.now() + deadline
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > end) throw error
      await delay(every)
    }
  }
}
