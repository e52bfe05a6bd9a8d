/** Which mutants no test notices: the tests most likely to, and cheap, come first; many go into one process. */

import { type Change, changesOf, lastingChanges } from './mutators.ts'
import { accepted, passes } from './promtool.ts'
import type { Rule } from './rules.ts'
import type { Unit } from './units.ts'

export interface Mutant {
  /** By its name. */
  readonly rule: string
  readonly change: Change
  readonly mutated: Rule
}

export const mutantsOf = (rule: Rule): readonly Mutant[] => {
  const { node } = rule
  const changed = (change: Change, part: Partial<Rule['node']>): Mutant => ({
    rule: rule.name,
    change,
    mutated: { ...rule, node: { ...node, ...part } },
  })
  const spans = node.alert === undefined ? [] : lastingChanges('for', node.for)
  const kept = node.keep_firing_for === undefined ? [] : lastingChanges('keep_firing_for', node.keep_firing_for)
  return [
    ...changesOf(node.expr).map((change) => changed(change, { expr: change.text })),
    ...[...spans, ...kept].map((change) => changed(change, { [change.kind]: change.text })),
  ]
}

const AT_ONCE = 200
/** Without those that are no rules to Prometheus. */
export const sound = async (folder: string, mutants: readonly Mutant[]): Promise<readonly Mutant[]> => {
  const kept: Mutant[] = []
  for (let at = 0; at < mutants.length; at += AT_ONCE) {
    const some = mutants.slice(at, at + AT_ONCE)
    const isRule = await accepted(
      folder,
      some.map(({ mutated }) => mutated),
    )
    kept.push(...some.filter((_, i) => isRule[i]))
  }
  return kept
}

/** Units that do not pass with the rules as they are: they would kill everything. */
export const failing = async (folder: string, units: readonly Unit[], workers: number): Promise<readonly Unit[]> => {
  const failed: Unit[] = []
  await shared(
    workers,
    [...units].sort((a, b) => b.cost - a.cost),
    async (some) => {
      const passed = await passes(
        folder,
        some.map((unit) => ({ unit })),
      )
      failed.push(...some.filter((_, i) => !passed[i]))
      return []
    },
    ({ cost }) => cost,
  )
  return failed
}

/** Of a process: what it is given to do, in units of cost and in number. */
const FULL = { cost: 600, items: 24 }

/** Workers take from one queue, several at a time; what they give back goes to its end. */
const shared = async <Item>(
  workers: number,
  items: readonly Item[],
  work: (some: readonly Item[]) => Promise<readonly Item[]>,
  costOf: (item: Item) => number,
): Promise<void> => {
  const queue = [...items]
  let busy = 0
  const take = (): readonly Item[] => {
    const some: Item[] = []
    const most = Math.min(FULL.items, Math.ceil(queue.length / workers))
    for (let cost = 0; some.length < most; ) {
      const [next] = queue
      if (next === undefined || (some.length > 0 && cost + costOf(next) > FULL.cost)) break
      cost += costOf(next)
      some.push(next)
      queue.shift()
    }
    return some
  }
  await new Promise<void>((resolve, reject) => {
    const go = (): void => {
      while (busy < workers && queue.length > 0) {
        busy += 1
        work(take()).then((again) => {
          busy -= 1
          queue.push(...again)
          go()
        }, reject)
      }
      if (busy === 0 && queue.length === 0) resolve()
    }
    go()
  })
}

interface Hunt {
  readonly mutant: Mutant
  readonly left: Set<Unit>
}

export interface Progress {
  readonly done: number
  readonly of: number
  readonly survivors: readonly Mutant[]
  readonly trials: number
}

/** In the order given. */
export const survivorsOf = async (
  folder: string,
  mutants: readonly Mutant[],
  units: readonly Unit[],
  { workers, say }: { readonly workers: number; readonly say: (progress: Progress) => void },
): Promise<readonly Mutant[]> => {
  const reaching = Map.groupBy(
    units.flatMap((unit) => unit.rules.map((rule) => ({ rule: rule.name, unit }))),
    ({ rule }) => rule,
  )
  const survivors = new Set<Mutant>()
  let [done, trials] = [0, 0]
  /** `<rule> <unit>` → how often it killed a mutant of the rule, and how often it was tried. */
  const record = new Map<string, { killed: number; tried: number }>()
  const recordOf = ({ rule }: Mutant, unit: Unit) => {
    const key = `${rule} ${unit.name}`
    const known = record.get(key) ?? { killed: 0, tried: 0 }
    record.set(key, known)
    return known
  }
  const promise = (mutant: Mutant, unit: Unit): number => {
    const { killed, tried } = recordOf(mutant, unit)
    return (killed + (unit.of === mutant.rule ? 1 : 0.3)) / (tried + 2) / (unit.cost + 60)
  }
  const nextFor = ({ mutant, left }: Hunt): Unit | undefined => {
    let [best, most]: [Unit | undefined, number] = [undefined, -1]
    for (const unit of left) {
      const value = promise(mutant, unit)
      if (value > most) [best, most] = [unit, value]
    }
    return best
  }
  const hunts = mutants.map((mutant) => ({
    mutant,
    left: new Set((reaching.get(mutant.rule) ?? []).map(({ unit }) => unit)),
  }))
  const work = async (some: readonly Hunt[]): Promise<readonly Hunt[]> => {
    const trialsNow = some.flatMap((hunt) => {
      const unit = nextFor(hunt)
      if (unit === undefined) return []
      hunt.left.delete(unit)
      return [{ hunt, unit, instead: hunt.mutant.mutated }]
    })
    const passed = trialsNow.length === 0 ? [] : await passes(folder, trialsNow)
    trials += trialsNow.length
    const again: Hunt[] = []
    for (const [i, { hunt, unit }] of trialsNow.entries()) {
      const known = recordOf(hunt.mutant, unit)
      known.tried += 1
      if (!passed[i]) known.killed += 1
      else if (hunt.left.size > 0) again.push(hunt)
      else survivors.add(hunt.mutant)
    }
    for (const { mutant, left } of some)
      if (left.size === 0 && !trialsNow.some(({ hunt }) => hunt.mutant === mutant)) survivors.add(mutant)
    done += some.length - again.length
    say({ done, of: mutants.length, survivors: [...survivors], trials })
    return again
  }
  await shared(workers, hunts, work, (hunt) => nextFor(hunt)?.cost ?? 0)
  return mutants.filter((mutant) => survivors.has(mutant))
}
