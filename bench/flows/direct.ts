/** What each course costs by itself: the questions of flows that are read together, put one after another as the service would, without its pauses. */
import { rmSync } from 'node:fs'
import { collectors } from '../../collectors/index.ts'
import type { AnyCollector } from '../../src/collector.ts'
import { type Config, loadConfig, type Tenant } from '../../src/config.ts'
import { ask, type Call } from '../../src/flow/follow/ask.ts'
import { type Course, nameOf, progressOf, type Wish } from '../../src/flow/follow/course.ts'
import { methodsOf } from '../../src/flow/follow/together.ts'
import { defaultCadence } from '../../src/flow/ledger/ledger_state.ts'
import type { FlowAccess } from '../../src/flow/read/access.ts'
import { type Instant, minutes } from '../../src/metric.ts'
import { secretsBeside } from '../../src/secrets.ts'
import { type Backends, watchBackends } from './backends.ts'
import { writeConfig } from './config.ts'
import { questionsOf } from './questions.ts'
import { table } from './table.ts'
import { nothing, type Spent, type Way, type World } from './world.ts'

/** Questions put, from when to when, ms on our side of the wire, ms of the backend's CPU, and what the stand-in told. */
interface Cost {
  readonly asks: number
  readonly from: Instant
  readonly to: Instant
  readonly ms: number
  readonly backend: number
  readonly spent: Spent
}

const nowhere: Cost = { asks: 0, from: 0, to: 0, ms: 0, backend: 0, spent: nothing }

export const LOOKS = ['first look', 'backfill', 'fast look', 'full look', 'whole look'] as const
export type Costs = Readonly<Record<(typeof LOOKS)[number], Cost>>

/** A course, and Odoo's clock as the bench moves it: minutes go by when it says so. */
interface Driven {
  readonly course: Course
  readonly access: FlowAccess
  readonly spent: () => Spent
  readonly backend: () => Promise<number>
  ahead: number
}

const PATIENCE = 120_000

/** Until the look, or the whole backfill, is over. */
const drive = async (driven: Driven, purpose: Wish['purpose']): Promise<Cost> => {
  const { course, access, spent, backend } = driven
  const [before, cpu] = [spent(), await backend()]
  const from = Date.now()
  const begun = performance.now()
  let asks = 0
  const call: Call = (_, work) => {
    asks += 1
    return work(access, AbortSignal.timeout(PATIENCE))
  }
  const odooNow = () => access.now() + driven.ahead
  const { work } = course
  const isWhole = () => work.kind === 'present' || work.ledgers.every((part) => (progressOf(part, odooNow()) ?? 1) >= 1)
  for (let isDone = false; !isDone; ) {
    const asked = await ask(course, { call, odooNow, purpose })
    isDone = asked.kind === 'none' || (purpose === 'backfill' ? isWhole() : asked.isLookDone)
  }
  const ms = performance.now() - begun
  const after = spent()
  return {
    asks,
    from,
    to: Date.now(),
    ms,
    backend: (await backend()) - cpu,
    spent: {
      calls: after.calls - before.calls,
      ms: after.ms - before.ms,
      databaseMs: after.databaseMs - before.databaseMs,
      bytes: after.bytes - before.bytes,
    },
  }
}

/** The first look, what lies behind it, a fast look a minute later, a full one ten minutes later, a whole one within the hour. */
export const costsOf = async (driven: Driven): Promise<Costs> => {
  const first = await drive(driven, 'first')
  const backfill = driven.course.work.kind === 'present' ? nowhere : await drive(driven, 'backfill')
  driven.ahead += minutes(1)
  const fast = await drive(driven, 'look')
  driven.ahead += defaultCadence.full
  const full = await drive(driven, 'look')
  driven.ahead += defaultCadence.whole
  const whole = await drive(driven, 'look')
  return { 'first look': first, backfill, 'fast look': fast, 'full look': full, 'whole look': whole }
}

const cells = (costs: Costs, way: Way): readonly number[] =>
  LOOKS.flatMap((look) => {
    const { asks, ms, backend, spent } = costs[look]
    return way === 'sql' ? [asks, ms, backend] : [spent.calls, spent.ms, spent.databaseMs, spent.bytes / 1024]
  })

const headOf = (way: Way): readonly string[] => {
  const columns = way === 'sql' ? ['ms', 'CPU'] : ['ms', 'db', 'KB']
  return ['flow', ...LOOKS.flatMap((look) => [look, ...columns])]
}

/** In an hour: a whole look, full ones each tenth minute but that, and fast ones. A full look has a fast one in it. */
const SHARES = { 'fast look': 54 / 60, 'full look': 5 / 60, 'whole look': 1 / 60 } as const

const aMinute = (all: readonly Costs[], of: (cost: Cost) => number): number => {
  const sum = (look: keyof typeof SHARES) => all.reduce((total, costs) => total + of(costs[look]), 0) * SHARES[look]
  return sum('fast look') + sum('full look') + sum('whole look')
}

const summary = (all: readonly Costs[], way: Way): string => {
  const percent = (ms: number) => `${(ms / 600).toFixed(3)} %`
  const backend = aMinute(all, (cost) => cost.backend)
  const database = `${backend.toFixed(0)} ms of a database core: ${percent(backend)}`
  if (way === 'sql')
    return `a minute, looks alone: ${aMinute(all, ({ asks }) => asks).toFixed(0)} questions, ${database}`
  const calls = aMinute(all, ({ spent }) => spent.calls)
  const ms = aMinute(all, ({ spent }) => spent.ms)
  return `a minute, looks alone: ${calls.toFixed(0)} calls, ${ms.toFixed(0)} ms of a worker: ${percent(ms)}; ${database}`
}

