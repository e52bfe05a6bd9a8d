/**
 * Child processes that never outlive their use: started with a readiness check, their last output lines kept
 * for a failure's message, ended by a signal, a bound and SIGKILL, and guarded against the death of this process.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Duration } from '../src/metric.ts'

/** A user to run a child as; both numeric ids. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

export interface ProcessOptions {
  /** For people: progress and error messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The child's whole environment besides PATH; this process's own is not handed on. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly account?: Account
  /** Resolves once the child serves. The signal aborts when nobody waits any more: the child ended, or the deadline came. */
  readonly ready: (output: Output, signal: AbortSignal) => Promise<unknown>
  /** For becoming ready; default 20 s. */
  readonly deadline?: Duration
  /** What asks the child to end; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  /** A file that gets the whole output too. */
  readonly logFile?: string
  /** Removed by the guard if this process dies without stopping the child. */
  readonly dir?: string
}

/** A child's output, line by line. */
export interface Output {
  /** The last 30 lines. */
  readonly lines: () => readonly string[]
  /** Resolves with the first line, past or future, that matches. */
  readonly line: (pattern: RegExp) => Promise<string>
}

export interface RunningProcess extends Output {
  readonly name: string
  readonly pid: number
  /** Resolves when the child has ended, with how: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>
  /** Ends the child and its children, within `bound` (default 5 s) and a little; safe to call again. */
  readonly stop: (bound?: Duration) => Promise<void>
}

const KEPT_LINES = 30

const collect = (child: ChildProcess, logFile: string | undefined): Output => {
  const kept: string[] = []
  const waiting = new Set<{ readonly pattern: RegExp; readonly found: (line: string) => void }>()
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a', mode: 0o600 })
  log?.on('error', () => undefined)
  const take = (line: string) => {
    kept.push(line)
    if (kept.length > KEPT_LINES) kept.shift()
    log?.write(`${line}\n`)
    for (const wait of waiting) {
      if (!wait.pattern.test(line)) continue
      waiting.delete(wait)
      wait.found(line)
    }
  }
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', take)
  child.once('close', () => log?.end())
  return {
    lines: () => [...kept],
    line: (pattern) =>
      new Promise((found) => {
        const past = kept.find((line) => pattern.test(line))
        if (past === undefined) waiting.add({ pattern, found })
        else found(past)
      }),
  }
}

/** Guards a folder, or a process and its folder: see guard.sh. The result releases it. */
export const guard = (pid: number, options: { readonly dir?: string; readonly signal?: NodeJS.Signals }) => {
  const signal = (options.signal ?? 'SIGTERM').slice('SIG'.length)
  const script = join(import.meta.dirname, 'guard.sh')
  const watcher = spawn('sh', [script, signal, String(pid), ...(options.dir === undefined ? [] : [options.dir])], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => undefined)
  watcher.stdin.on('error', () => undefined)
  watcher.unref()
  // The pipe must not keep this process alive: ending by itself is when the guard is needed.
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  return () => {
    watcher.stdin.end('done\n')
  }
}

/** The direct children of a process; none if it is gone. */
export const childrenOf = (pid: number): readonly number[] => {
  const parse = (text: string) => text.split(/\s+/).filter(Boolean).map(Number)
  try {
    return parse(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
  } catch {
    try {
      return process.platform === 'linux' ? [] : parse(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }))
    } catch {
      return []
    }
  }
}

/** Sends a signal; a process that is gone is no error. */
export const signalTo = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // gone already
    }
  }
}

const within = async <T>(promise: Promise<T>, bound: Duration): Promise<T | undefined> => {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, delay(bound, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}

const end = async (pid: number, exited: Promise<string>, signal: NodeJS.Signals, bound: Duration): Promise<void> => {
  signalTo([pid, ...childrenOf(pid)], 'SIGCONT')
  signalTo([pid], signal)
  if ((await within(exited, bound)) !== undefined) return
  signalTo([pid, ...childrenOf(pid)].reverse(), 'SIGKILL')
  await within(exited, 2000)
}

/** Starts a child and waits until it is ready. Throws an Error that says why not and ends with its last lines. */
export const startProcess = async (options: ProcessOptions): Promise<RunningProcess> => {
  const { name, command, args, stopSignal = 'SIGTERM', deadline = 20_000 } = options
  const child = spawn(command, args, {
    // A session of its own: a Ctrl-C is for the parent, which ends its children in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.account,
  })
  const output = collect(child, options.logFile)
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)))
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} could not be started: ${await failed}`)
  const release = guard(pid, { signal: stopSignal, ...(options.dir === undefined ? {} : { dir: options.dir }) })
  const exited = new Promise<string>((resolve) =>
    child.once('close', (code, signal) => {
      release()
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`)
    }),
  )
  const waiting = new AbortController()
  const how = await Promise.race([
    within(
      options.ready(output, waiting.signal).then(() => 'ready'),
      deadline,
    ),
    exited.then((how) => `it ended with ${how}`),
  ])
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
    .finally(() => waiting.abort())
  const running: RunningProcess = {
    ...output,
    name,
    pid,
    exited,
    stop: (bound = 5000) => end(pid, exited, stopSignal, bound),
  }
  if (how === 'ready') return running
  await running.stop(1000)
  const last = output.lines().map((line) => `  ${line}`)
  const why = how ?? `not ready after ${deadline / 1000} s`
  throw new Error(
    [`${name} did not start: ${why}.`, ...(last.length > 0 ? ['Its last lines:', ...last] : [])].join('\n'),
  )
}

/** Resolves when the condition holds, asked every `every` ms; a condition that throws does not hold. Rejects when the signal aborts. */
export const until = async (
  condition: () => Promise<boolean>,
  signal: AbortSignal,
  every: Duration = 100,
): Promise<void> => {
  while (!(await condition().catch(() => false))) await delay(every, undefined, { signal })
}

/** Resolves when a GET of the address answers 200. */
export const answers = (url: string, signal: AbortSignal): Promise<void> =>
  until(async () => {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) })
    await response.body?.cancel()
    return response.status === 200
  }, signal)

/** A TCP port of the loopback interface that nobody listens on at this moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
        else resolve(address.port)
      })
    })
  })
