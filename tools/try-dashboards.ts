/**
 * `npm run dashboards`: every query of every dashboard, put to the Prometheus of a demo that has run for a while, or to one
 * of your own. Exit code 1 where one fails, or gives nothing and says no reason why it might; 2 for a usage error.
 */
import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Command, InvalidArgumentError } from 'commander'
import { dashboards } from '../dashboards/index.ts'
import { buildDashboard } from '../dashboards/parts/dashboard.ts'
import { createCleanups } from '../demo/cleanups.ts'
import { FAULTS, type FaultName, faultNamed } from '../demo/faults.ts'
import { type Demo, SHIPPED, startDemo } from '../demo/start.ts'
import { parseDuration } from '../src/config/duration.ts'
import { flowBackfill } from '../src/flow/metrics.ts'
import { type Duration, minutes } from '../src/metric.ts'
import { evaluateAll } from './dashboards/evaluate.ts'
import { queriesOf, USUAL } from './dashboards/queries.ts'
import { isFine, reportOf } from './dashboards/report.ts'
import { bringDebianParts, PARTS } from './debian.ts'

interface Options {
  readonly for: Duration
  readonly fault: readonly FaultName[]
  readonly url?: string
  readonly record?: string
}

/** The past is read within it, on a machine that is not too busy. */
const FOR = minutes(8)
/** What fires then began some minutes before. */
const FAULTY = minutes(5)

const duration = (text: string): Duration => {
  const parsed = parseDuration(text)
  if (!parsed) throw new InvalidArgumentError('Write a duration such as 5m.')
  return parsed
}
const faults = (text: string): readonly FaultName[] => {
  try {
    return text.split(',').map((name) => faultNamed(name.trim()))
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const command = new Command('npm run dashboards --')
  .description('Puts every query of every dashboard to the Prometheus of a demo, and tells what each gave.')
  .option('--for <duration>', 'how long the demo runs before; else 8m', duration, FOR)
  .option('--fault <names>', 'then five minutes with these faults, by commas', faults, [])
  .option('--url <address>', 'a Prometheus of your own, in place of the demo')
  .option(
    '--record <file>',
    'write the metrics page of the demo as it is then, as test/fixtures/dashboards/*.prom.gz are',
  )
  .allowExcessArguments(false)
  .addHelpText('after', `\nFaults: ${Object.keys(FAULTS).join(', ')}`)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

const tryOn = async (prometheus: string): Promise<boolean> => {
  const queries = dashboards.flatMap((spec) => queriesOf(buildDashboard(spec), USUAL))
  const outcomes = await evaluateAll(prometheus, queries, Date.now())
  say(reportOf(outcomes))
  return isFine(outcomes)
}

/** Without comments but the one that says when. */
const recorded = (page: string): Buffer => {
  const series = page.split('\n').filter((line) => !line.startsWith('#'))
  return gzipSync([`# at ${Date.now() / 1000}`, ...series].join('\n'), { level: 9 })
}

/** Runs it on the demo, of which nothing stays behind. */
const withDemo = async <T>(run: (demo: Demo) => Promise<T>): Promise<T> => {
  const cleanups = createCleanups()
  let over = false
  const end = async () => {
    over = true
    for (const failure of await cleanups.run()) say(String(failure))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().then(() => process.exit(1)))
  const died = (_: string, message: string) => {
    if (!over) say(message)
  }
  try {
    const demo = await startDemo(
      { for: undefined, listen: { host: '127.0.0.1', port: 0 }, faults: [], speed: 60, install: false },
      bringDebianParts({ install: false, say }),
      { watching: SHIPPED, cleanups, say: () => undefined, step: (_, step) => step(), died },
    )
    return await run(demo)
  } finally {
    await end()
  }
}

const tryOnDemo = ({ for: stay, fault, record }: Options): Promise<boolean> =>
  withDemo(async ({ prometheus, service, faults: switches }) => {
    if (prometheus === undefined) throw new Error(`lacks ${PARTS.find((p) => p.name === 'prometheus')?.package}`)
    say(`The demo runs for ${stay / 1000} s …`)
    await delay(stay)
    for (const name of fault) await switches.start(name)
    if (fault.length > 0) {
      say(`… and for ${FAULTY / 1000} s with ${fault.join(', ')} …`)
      await delay(FAULTY)
    }
    const page = await (await fetch(`${service.url}/metrics`, { signal: AbortSignal.timeout(10_000) })).text()
    const unread = [...page.matchAll(new RegExp(`^${flowBackfill.name}.* 0(\\.\\d+)?$`, 'gm'))].length
    if (unread > 0) say(`The past of ${unread} flows has not been read to its end: long windows are missing.`)
    if (record !== undefined) await writeFile(record, recorded(page))
    return tryOn(prometheus.url)
  })

const options = command.parse().opts<Options>()
process.exitCode = (options.url === undefined ? await tryOnDemo(options) : await tryOn(options.url)) ? 0 : 1
