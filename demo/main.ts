/** `npm run demo`: an estate and Odoo Pulse watching it, until Ctrl-C; nothing stays behind. */
import { bringDebianParts } from '../tools/debian.ts'
import { type DemoOptions, parseArguments } from './arguments.ts'
import { createCleanups } from './cleanups.ts'
import { TENANT_NAMES } from './estate.ts'
import { FAULTS } from './faults.ts'
import { type Demo, SHIPPED, startDemo } from './start.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const timed = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
  const began = performance.now()
  process.stdout.write(`  ${name} … `)
  try {
    const result = await run()
    say(`${((performance.now() - began) / 1000).toFixed(1)} s`)
    return result
  } catch (error) {
    say('failed')
    throw error
  }
}

const table = (demo: Demo, stay: number | undefined): string => {
  const { service, control, receiver, prometheus, alertmanager, estate, dir } = demo
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Odoo Pulse', `${service.url}/   metrics: ${service.url}/metrics`],
    ['Prometheus', prometheus && `${prometheus.url}/alerts`],
    ['Alertmanager', alertmanager && `${alertmanager.url}/`],
    ['Notifications', `${receiver.url}/`],
    ['PostgreSQL', `primary 127.0.0.1:${estate.primary.port}, standby 127.0.0.1:${estate.standby.port}`],
    ...TENANT_NAMES.map((tenant): readonly [string, string] => {
      const { url, version } = estate.odoos[tenant]
      return [
        `Odoo ${version}`,
        `${tenant}: ${url}/   by the ingress: curl -H 'Host: ${tenant}.localhost' ${estate.ingress.url}/web/health`,
      ]
    }),
    ['Ingress', `${estate.ingress.url}/   Traefik's metrics: ${estate.ingress.metricsUrl}`],
    ['Redis', estate.redis && `127.0.0.1:${estate.redis.port}`],
    ['Log', `${service.logFile}   (others beside it in ${dir})`],
    [
      'Faults',
      `curl -X POST ${control.url}/faults/NAME   starts one, -X DELETE heals it, ${control.url}/faults lists them`,
    ],
    ['', `${Object.keys(FAULTS).join(', ')}; an alert fires once its fault has lasted some minutes`],
    ['Ends', stay === undefined ? 'at Ctrl-C' : `by itself after ${stay / 1000} s, or at Ctrl-C`],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(14)}${value}`])).join('\n')
}

/** How the demo comes to its end: asked to (0), or because something failed (1). */
interface Ending {
  readonly exitCode: 0 | 1
  readonly message: string
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Resolves at the first reason to end; a signal after that one ends the process at once, and the guards end the rest. */
const firstEnding = (): { readonly ending: Promise<Ending>; readonly end: (ending: Ending) => void } => {
  const { promise, resolve } = Promise.withResolvers<Ending>()
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1)
      asked = true
      resolve({ exitCode: 0, message: 'Ending …' })
    })
  }
  const failed = (error: unknown) => resolve({ exitCode: 1, message: message(error) })
  process.on('uncaughtException', failed)
  process.on('unhandledRejection', failed)
  // Whoever read our lines is gone (a closed pipe).
  process.stdout.on('error', failed)
  return { ending: promise, end: resolve }
}

const run = async (options: DemoOptions): Promise<number> => {
  const began = performance.now()
  const cleanups = createCleanups()
  const { ending, end } = firstEnding()
  const lacking = bringDebianParts({ install: options.install, say })
  say('Starting:')
  let over = false
  const died = (name: string, text: string) => {
    if (over) return
    if (name === 'Odoo Pulse') end({ exitCode: 1, message: text })
    else say(text)
  }
  const starting = startDemo(options, lacking, { watching: SHIPPED, cleanups, say, step: timed, died }).then(
    (demo) => {
      if (over) return
      say(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.\n\n${table(demo, options.for)}\n`)
      if (options.for !== undefined) {
        setTimeout(() => end({ exitCode: 0, message: 'The time is over. Ending …' }), options.for)
      }
    },
    (error: unknown) => end({ exitCode: 1, message: message(error) }),
  )
  const { exitCode, message: why } = await ending
  over = true
  say(why)
  // A part on its way up is waited for, if that is not for long: then it is ended like the others.
  const patience = new Promise((resolve) => setTimeout(resolve, 3000))
  await Promise.race([starting, patience])
  const failures = await cleanups.run()
  for (const failure of failures) say(`While ending: ${message(failure)}`)
  say('Everything has ended, and its data is removed.')
  return failures.length > 0 ? 1 : exitCode
}

const parsed = parseArguments(process.argv.slice(2))
if (parsed.options !== undefined) process.exit(await run(parsed.options))
;(parsed.exitCode === 0 ? process.stdout : process.stderr).write(parsed.text)
process.exitCode = parsed.exitCode
