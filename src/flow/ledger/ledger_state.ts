/** The ledger's state, what goes in and what comes out. Plain data; instants are Odoo's clock, not ours. */
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'
import type { ChangedHour, HourChecksum } from '../read/reader.ts'
import type { Item } from './item.ts'
import { nothingSeen, type Seen } from './seen.ts'
import type { Tally } from './tally.ts'
import type { Deadline, Promised } from './verdict.ts'

export interface LedgerConfig<T> {
  readonly promise: Promised<T>
  readonly deadline: Deadline<T>
  /** The longest window kept. */
  readonly span: Duration
  /** The longest from an item's slot to its verdict. */
  readonly reach: Duration
  /** The same of an item without a date of its own that starts in its slot: most of them. */
  readonly prompt: Duration
  /** Of the flows that reach farthest of those it is read together with: rows are read so far back. Default: its own. */
  readonly readReach?: Duration
  readonly readPrompt?: Duration
  /** How far back good and bad both still exist in Odoo. */
  readonly horizon: Duration | undefined
  /** How far into the future slots are read; 0 where the slot is the row's creation. */
  readonly ahead: Duration
  /** The longest transaction and the greatest difference of Odoo's and its database's clocks, together. */
  readonly overlap: Duration
  /** How the look of each minute is done: by stamps, or, where the table has none, by the checksums of the last hours. */
  readonly fast: 'changed' | 'checksums'
  /** Whether what open items are worth is kept. */
  readonly countsWorth: boolean
  readonly cadence: Cadence
}

export interface Cadence {
  readonly fast: Duration
  /**
   * So old are the hours that each minute's look leaves out. Odoo has no index on `write_date`: the rows of the whole span
   * would be gone through for what is stamped anew; and checksums are dearer than that.
   */
  readonly lately: Readonly<Record<LedgerConfig<never>['fast'], Duration>>
  /** So often a minute's look is a wide one, which leaves out older hours alone. */
  readonly wide: Duration
  readonly widely: Readonly<Record<LedgerConfig<never>['fast'], Duration>>
  /** So often is asked what is stamped anew in the hours that a wide look leaves out. */
  readonly older: Duration
  /** Checksums of the last days, of so many: nearly all that changes is of these. */
  readonly full: Duration
  readonly recent: Duration
  /**
   * Checksums of the whole span. Stamps tell what changed in older hours; only what leaves no stamp there (rows deleted or
   * moved to another hour, jobs, orders of old payments) waits so long.
   */
  readonly whole: Duration
  /** Time of day, UTC, from which the nightly rescan may begin. */
  readonly rescanAt: Duration
  /** More changed rows than this are left to a full look. */
  readonly massWrite: number
  /** Neighbouring hours are read together up to this many rows. */
  readonly pageRows: number
  /** Backfill goes back by these steps, then to the whole span: the windows that page first. */
  readonly backfill: readonly Duration[]
}

export const defaultCadence: Cadence = {
  fast: minutes(1),
  lately: { changed: hours(24), checksums: hours(2) },
  wide: minutes(3),
  // Over a weekend; and the hours that page.
  widely: { changed: hours(72), checksums: hours(6) },
  older: minutes(20),
  full: minutes(10),
  recent: hours(72),
  whole: hours(3),
  rescanAt: hours(2),
  massWrite: 500,
  pageRows: 2000,
  backfill: [hours(6), hours(72)],
}

export type Purpose = 'look' | 'backfill' | 'rescan'
/** `purpose` is for whoever shares out Odoo's time: looks go first. */
export type Question =
  | {
      readonly kind: 'changed'
      readonly purpose: 'look'
      readonly since: Instant
      readonly from: Instant
      readonly to: Instant
      readonly limit: number
    }
  | { readonly kind: 'checksums'; readonly purpose: Purpose; readonly from: Instant; readonly to: Instant }
  /** The rows of [from, to) of which some time is not before `to`. */
  | { readonly kind: 'reaching'; readonly purpose: 'look'; readonly from: Instant; readonly to: Instant }
  | { readonly kind: 'rows'; readonly purpose: Purpose; readonly hours: readonly Instant[] }

