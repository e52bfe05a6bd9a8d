/** Starts the whole demo, part by part. */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duration, seconds } from '../src/metric.ts'
import { findBinary, PARTS, type Part } from '../tools/debian.ts'
import { alertmanagerConfig, startAlertmanager } from './alertmanager.ts'
import type { Address, DemoOptions } from './arguments.ts'
import type { Cleanups } from './cleanups.ts'
import { type Control, startControl } from './control.ts'
import { type Estate, startEstate } from './estate.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { freePort, guard, type RunningProcess } from './processes.ts'
import { type HttpPart, prometheusConfig, startPrometheus } from './prometheus.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { ROOT, type Service, startService } from './service.ts'

export interface Demo {
  readonly dir: string
  readonly estate: Estate
  readonly service: Service
  readonly faults: FaultSwitch
  readonly control: Control
  readonly receiver: Receiver
  readonly prometheus: HttpPart | undefined
  readonly alertmanager: HttpPart | undefined
}

/** How Prometheus watches: the demo takes the shipped rules, a test may take others. */
export interface Watching {
  /** Paths or globs. */
  readonly ruleFiles: readonly string[]
  /** Of scraping and of evaluating the rules. */
  readonly interval: Duration
}

export const SHIPPED: Watching = {
  ruleFiles: [join(ROOT, 'alert-rules', 'generated', '*.yaml')],
  // What happens is seen within seconds.
  interval: seconds(5),
}

/** What the start needs of its surroundings. */
export interface Surroundings {
  readonly watching: Watching
  readonly cleanups: Cleanups
  /** A whole line. */
  readonly say: (line: string) => void
  /** Runs a step and tells how long it took. */
  readonly step: <T>(name: string, run: () => Promise<T>) => Promise<T>
  /** Told of every process that ended, expected or not. */
  readonly died: (name: string, message: string) => void
}

const addressFor = async ({ host, port }: Address): Promise<string> => {
  if (port === 0) return `${host}:${await freePort()}`
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', () => reject(new Error(`${host}:${port} is in use: choose another by --listen ${host}:PORT`)))
    server.listen(port, host, () => server.close(() => resolve()))
  })
  return `${host}:${port}`
}

const makeFolder = async (cleanups: Cleanups): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-demo-'))
  const release = guard(0, { dir })
  cleanups.defer(() => {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    release()
  })
  return dir
}

/** Starts everything but what Debian lacks. Throws when a part does not start; the cleanups then end the others. */
export const startDemo = async (
  options: DemoOptions,
  lacking: readonly Part[],
  around: Surroundings,
): Promise<Demo> => {
  const { cleanups, say, step, died } = around
  const listen = await addressFor(options.listen)
  const dir = await makeFolder(cleanups)
  const watch = (child: RunningProcess) => {
    cleanups.defer(() => child.stop())
    child.exited.then((how) => died(child.name, [`${child.name} ended with ${how}.`, ...child.lines()].join('\n  ')))
  }
  const binaryOf = (name: Part['name']): string | undefined =>
    lacking.some((part) => part.name === name)
      ? undefined
      : findBinary(PARTS.find((part) => part.name === name)?.binaries[0] ?? [])
  /** Starts a part that comes from Debian; undefined where it is lacking. */
  const optional = async <T extends { readonly process: RunningProcess }>(
    name: Part['name'],
    title: string,
    run: (binary: string) => Promise<T>,
  ): Promise<T | undefined> => {
    const binary = binaryOf(name)
    if (binary === undefined) {
      say(`${title} is left out: its Debian package is lacking.`)
      return undefined
    }
    const part = await step(title, () => run(binary))
    watch(part.process)
    return part
  }

  const estate = await startEstate({
    dir,
    speed: options.speed,
    redis: binaryOf('redis'),
    cleanups,
    step,
    troubled: (error) => say(`in the demo itself: ${error.message}`),
  })
  if (estate.redis === undefined) say('Redis is left out: its Debian package is lacking.')
  const receiver = await startReceiver((line) => say(`notification: ${line}`))
  cleanups.defer(receiver.stop)
  const service = await step('Odoo Pulse', () => startService({ estate, dir, listen }))
  watch(service.process)
  const alertmanager = await optional('alertmanager', 'Alertmanager', (binary) =>
    startAlertmanager({ binary, dir, config: alertmanagerConfig(receiver.webhook) }),
  )
  const config = prometheusConfig({
    targets: [listen],
    alertmanager: alertmanager && new URL(alertmanager.url).host,
    ...around.watching,
  })
  const prometheus = await optional('prometheus', 'Prometheus', (binary) => startPrometheus({ binary, dir, config }))
  const faults = createFaultSwitch(estate)
  cleanups.defer(faults.healAll)
  const control = await startControl(faults, say)
  cleanups.defer(control.stop)
  for (const name of options.faults) await step(`fault ${name}`, () => faults.start(name))
  return { dir, estate, service, faults, control, receiver, prometheus, alertmanager }
}
