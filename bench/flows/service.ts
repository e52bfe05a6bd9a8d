/** The real service against the world, at its default cadence: what it takes of Odoo, of the database, and itself. */
import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { freePort } from '../../demo/processes.ts'
import { cpuOf, memoryOf, watchBackends } from './backends.ts'
import { writeConfig } from './config.ts'
import { table } from './table.ts'
import { nothing, type Spent, type Way, type World } from './world.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const delays = z.object({ p50: z.number(), p99: z.number(), p999: z.number(), max: z.number() })
const loop = z.object({ waited: delays, worked: delays, heap: z.number(), external: z.number() })
type Loop = z.infer<typeof loop>

const flows = z.object({
  flows: z.array(
    z.object({
      tenant: z.string(),
      flow: z.string(),
      state: z.string(),
      reason: z.string().nullish(),
      progress: z.number().nullish(),
    }),
  ),
})
type Report = z.infer<typeof flows>['flows'][number]

interface Moment {
  readonly at: number
  readonly cpu: number
  readonly backends: ReadonlyMap<string, number>
  readonly spent: ReadonlyMap<Way, Spent>
}

const less = (a: Spent, b: Spent): Spent => ({
  calls: a.calls - b.calls,
  ms: a.ms - b.ms,
  databaseMs: a.databaseMs - b.databaseMs,
  bytes: a.bytes - b.bytes,
})

/** A line a way: what was spent between two moments. */
const shares = (name: string, ways: readonly Way[], from: Moment, to: Moment): string => {
  const wall = to.at - from.at
  const percent = (ms: number) => `${((ms / wall) * 100).toFixed(3)} %`
  const rows = ways.map((way) => {
    const backend = (to.backends.get(way) ?? 0) - (from.backends.get(way) ?? 0)
    if (way === 'sql') return [way, '', '', '', '', '', percent(backend)]
    const { calls, ms, databaseMs, bytes } = less(to.spent.get(way) ?? nothing, from.spent.get(way) ?? nothing)
    const minutes = wall / 60_000
    return [
      way,
      calls / minutes,
      ms / minutes,
      percent(ms),
      databaseMs / minutes,
      bytes / minutes / 1024,
      percent(backend),
    ]
  })
  const head = [
    '',
    'calls/min',
    'stand-in ms/min',
    'of one worker',
    'in database ms/min',
    'KB/min',
    'of a database core',
  ]
  return `${name}, ${(wall / 1000).toFixed(0)} s\n${table([head, ...rows])}\nthe service itself: ${percent(to.cpu - from.cpu)} of a core`
}

export interface ServiceOptions {
  readonly world: World
  readonly minutes: number
  readonly ways: readonly Way[]
  readonly say: (line: string) => void
  /** Of `npm run build`, as it is shipped. */
  readonly isBuilt: boolean
}

export const measureService = async ({ world, minutes, ways, say, isBuilt }: ServiceOptions): Promise<void> => {
  const { dir, file } = writeConfig(world, ways)
  const listen = `127.0.0.1:${await freePort()}`
  const main = isBuilt ? join(ROOT, 'dist', 'src', 'main.js') : join(ROOT, 'src', 'main.ts')
  const child = fork(main, ['serve', '--config', file, '--listen', listen], {
    // As the Dockerfile starts it.
    execArgv: ['--max-semi-space-size=4', '--import', join(import.meta.dirname, 'loop.ts')],
    cwd: dir,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let last: Loop | undefined
  child.on('message', (message) => {
    last = loop.parse(message)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { pid = 0 } = child
  try {
    const backends = watchBackends(world.postgres)
    let heapPeak = 0
    const moment = async (): Promise<Moment> => ({
      at: performance.now(),
      cpu: cpuOf(pid) ?? 0,
      backends: await backends.sample(),
      spent: new Map(ways.map((way) => [way, world.spent(way)])),
    })
    const reports = async (): Promise<readonly Report[]> => {
      const response = await fetch(`http://${listen}/api/v1/flows`, { signal: AbortSignal.timeout(5_000) })
      return flows.parse(await response.json()).flows
    }
    const begun = await moment()
    const known = new Map<string, number>()
    const states = new Map<string, string>()
    let loaded: Moment | undefined
    let backfillLoop: Loop | undefined
    while (performance.now() - begun.at < minutes * 60_000 && child.exitCode === null) {
      await delay(1_000)
      await backends.sample()
      heapPeak = Math.max(heapPeak, last?.heap ?? 0)
      if (states.size === 0 && last !== undefined && (await reports().catch(() => [])).length > 0) {
        // What loading its modules took is not of interest.
        child.send('reset')
      }
      for (const { tenant, flow, state, reason, progress } of await reports().catch(() => [])) {
        const name = `${tenant} ${flow}`
        const said = `${state}${reason ? `: ${reason}` : ''}`
        if (states.get(name) !== said) states.set(name, said)
        const isKnown = state === 'judged' && (progress === null || progress === undefined || progress >= 1)
        if (isKnown && !known.has(name)) known.set(name, (performance.now() - begun.at) / 1000)
      }
      if (loaded === undefined && states.size > 0 && known.size === states.size) {
        loaded = await moment()
        backfillLoop = last
        child.send('reset')
        say(`every flow is whole after ${((loaded.at - begun.at) / 1000).toFixed(0)} s`)
      }
    }
    const end = await moment()
    const memory = memoryOf(pid)
    const slowest = [...known].sort((a, b) => b[1] - a[1])
    say(`\nWhole after (s):\n${table(slowest.map(([name, at]) => [name, at]))}`)
    for (const [name, said] of states) if (!known.has(name)) say(`not whole: ${name}: ${said}`)
    say(`\n${shares('while backfilling', ways, begun, loaded ?? end)}`)
    if (loaded) say(`\n${shares('after that', ways, loaded, end)}`)
    const held = (when: string, told: Loop | undefined) =>
      told
        ? [
            [`${when}, by the wall`, told.waited.p50, told.waited.p99, told.waited.p999, told.waited.max],
            [`${when}, by its own CPU`, told.worked.p50, told.worked.p99, told.worked.p999, told.worked.max],
          ]
        : []
    const rows = [...held('while backfilling', backfillLoop ?? last), ...(loaded ? held('after that', last) : [])]
    say(`\nEvent loop held up, ms\n${table([['', 'p50', 'p99', 'p99.9', 'max'], ...rows])}`)
    say(
      `\nResident memory: ${memory.now.toFixed(0)} MB, at most ${memory.peak.toFixed(0)} MB ; heap ${last?.heap.toFixed(0)}, at most ${heapPeak.toFixed(0)} MB`,
    )
  } finally {
    child.kill('SIGTERM')
    await Promise.race([ended, delay(10_000)])
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
}