/** `now` is Odoo's clock when the answer came. */
export type Input =
  | { readonly kind: 'clock'; readonly now: Instant }
  | { readonly kind: 'changed'; readonly now: Instant; readonly hours: readonly ChangedHour[] | 'too_many' }
  | { readonly kind: 'checksums'; readonly now: Instant; readonly hours: readonly HourChecksum[] }
  /** A page of the rows asked for, or of those that reach beyond their hours; `last` the last one. */
  | { readonly kind: 'rows'; readonly now: Instant; readonly items: readonly Item[]; readonly last: boolean }
  /** The question brought no answer; what it was asked for is dropped and begun again at the next look. */
  | { readonly kind: 'failed'; readonly now: Instant }

export interface Slot {
  /** Undefined where the rows are newer than the last checksum. */
  readonly sum: string | undefined
  readonly newest: Instant | undefined
  readonly tally: Tally
}

export interface HourToRead {
  readonly hour: Instant
  readonly count: number
  readonly sum: string | undefined
  readonly newest: Instant | undefined
}

export interface Work {
  /**
   * `wide` is a fast look that goes farther back; `older`: what is stamped anew in the hours that it leaves out;
   * `reaching`: what the windows that page need of hours that have yet to be read.
   */
  readonly kind: 'fast' | 'wide' | 'older' | 'full' | 'whole' | 'reaching' | 'backfill' | 'rescan'
  /** When it began: what it sees is at least as new. */
  readonly began: Instant
  readonly from: Instant
  readonly to: Instant
  /** Hours yet to read, newest first; undefined until it is known which. */
  readonly toRead: readonly HourToRead[] | undefined
  /** The newest stamp it saw. */
  readonly newest: Instant | undefined
}

export interface Partly {
  readonly from: Instant
  readonly since: Instant
  /** When that was last asked for. */
  readonly at: Instant
}

export interface LedgerState {
  readonly slots: ReadonlyMap<Instant, Slot>
  /** All slots in [coveredFrom, coveredTo) are known; undefined before the first look. */
  readonly coveredFrom: Instant | undefined
  readonly coveredTo: Instant
  /** Of slots in [from, coveredFrom) all verdicts at or after `since` are known. */
  readonly partly: Partly | undefined
  /** The whole minute the slots are good for; undefined before the first look. */
  readonly asOf: Instant | undefined
  /** The highest stamp seen by a finished look. */
  readonly highest: Instant | undefined
  /** After a mass write: a whole look has seen all that is stamped before this. */
  readonly seenUpTo: Instant
  readonly isBlocked: boolean
  readonly lastLook: Instant
  /** A whole look is all the others, too. */
  readonly lastWide: Instant
  readonly lastFull: Instant
  readonly lastOlder: Instant
  readonly lastWhole: Instant
  readonly lastRescan: Instant
  readonly notBefore: Instant
  readonly look: Work | undefined
  readonly background: Work | undefined
  readonly asked: Question | undefined
  /** The pages of the question that is out, already counted. */
  readonly pages: ReadonlyMap<Instant, Tally>
  /** Since this state was empty. */
  readonly seen: Seen
}

export const never = Number.NEGATIVE_INFINITY

export const emptyLedger: LedgerState = {
  slots: new Map(),
  coveredFrom: undefined,
  coveredTo: never,
  partly: undefined,
  asOf: undefined,
  highest: undefined,
  seenUpTo: never,
  isBlocked: false,
  lastLook: never,
  lastWide: never,
  lastFull: never,
  lastOlder: never,
  lastWhole: never,
  lastRescan: never,
  notBefore: never,
  look: undefined,
  background: undefined,
  asked: undefined,
  pages: new Map(),
  seen: nothingSeen,
}