interface Measuring {
  readonly way: Way
  readonly world: World
  readonly access: FlowAccess
  readonly backends: Backends
}

/** As a service would follow them that begins now; and why some can't be. */
export const coursesOf = (config: Config, tenant: Tenant, access: FlowAccess) => {
  const { calendar, timezone } = config
  const context = { tenant: tenant.name, calendar, timezone, cadence: defaultCadence, random: () => 0 }
  const wanted = tenant.flows.filter(({ off }) => off === undefined).map((flow) => ({ flow, before: undefined }))
  const methods = methodsOf(wanted, access.odoo, context, { now: Date.now(), odooNow: access.now() })
  const courses = methods.flatMap((method) => ('own' in method ? method.own.map(({ course }) => course) : []))
  const notes = methods.flatMap((method, i) =>
    'unsupported' in method ? [`${wanted[i]?.flow.flow.name}: ${method.unsupported}`] : [],
  )
  return { courses: [...new Set(courses)], notes }
}

const measureTenant = async (config: Config, tenant: Tenant, measuring: Measuring): Promise<string> => {
  const { way, world, access, backends } = measuring
  const spent = () => world.spent(way)
  const backend = async () => (await backends.sample()).get(way) ?? 0
  const { courses, notes } = coursesOf(config, tenant, measuring.access)
  const all: Costs[] = []
  const rows: (readonly (string | number)[])[] = []
  for (const course of courses) {
    const costs = await costsOf({ course, access, spent, backend, ahead: 0 })
    all.push(costs)
    rows.push([nameOf(course), ...cells(costs, way)])
  }
  return [way, table([headOf(way), ...rows]), ...notes, summary(all, way)].join('\n')
}

/** How often it is put in a minute: a fast one with each but the whole ones. */
const weightOf = (question: string): number => {
  if (question === 'count') return 1
  if (question.startsWith('fast')) return 59 / 60
  return question.startsWith('full') ? 5 / 60 : question.startsWith('whole') ? 1 / 60 : 0
}

/** A line a question, each put twice: the second answer counts, as in a service that has asked before. */
const measureQuestions = async (config: Config, tenant: Tenant, measuring: Measuring, say: (line: string) => void) => {
  const { way, world, access, backends } = measuring
  say(`\n${way}: flow, question, found | calls, ms, in database, KB | ms seen by the service, backend's CPU`)
  const minute = { calls: 0, worker: 0, backend: 0 }
  for (const course of coursesOf(config, tenant, measuring.access).courses) {
    for (const { question, ask } of questionsOf(course, access)) {
      await ask()
      const [before, cpu, begun] = [world.spent(way), (await backends.sample()).get(way) ?? 0, performance.now()]
      const found = await ask()
      const ms = performance.now() - begun
      const after = world.spent(way)
      const backend = ((await backends.sample()).get(way) ?? 0) - cpu
      const told = [after.calls - before.calls, after.ms - before.ms, after.databaseMs - before.databaseMs]
      const bytes = (after.bytes - before.bytes) / 1024
      const weight = weightOf(question)
      minute.calls += weight * (told[0] ?? 0)
      minute.worker += weight * (told[1] ?? 0)
      minute.backend += weight * backend
      const cells = [...told.map(Math.round), Math.round(bytes), '|', Math.round(ms), backend]
      say([nameOf(course), question, found, '|', ...cells].join('\t'))
    }
  }
  const { calls, worker, backend } = minute
  const percent = (ms: number) => `${(ms / 600).toFixed(2)} %`
  const byRpc =
    way === 'sql' ? '' : `${calls.toFixed(0)} calls, ${worker.toFixed(0)} ms (${percent(worker)} of a worker); `
  say(`${way}, a minute of looks: ${byRpc}${backend.toFixed(0)} ms (${percent(backend)}) of a core of the database`)
}

type Secret = Parameters<AnyCollector['connect']>[1]['secret']

export const open = async (tenant: Tenant, collector: AnyCollector, secret: Secret) => {
  const block = tenant.watched.find((each) => each.collector === collector.name)
  if (block === undefined || collector.flows === undefined) throw new Error(`${tenant.name} has no ${collector.name}`)
  const signal = AbortSignal.timeout(PATIENCE)
  const client = await collector.connect(block.config, { secret, signal })
  return { client, access: await collector.flows(client, tenant.flows, signal) }
}

export const measureFlows = async (
  world: World,
  ways: readonly Way[],
  part: 'flows' | 'questions',
  say: (line: string) => void,
): Promise<void> => {
  const { dir, file } = writeConfig(world, ways)
  const backends = watchBackends(world.postgres)
  try {
    const { read } = secretsBeside(file, {})
    const loaded = await loadConfig({ file, collectors, secrets: { read } })
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
    for (const tenant of loaded.config.tenants) {
      const way = ways.find((each) => each === tenant.name)
      const collector = collectors.find(({ name }) => name === (way === 'sql' ? 'odoo_sql' : 'odoo'))
      if (way === undefined || collector === undefined) continue
      const { client, access } = await open(tenant, collector, read)
      try {
        const measuring = { way, world, access, backends }
        if (part === 'questions') await measureQuestions(loaded.config, tenant, measuring, say)
        else say(`\n${await measureTenant(loaded.config, tenant, measuring)}`)
      } finally {
        await collector.close(client)
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
