/** What the members of a flow's group are called: asked when there are new ones, after everything else, and not often. */
import { Unsupported } from '../../collector.ts'
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'
import type { Reading } from '../report.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import type { Call } from './ask.ts'
import { backoff } from './turns.ts'

/** Members come one by one while the past is read, and seldom later. */
const SOONEST: Duration = minutes(1)
const LATEST: Duration = hours(1)

export interface Names {
  readonly known: ReadonlyMap<string, string>
  /** Those that were asked for, whether or not they have a name. */
  readonly asked: ReadonlySet<string>
  /** How many questions there were. */
  readonly times: number
  /** Our clock: none before. */
  readonly notBefore: Instant
}

export const noNames: Names = { known: new Map(), asked: new Set(), times: 0, notBefore: Number.NEGATIVE_INFINITY }

const membersIn = (reading: Reading | undefined): readonly string[] => [
  ...new Set((reading?.windows.groups ?? []).flatMap(({ member }) => member ?? [])),
]

/** When to ask; undefined: there is nobody new. */
export const namesDue = ({ asked, notBefore }: Names, reading: Reading | undefined): Instant | undefined =>
  membersIn(reading).some((member) => !asked.has(member)) ? notBefore : undefined

const among = (names: Names, members: ReadonlySet<string>): Pick<Names, 'known' | 'asked'> => ({
  known: new Map([...names.known].filter(([member]) => members.has(member))),
  asked: new Set([...names.asked].filter((member) => members.has(member))),
})

/** One question for the new ones; those that have gone are forgotten. Never rejects: a name is a nicety. */
export const askNames = async (
  names: Names,
  flow: ResolvedFlow,
  reading: Reading | undefined,
  call: Call,
  now: () => Instant,
): Promise<Names> => {
  const members = membersIn(reading)
  const { known, asked } = among(names, new Set(members))
  const times = names.times + 1
  const later = (): Pick<Names, 'times' | 'notBefore'> => ({
    times,
    notBefore: now() + backoff(times, SOONEST, LATEST),
  })
  const unknown = members.filter((member) => !asked.has(member))
  try {
    const found = await call(`${flow.name}: names`, ({ reader }, signal) => reader.groupNames(flow, unknown, signal))
    return { known: new Map([...known, ...found]), asked: new Set([...asked, ...unknown]), ...later() }
  } catch (error) {
    // What may not be read is not asked for again and again.
    const isRefusal = error instanceof Unsupported
    return { known, asked: new Set([...asked, ...(isRefusal ? unknown : [])]), ...later() }
  }
}
