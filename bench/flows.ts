/**
 * What the business flows cost at full size: 300,000 orders, 500,000 transfers, 1,000,000 jobs and what came of them, in
 * stand-ins of Odoo 17 and 18 (XML-RPC) and 19 (JSON-2) and by SQL.
 *
 *     node bench/flows.ts --size full --minutes 25 --part all
 *
 * `--ways rpc17,rpc18,rpc19,sql` says which of them. `--part questions` puts single questions of each flow; `--part flows` all that
 * a service which has just begun would ask, without its pauses; `--part service` runs the service at its default cadence for
 * so many minutes, while the distributor trades on; `--built` takes what `npm run build` made. A stand-in's time is not
 * Odoo's: what is counted is calls, bytes, and the time its database takes, by its backends' CPU (Linux).
 *
 *     node bench/flows.ts --config odoo-pulse.yaml
 *
 * asks the tenants of that configuration instead, each of their looks and a month of backfill, without pauses; `--json`.
 */
import { parseArgs } from 'node:util'
import { createCleanups } from '../demo/cleanups.ts'
import { startDay } from '../demo/day/day.ts'
import { measureFlows } from './flows/direct.ts'
import { measureOwn } from './flows/own.ts'
import { measureService } from './flows/service.ts'
import { buildWorld, SIZES, type Size, WAYS } from './flows/world.ts'

/** Some hundreds of orders an hour, and thrice as many jobs. */
const TRADE = { speed: 60, ordersPerHour: 6 } as const

const isSize = (text: string): text is Size => Object.hasOwn(SIZES, text)

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'full' },
    minutes: { type: 'string', default: '25' },
    part: { type: 'string', default: 'all' },
    ways: { type: 'string', default: WAYS.join(',') },
    built: { type: 'boolean', default: false },
    config: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
if (!isSize(values.size)) throw new Error(`--size is ${Object.keys(SIZES).join(' or ')}`)

const ways = WAYS.filter((way) => values.ways.split(',').includes(way))

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const { config: file, json: isJson } = values
if (file !== undefined) {
  await measureOwn({ file, isJson, say })
  process.exit()
}
const cleanups = createCleanups()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanups.run().then(() => process.exit(1)))
}
try {
  const world = await buildWorld({ size: values.size, ways, cleanups, say })
  if (values.part === 'questions' || values.part === 'all') await measureFlows(world, ways, 'questions', say)
  if (values.part === 'flows') await measureFlows(world, ways, 'flows', say)
  if (values.part === 'service' || values.part === 'all') {
    const odoo = { user: 'postgres', password: world.postgres.password }
    const tenants = [...world.odoos].map(([name, { version }]) => ({
      name,
      seed: version,
      ordersPerHour: TRADE.ordersPerHour,
      pid: version * 1000,
    }))
    const troubled = (error: Error) => say(`the day: ${error.message}`)
    const day = startDay({ estate: { primary: world.postgres, odoo }, tenants, speed: TRADE.speed, troubled })
    cleanups.defer(day.stop)
    await measureService({ world, minutes: Number(values.minutes), ways, say, isBuilt: values.built })
  }
} finally {
  for (const failure of await cleanups.run()) say(`while ending: ${String(failure)}`)
}
