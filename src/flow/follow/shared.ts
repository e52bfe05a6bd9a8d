/** What several ledgers ask of one table, as one question. Pure. */
import type { Purpose, Question } from '../ledger/ledger_state.ts'
import type { Ledger } from './course.ts'

export interface Shared {
  readonly question: Question
  /** Whom its answer is for; the others ask again when their turn comes. */
  readonly ledgers: readonly Ledger[]
}

const URGENCY: Readonly<Record<Purpose, number>> = { look: 0, backfill: 1, rescan: 2 }
/** Who has yet to learn which hours have changed goes before who reads their rows, so that all read them together. */
const ORDER: Readonly<Record<Question['kind'], number>> = { changed: 0, checksums: 1, reaching: 2, rows: 3 }

const before = (a: Question, b: Question): number =>
  URGENCY[a.purpose] - URGENCY[b.purpose] || ORDER[a.kind] - ORDER[b.kind]

/** Of the past only what ends where the first one's question does: ledgers that have not come equally far read on apart. */
const isAlike = (first: Question, other: Question): boolean => {
  if (first.kind !== other.kind || first.purpose !== other.purpose) return false
  if (first.kind === 'reaching' && other.kind === 'reaching') return first.to === other.to
  return first.purpose === 'look' || first.kind !== 'checksums' || other.kind !== 'checksums' || first.to === other.to
}

const both = (a: Question, b: Question): Question => {
  if (a.kind === 'rows' && b.kind === 'rows') return { ...a, hours: [...new Set([...a.hours, ...b.hours])] }
  if (a.kind === 'rows' || b.kind === 'rows') return a
  const range = { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }
  if (a.kind !== 'changed' || b.kind !== 'changed') return { ...a, ...range }
  return { ...a, ...range, since: Math.min(a.since, b.since), limit: Math.max(a.limit, b.limit) }
}

/** Of what is being asked the most urgent, for all that ask alike; the answer may say more than one of them asked for. */
export const sharedQuestion = (ledgers: readonly Ledger[]): Shared | undefined => {
  const asking = ledgers.flatMap((ledger) => (ledger.state.asked ? [{ ledger, question: ledger.state.asked }] : []))
  const [first] = asking.toSorted((a, b) => before(a.question, b.question))
  if (first === undefined) return undefined
  const alike = asking.filter(({ question }) => isAlike(first.question, question))
  return {
    question: alike.map(({ question }) => question).reduce(both),
    ledgers: alike.map(({ ledger }) => ledger),
  }
}
