/** What single questions cost on full tables: a fast look's, a full and a whole look's, and a page of backfill's. */
import type { Course } from '../../src/flow/follow/course.ts'
import { floorHour } from '../../src/flow/ledger/counts.ts'
import { defaultCadence } from '../../src/flow/ledger/ledger_state.ts'
import { spanFrom, spanTo } from '../../src/flow/ledger/look.ts'
import type { FlowAccess } from '../../src/flow/read/access.ts'
import { minutes } from '../../src/metric.ts'

const HOUR = minutes(60)

/** What is asked, and how many hours or rows came of it. */
export interface Asked {
  readonly question: string
  readonly ask: () => Promise<number>
}

const rowsOf = async ({ reader }: FlowAccess, course: Course, hours: readonly number[]): Promise<number> => {
  let rows = 0
  for await (const page of reader.rows(course.flows, hours, AbortSignal.timeout(120_000))) {
    rows += Math.max(...page.map((items) => items.length))
  }
  return rows
}

/** A page of backfill is of so many rows or of one hour. */
const PAGE = 4_000

/** In turn; the later ones use what the earlier ones found. */
export const questionsOf = (course: Course, access: FlowAccess): readonly Asked[] => {
  const { flows, work } = course
  const { reader, now } = access
  const signal = () => AbortSignal.timeout(120_000)
  if (work.kind === 'present') {
    const count = flows.map((flow) => async () => (await reader.present(flow, signal())).count)
    return count.map((ask) => ({ question: 'count', ask }))
  }
  const from = () => Math.min(...work.ledgers.map(({ config }) => spanFrom(config, now())))
  const to = () => Math.max(...work.ledgers.map(({ config }) => spanTo(config, now())))
  const recent = () => Math.max(from(), floorHour(now()) - defaultCadence.recent)
  const byStamp = work.ledgers.every(({ config }) => config.fast !== 'checksums')
  const way = byStamp ? 'changed' : 'checksums'
  const after = ({ [way]: age }: Readonly<Record<typeof way, number>>) => Math.max(from(), floorHour(now()) - age)
  let sums: readonly { readonly hour: number; readonly count: number }[] = []
  const checksums = async (since: number) => {
    sums = [...(await reader.checksums(flows, since, to(), signal()))].sort((a, b) => b.hour - a.hour)
    return sums.length
  }
  let touched: readonly number[] = []
  const changed = async (age: number, begin: number, end: number) => {
    const hours = await reader.changedSince(flows, now() - age, begin, end, 500, signal())
    touched = hours === 'too_many' ? [] : hours.map(({ hour }) => hour)
    return hours === 'too_many' ? -1 : hours.length
  }
  const fast = async () => {
    if (byStamp) return changed(minutes(4), newer(), to())
    const count = await checksums(now() - 6 * HOUR)
    touched = sums.slice(0, 1).map(({ hour }) => hour)
    return count
  }
  const page = async () => {
    let rows = 0
    const end = sums.findIndex(({ count }, i) => {
      rows += count
      return i > 0 && rows > PAGE
    })
    return rowsOf(
      access,
      course,
      sums.slice(0, end === -1 ? sums.length : end).map(({ hour }) => hour),
    )
  }
  return [
    { question: byStamp ? 'fast: changed since' : 'fast: checksums of the last hours', ask: fast },
    { question: 'rows of the hours that changed', ask: () => rowsOf(access, course, touched) },
    ...(byStamp ? [{ question: 'older: changed since', ask: () => changed(minutes(14), from(), newer()) }] : []),
    { question: 'full: checksums of the last days', ask: () => checksums(recent()) },
    { question: 'whole: checksums of all', ask: () => checksums(from()) },
    { question: 'a page of backfill', ask: page },
    { question: 'rows there are (no call)', ask: async () => sums.reduce((all, { count }) => all + count, 0) },
  ]
}

/** How often it is put in a minute; rows with each look that finds a change. */
export const weightOf = (question: string): number => {
  if (question === 'count' || question.startsWith('rows of the hours')) return 1
  if (question.startsWith('fast')) return 59 / 60
  return question.startsWith('full') || question.startsWith('older')
    ? 5 / 60
    : question.startsWith('whole')
      ? 1 / 60
      : 0
}
