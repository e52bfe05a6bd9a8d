import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../src/config.ts'
import { oneAtATime, type Service, type ServiceContext, serve } from '../src/serve.ts'
import { collectors } from './support/collectors.ts'
import { eventually } from './support/eventually.ts'

let dir: string
let file: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-serve-'))
  file = join(dir, 'odoo-pulse.yaml')
})
afterEach(() => rm(dir, { recursive: true }))

describe('the life of a service', () => {
  /** A service that only remembers what was done to it. */
  const start = (service: Partial<Service> = {}, extra: { readonly listen?: string } = {}) => {
    const signals = new EventEmitter()
    const said: string[] = []
    const applied: Config[] = []
    const read: boolean[] = []
    const logged: string[] = []
    const started = Promise.withResolvers<ServiceContext & { readonly config: Config }>()
    const code = serve({
      configFile: file,
      collectors,
      env: {},
      signals,
      logTo: { write: (line) => logged.push(line) },
      complain: (line) => said.push(line.replace(dir, '')),
      start: async (config, context) => {
        started.resolve({ ...context, config })
        return {
          apply: async (next) => void applied.push(next),
          configRead: (usable) => void read.push(usable),
          stop: async () => {},
          ...service,
        }
      },
      ...extra,
    })
    return { signals, said, applied, read, logged: () => logged.join(''), code, started: started.promise }
  }

  test('started, reloaded, ended; nothing listens afterwards', async () => {
    await writeFile(file, 'servers: { a: {} }')
    const { signals, started, applied, read, code } = start({}, { listen: ':1' })
    expect((await started).config).toMatchObject({ listen: ':1', servers: [{ name: 'a' }] })
    await eventually(() => expect(read).toEqual([true]))
    await writeFile(file, 'servers: { a: {}, b: {} }')
    signals.emit('SIGHUP')
    await eventually(() => expect(read).toEqual([true, true]))
    expect(applied).toMatchObject([{ listen: ':1', servers: [{ name: 'a' }, { name: 'b' }] }])
    signals.emit('SIGTERM')
    expect(await code).toBe(0)
    expect(signals.eventNames()).toEqual([])
  })

  test('a reload with problems changes nothing and names them all', async () => {
    await writeFile(file, '{}')
    const { signals, started, applied, read, logged, code } = start()
    const { reload } = await started
    await eventually(() => expect(read).toEqual([true]))
    await writeFile(file, 'serverz: {}\nlisten: 1\n')
    expect(await reload()).toEqual({
      ok: false,
      problems: [expect.stringContaining('serverz'), expect.stringContaining('listen')],
    })
    expect(logged()).toMatch(/"problem":"[^\n]*serverz: unknown key; did you mean[^\n]*\n[^\n]*listen: write HOST:PORT/)
    await rm(file)
    expect(await reload()).toMatchObject({ ok: false })
    expect({ applied, read }).toEqual({ applied: [], read: [true, false, false] })
    await writeFile(file, '{}')
    expect(await reload()).toEqual({ ok: true })
    signals.emit('SIGINT')
    expect(await code).toBe(0)
  })

  test('a reload that cannot be put in force is said', async () => {
    await writeFile(file, '{}')
    const { signals, started, read, code } = start({ apply: () => Promise.reject(new Error('no room')) })
    const { reload } = await started
    await eventually(() => expect(read).toEqual([true]))
    expect(await reload()).toEqual({ ok: false, problems: ['no room'] })
    expect(read).toEqual([true, false])
    signals.emit('SIGTERM')
    expect(await code).toBe(0)
  })

  test('a bad configuration: every problem, exit code 2, nothing started', async () => {
    await writeFile(file, 'serverz: {}\nlisten: 1\n')
    const { code, said, signals } = start()
    expect(await code).toBe(2)
    expect(said).toEqual([
      '/odoo-pulse.yaml:1:1 serverz: unknown key; did you mean "servers"?',
      expect.stringContaining('/odoo-pulse.yaml:2:9 listen: write HOST:PORT'),
    ])
    expect(signals.eventNames()).toEqual([])
  })

  test('what hangs at the end is left behind before 5 s are over', async () => {
    await writeFile(file, '{}')
    const { signals, read, code } = start({ stop: () => new Promise(() => {}) })
    await eventually(() => expect(read).toEqual([true]))
    const before = performance.now()
    signals.emit('SIGTERM')
    expect(await code).toBe(1)
    expect(performance.now() - before).toBeLessThan(5000)
  })

  test('a second signal ends it at once', async () => {
    await writeFile(file, '{}')
    const { signals, read, code } = start({ stop: () => new Promise(() => {}) })
    await eventually(() => expect(read).toEqual([true]))
    const before = performance.now()
    signals.emit('SIGTERM')
    signals.emit('SIGINT')
    expect(await code).toBe(1)
    expect(performance.now() - before).toBeLessThan(1000)
  })

  test('an uncaught exception ends it, a rejection nobody waits for does not', async () => {
    await writeFile(file, '{}')
    const { signals, started, read, logged, code } = start()
    const { reload } = await started
    await eventually(() => expect(read).toEqual([true]))
    signals.emit('unhandledRejection', new Error('nobody waits (a test)'))
    expect(await reload()).toEqual({ ok: true })
    signals.emit('uncaughtException', new Error('nobody caught it (a test)'))
    expect(await code).toBe(1)
    expect(logged()).toMatch(/"error"[^\n]*nobody waits[\s\S]*"fatal"[^\n]*nobody caught it/)
  })

  test('what is read at the start only is said when it changes', async () => {
    await writeFile(file, 'listen: ":1"')
    const { signals, started, read, logged, code } = start()
    const { reload } = await started
    await eventually(() => expect(read).toEqual([true]))
    await writeFile(file, 'listen: ":2"\nlogging: { level: warn }\ntelemetry: { otlp_endpoint: http://h }')
    expect(await reload()).toEqual({ ok: true })
    expect(logged()).toMatch(/"setting":"listen"[\s\S]*"setting":"telemetry.otlp_endpoint"/)
    signals.emit('SIGTERM')
    expect(await code).toBe(0)
    expect(logged()).not.toContain('"ended"')
  })

  test('one at a time, and who asks meanwhile gets a run that began afterwards', async () => {
    let begun = 0
    let atOnce = 0
    const gates: (() => void)[] = []
    const run = oneAtATime(async () => {
      const mine = ++begun
      expect(++atOnce).toBe(1)
      await new Promise<void>((resolve) => gates.push(resolve))
      atOnce--
      return mine
    })
    const answers = [run(), run(), run()]
    gates.shift()?.()
    await answers[0]
    await eventually(() => expect(gates).toHaveLength(1))
    gates.shift()?.()
    expect(await Promise.all(answers)).toEqual([1, 2, 2])
    const last = run()
    gates.shift()?.()
    expect(await last).toBe(3)
  })
})

describe('as a process', () => {
  const PASSWORD = 'a-very-secret-password'
  let child: ChildProcess | undefined
  let stderr: string
  afterEach(() => {
    if (child?.exitCode === null) child.kill('SIGKILL')
  })

  const begin = (...flags: readonly string[]): ChildProcess => {
    stderr = ''
    const main = join(import.meta.dirname, '../src/main.ts')
    const args = [main, 'serve', '--config', file, '--listen', '127.0.0.1:0', ...flags]
    const begun = spawn(process.execPath, args, { env: { PW: PASSWORD }, stdio: ['ignore', 'ignore', 'pipe'] })
    begun.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child = begun
    return begun
  }

  const url = () =>
    eventually(() => {
      const found = /"url":"(http:[^"]+)"/.exec(stderr)?.[1]
      if (found === undefined || !stderr.includes('"started"')) throw new Error(`not started: ${stderr}`)
      return found
    })

  const page = async (address: string, path = '/metrics') => (await fetch(address + path)).text()

  const CONFIG = `servers: { a: { db_cluster: main, postgres: { host: 127.0.0.1, port: 1, user: u, password: { env: PW } } } }\n`

  test('serves, reloads by SIGHUP or keeps the old configuration, ends on SIGTERM within 5 s', async () => {
    await writeFile(file, CONFIG)
    await mkdir(join(dir, 'tenants.d'))
    const running = begin()
    const address = await url()
    await eventually(async () => expect(await page(address)).toContain('pg_up{server="a"} 0'))
    expect(await page(address)).not.toContain('odoo_tenant_info{')

    const tenant = join(dir, 'tenants.d/acme.yaml')
    await writeFile(tenant, `tenants: { "L'Été \\"1\\"": { tier: dedicated, databases: [{ server: a, datname: x }] } }`)
    running.kill('SIGHUP')
    const info = `odoo_tenant_info{tenant="L'Été \\"1\\"",tier="dedicated",db_cluster="main"} 1`
    await eventually(async () => expect(await page(address)).toContain(info))
    expect(await page(address)).toContain(
      `odoo_tenant_database_info{tenant="L'Été \\"1\\"",server="a",datname="x",db_cluster="main"} 1`,
    )

    await writeFile(tenant, 'tenants: { x: { tier: shard } }')
    running.kill('SIGHUP')
    await eventually(async () => expect(await page(address)).toContain('\nodoo_pulse_config_last_reload_successful 0'))
    expect(await page(address)).toContain(info)
    expect(stderr).toContain('tenants.x.tier: no such tier under `tiers`; did you mean \\"shared\\"?')

    const before = performance.now()
    running.kill('SIGTERM')
    expect(await once(running, 'exit')).toEqual([0, null])
    expect(performance.now() - before).toBeLessThan(5000)
    for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
    expect(stderr).not.toContain(PASSWORD)
  })

  test('an address that is taken: exit code 1, and what to do', async () => {
    await writeFile(file, CONFIG)
    begin()
    const taken = new URL(await url()).host
    const first = child
    const second = begin('--listen', taken)
    try {
      expect(await once(second, 'exit')).toEqual([1, null])
      await eventually(() => expect(stderr).toContain('another process listens there'))
    } finally {
      first?.kill('SIGTERM')
      if (first) await once(first, 'exit')
    }
  })
})
