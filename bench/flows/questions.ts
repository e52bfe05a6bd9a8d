/** What single questions cost on full tables: a minute's look's, a full and a whole look's, and a page of backfill's. */
import type { Course, Ledger } from '../../src/flow/follow/course.ts'
import { floorHour } from '../../src/flow/ledger/counts.ts'
import { defaultCadence } from '../../src/flow/ledger/ledger_state.ts'
import { promptFrom, reachingFrom, spanFrom, spanTo } from '../../src/flow/ledger/look.ts'
import type { FlowAccess } from '../../src/flow/read/access.ts'
import { keptRows } from '../../src/flow/read/kept.ts'
import { minutes } from '../../src/metric.ts'

/** What is asked, and how many hours or rows came of it. */
export interface Asked {
  readonly question: string
  readonly ask: () => Promise<number>
}

const countOf = async (pages: AsyncIterable<readonly (readonly unknown[])[]>): Promise<number> => {
  let rows = 0
  for await (const page of pages) {
    rows += Math.max(...page.map((items) => items.length))
  }
  return rows
}

/** A page of backfill is of so many rows or of one hour. */
const PAGE = 4_000

const FAST = 'fast: of the last hours'
const WIDE = 'wide: of the last days'
const ROWS = 'rows of the hours that changed'
const OLDER = 'older: changed before'
const FULL = 'full: checksums of the last days'
const WHOLE = 'whole: checksums of all'

/** In turn; the later ones use what the earlier ones found. */
export const questionsOf = (course: Course, access: FlowAccess): readonly Asked[] => {
  const { flows, work } = course
  const { reader, now } = access
  const signal = () => AbortSignal.timeout(120_000)
  if (work.kind === 'present') {
    const count = flows.map((flow) => async () => (await reader.present(flow, signal())).count)
    return count.map((ask) => ({ question: 'count', ask }))
  }
  const ends = (of: (config: Ledger['config']) => number, most: (...all: number[]) => number) =>
    most(...work.ledgers.map(({ config }) => of(config)))
  const from = () => ends((config) => spanFrom(config, now()), Math.min)
  const to = () => ends((config) => spanTo(config, now()), Math.max)
  const byStamp = work.ledgers.every(({ config }) => config.fast === 'changed')
  const way = byStamp ? 'changed' : 'checksums'
  const since = (age: number) => Math.max(from(), floorHour(now()) - age)
  const { lately, widely, recent, wide, older } = defaultCadence
  // Asked twice, so that the second time hours are kept as those of a service are.
  const kept = keptRows()
  let sums: readonly { readonly hour: number; readonly count: number }[] = []
  const checksums = async (begin: number) => {
    sums = [...(await reader.checksums(flows, begin, to(), signal(), kept))].sort((a, b) => b.hour - a.hour)
    return sums.length
  }
  let touched: readonly number[] = []
  const changed = async (age: number, begin: number, end: number) => {
    const hours = await reader.changedSince(flows, now() - age, begin, end, 500, signal(), kept)
    touched = hours === 'too_many' ? [] : hours.map(({ hour }) => hour)
    return hours === 'too_many' ? -1 : hours.length
  }
  const minutesLook = async (hoursBack: number, age: number) => {
    if (byStamp) return changed(age, since(hoursBack), to())
    const count = await checksums(floorHour(now()) - hoursBack)
    touched = sums.slice(0, 1).map(({ hour }) => hour)
    return count
  }
  const page = () => {
    let rows = 0
    const end = sums.findIndex(({ count }, i) => {
      rows += count
      return i > 0 && rows > PAGE
    })
    const hours = sums.slice(0, end === -1 ? sums.length : end).map(({ hour }) => hour)
    return countOf(reader.rows(flows, hours, signal()))
  }
  const reaching = () => {
    const [begin, end] = [
      ends((config) => reachingFrom(config, now()), Math.min),
      ends((config) => promptFrom(config, now()), Math.min),
    ]
    return begin < end ? countOf(reader.reaching(flows, begin, end, signal())) : Promise.resolve(0)
  }
  const settles = minutes(4)
  return [
    { question: FAST, ask: () => minutesLook(lately[way], settles) },
    { question: WIDE, ask: () => minutesLook(widely[way], settles + wide) },
    { question: ROWS, ask: () => countOf(reader.rows(flows, touched, signal(), kept)) },
    ...(byStamp ? [{ question: OLDER, ask: () => changed(settles + older, from(), since(widely.changed)) }] : []),
    { question: FULL, ask: () => checksums(since(recent)) },
    { question: WHOLE, ask: () => checksums(from()) },
    { question: 'a page of backfill', ask: page },
    { question: 'at first: rows that reach into six hours', ask: reaching },
    { question: 'rows there are (no call)', ask: async () => sums.reduce((all, { count }) => all + count, 0) },
  ]
}

/** How often it is put in a minute; rows with each look that finds a change. */
export const weightOf = (question: string): number => {
  const { fast, wide, older, full, whole } = defaultCadence
  if (question === FAST) return 1 - fast / wide
  const every = { count: fast, [ROWS]: fast, [WIDE]: wide, [OLDER]: older, [FULL]: full, [WHOLE]: whole }[question]
  return every === undefined ? 0 : fast / every
}
