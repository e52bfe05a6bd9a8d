/** The verdict on one item: a pure function of its row as it reads now, the target in force when it started, and the calendar. */
import type { Instant } from '../../metric.ts'
import type { Item } from './item.ts'

export type Result = 'good' | 'bad'

export interface Verdict {
  readonly at: Instant
  readonly result: Result
}

/** From `since` on, items that start keep this target. */
export interface DatedTarget<T> {
  readonly since: Instant
  readonly target: T
}

export interface Promised<T> {
  /** An outcome is judged when it happens, a journey at its deadline; a heartbeat's items are beats, judged by their gaps. */
  readonly kind: 'journey' | 'outcome' | 'heartbeat'
  /** `at-deadline`: Odoo does not store when the item was done, so that its present state decides and lateness is forgiven. */
  readonly evidence: 'ledger' | 'at-deadline'
  /** Oldest first; the first also holds for items that started before it. */
  readonly targets: readonly [DatedTarget<T>, ...(readonly DatedTarget<T>[])]
}

/** When a promise that begins to run at `start` is due: `start + 15 min`, four open hours later, by the end of the day. */
export type Deadline<T> = (start: Instant, target: T) => Instant

/** The target in force at an instant. */
export const targetAt = <T>(targets: Promised<T>['targets'], at: Instant): T =>
  (targets.findLast((dated) => dated.since <= at) ?? targets[0]).target

/** The instant the item is due; a date promised on the row stands before the target, and nothing is due before it starts. */
export const dueAt = <T>(item: Item, promise: Promised<T>, deadline: Deadline<T>): Instant =>
  Math.max(item.start, item.promised ?? deadline(item.start, targetAt(promise.targets, item.start)))

/** When a done item came to be done, never before its start; undefined where it isn't done or nobody knows when. */
export const completedAt = <T>(item: Item, { kind, evidence }: Promised<T>): Instant | undefined => {
  if (item.state !== 'done' || evidence === 'at-deadline') return undefined
  if (item.ended === undefined) return kind === 'outcome' ? item.start : undefined
  return Math.max(item.ended, item.start)
}

const doneVerdict = <T>(item: Item, promise: Promised<T>, due: Instant): Verdict | 'not_counted' => {
  if (promise.evidence === 'at-deadline') return { at: due, result: 'good' }
  const completed = completedAt(item, promise)
  // Done, and no telling when: neither good nor bad can be said.
  if (completed === undefined) return 'not_counted'
  if (completed > due) return { at: due, result: 'bad' }
  const wasEarly = item.ended !== undefined && item.ended < item.start
  return { at: promise.kind === 'outcome' || wasEarly ? completed : due, result: 'good' }
}

const verdictWhenSeen = <T>(item: Item, promise: Promised<T>, due: Instant): Verdict | 'not_counted' => {
  switch (item.state) {
    case 'done':
      return doneVerdict(item, promise, due)
    case 'failed':
      return { at: Math.min(due, Math.max(item.start, item.ended ?? due)), result: 'bad' }
    case 'cancelled':
      return item.ended === undefined || item.ended < due ? 'not_counted' : { at: due, result: 'bad' }
    case 'open':
      return { at: due, result: 'bad' }
  }
}

/** The verdict on an item whose deadline (`dueAt`) is known. */
export const verdictAt = <T>(item: Item, promise: Promised<T>, due: Instant): Verdict | 'not_counted' => {
  const verdict = verdictWhenSeen(item, promise, due)
  return verdict === 'not_counted' || item.visible === undefined || item.visible <= verdict.at
    ? verdict
    : { at: item.visible, result: verdict.result }
}

/**
 * What the row says, whatever the time is: an open item stands as bad at its deadline, in the future too, until it is
 * done. That is why no memory of items is needed. What could be seen only later is judged when it could be seen.
 */
export const verdictOf = <T>(item: Item, promise: Promised<T>, deadline: Deadline<T>): Verdict | 'not_counted' =>
  verdictAt(item, promise, dueAt(item, promise, deadline))

/** The verdict as of `now`; `open` while the instant of judgement is still to come. */
export const judge = <T>(
  item: Item,
  promise: Promised<T>,
  deadline: Deadline<T>,
  now: Instant,
): Verdict | 'open' | 'not_counted' => {
  const verdict = verdictOf(item, promise, deadline)
  return verdict !== 'not_counted' && verdict.at > now ? 'open' : verdict
}
