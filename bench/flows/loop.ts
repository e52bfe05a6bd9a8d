/** Loaded into the service before anything else (`--import`): tells its parent how long its event loop was held up. */
import { createHistogram } from 'node:perf_hooks'

/** A timer of so many ms: what lies beyond between two of its calls is time in which nothing else could run. */
const EVERY = 5

// By the wall, as callers feel it, which on a busy machine includes waiting for a core; and by the thread's own CPU.
const waited = createHistogram()
const worked = createHistogram()
let last = performance.now()
let cpu = process.threadCpuUsage()

setInterval(() => {
  const now = performance.now()
  const { user, system } = process.threadCpuUsage(cpu)
  waited.record(Math.max(1, Math.round((now - last - EVERY) * 1000)))
  worked.record(Math.max(1, user + system))
  last = now
  cpu = process.threadCpuUsage()
}, EVERY).unref()

const told = ({ percentile, max }: { percentile: (n: number) => number; max: number }) => ({
  p50: percentile(50) / 1000,
  p99: percentile(99) / 1000,
  p999: percentile(99.9) / 1000,
  max: max / 1000,
})

setInterval(() => {
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({
    waited: told({ percentile: (n) => waited.percentile(n), max: waited.max }),
    worked: told({ percentile: (n) => worked.percentile(n), max: worked.max }),
    heap: heapUsed / 1024 / 1024,
    external: external / 1024 / 1024,
  })
}, 500).unref()

process.on('message', (message) => {
  if (message !== 'reset') return
  waited.reset()
  worked.reset()
})
// The channel must not keep the service alive.
process.channel?.unref()
