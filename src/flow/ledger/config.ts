/** What the ledger of a flow is like on one Odoo: a pure function of the flow, its promise and the Odoo's fields. */
import { type Duration, hours, minutes } from '../../metric.ts'
import { pathsIn } from '../condition/condition.ts'
import { relationsIn } from '../read/shape.ts'
import { type Catalogue, find } from '../spec/catalogue.ts'
import { pathsOfMoment } from '../spec/moment.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { type Cadence, defaultCadence, type LedgerConfig } from './ledger_state.ts'
import type { Deadline, Promised } from './verdict.ts'

const SPAN: Duration = hours(30 * 24)
/** Beats are kept for so long, where their horizon is not shorter. */
const BEATS: Duration = hours(7 * 24)
/** A planned date may lie ahead; what is planned later comes into the ledger as time goes by. */
const AHEAD: Duration = SPAN
/** Odoo ends a request after 120 s (`limit_time_real`); the rest is for the clocks of Odoo and its database to differ. */
const OVERLAP: Duration = minutes(3)

const STAMP = 'write_date'
const STAMPS: readonly string[] = ['create_date', STAMP]

/**
 * Whether rows may stand in hours to come. A field with an id floor grows with the ids, so it is set as the row is made;
 * so is the field that tells when the row was first there. Any other is a date somebody planned (`scheduled_date`).
 */
const isPlanned = ({ slot, visible }: ResolvedFlow): boolean =>
  slot !== undefined && slot.floor === undefined && slot.field !== visible && !STAMPS.includes(slot.field)

/** The records that the state or the times of an item are read from: a change there does not show in the row's own stamp. */
const relationsOf = ({ open, done, failed, cancelled, start, due }: ResolvedFlow): readonly string[] => {
  const conditions = [open, done?.when, failed?.when, cancelled?.when].flatMap((list) => list ?? [])
  const moments = [start, due, done?.at, failed?.at, cancelled?.at].filter((moment) => moment !== undefined)
  return relationsIn([...conditions.flatMap(pathsIn), ...moments.flatMap(pathsOfMoment)])
}

/** Whether every row that an item is read from tells when it was written. */
const hasStamps = (flow: ResolvedFlow, catalogue: Catalogue): boolean =>
  [STAMP, ...relationsOf(flow).map((relation) => `${relation}.${STAMP}`)].every(
    (path) => !('problem' in find(catalogue, flow.model, path)),
  )

/**
 * 30 d is the most a file may say and the longest window: nothing in it is forgotten. Of jobs, which are removed 30 d
 * after they were done, its first hour may lack some in the hour after a night's removal.
 */
const horizonOf = ({ horizon }: ResolvedFlow): Duration | undefined =>
  horizon !== undefined && horizon >= SPAN ? undefined : horizon

export interface LedgerOf<T> {
  /** The flow itself, or its rows of another model (`furtherOf`): each has a ledger of its own. */
  readonly flow: ResolvedFlow
  readonly catalogue: Catalogue
  readonly promise: Promised<T>
  readonly deadline: Deadline<T>
  /** The longest from an item's slot to its verdict. */
  readonly reach: Duration
  /** The same of one that starts in its slot and has no date of its own. */
  readonly prompt: Duration
  /** Whether the worth of what is open is asked for. */
  readonly countsWorth: boolean
  readonly cadence?: Cadence
}

export const ledgerConfigOf = <T>(of: LedgerOf<T>): LedgerConfig<T> => {
  const { flow, catalogue, promise, deadline, reach, prompt, countsWorth, cadence = defaultCadence } = of
  return {
    promise,
    deadline,
    span: promise.kind === 'heartbeat' ? Math.min(flow.horizon ?? BEATS, BEATS) : SPAN,
    reach,
    prompt,
    horizon: horizonOf(flow),
    ahead: isPlanned(flow) ? AHEAD : 0,
    overlap: OVERLAP,
    fast: hasStamps(flow, catalogue) ? 'changed' : 'checksums',
    countsWorth: countsWorth && flow.value !== undefined,
    cadence,
  }
}
