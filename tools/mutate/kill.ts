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

export interface Found {
  /** In the order given. */
  readonly survivors: readonly Mutant[]
  /** Units that fail with the rules as they are, and so say nothing. */
  readonly broken: readonly Unit[]
}

/** Units by what they have shown of a rule's mutants so far: which of them is to be tried next. */
const recordOfUnits = () => {
  /** `<rule> <unit>` */
  const record = new Map<string, { killed: number; tried: number }>()
  const of = ({ rule }: Mutant, unit: Unit) => {
    const key = `${rule} ${unit.name}`
    const known = record.get(key) ?? { killed: 0, tried: 0 }
    record.set(key, known)
    return known
  }
  const promise = (mutant: Mutant, unit: Unit): number => {
    const { killed, tried } = of(mutant, unit)
    return (killed + (unit.of === mutant.rule ? 1 : 0.3)) / (tried + 2) / (unit.cost + 60)
  }
  return {
    tell: (mutant: Mutant, unit: Unit, isKilled: boolean): void => {
      const known = of(mutant, unit)
      known.tried += 1
      if (isKilled) known.killed += 1
    },
    best: ({ mutant, left }: Hunt): Unit | undefined => {
      let [best, most]: [Unit | undefined, number] = [undefined, -1]
      for (const unit of left) {
        const value = promise(mutant, unit)
        if (value > most) [best, most] = [unit, value]
      }
      return best
    },
  }
}

export const hunt = async (
  folder: string,
  mutants: readonly Mutant[],
  units: readonly Unit[],
  { workers, say }: { readonly workers: number; readonly say: (progress: Progress) => void },
): Promise<Found> => {
  const reaching = Map.groupBy(
    units.flatMap((unit) => unit.rules.map((rule) => ({ rule: rule.name, unit }))),
    ({ rule }) => rule,
  )
  const survivors = new Set<Mutant>()
  const record = recordOfUnits()
  let [done, trials] = [0, 0]
  /** Asked once of each unit that fails with a mutant: whether it passes with the rules as they are. */
  const sane = new Map<Unit, boolean>()
  const check = async (some: readonly Unit[]): Promise<void> => {
    const unknown = [...new Set(some)].filter((unit) => !sane.has(unit))
    const passed =
      unknown.length === 0
        ? []
        : await passes(
            folder,
            unknown.map((unit) => ({ unit })),
          )
    for (const [i, unit] of unknown.entries()) sane.set(unit, passed[i] ?? false)
  }
  const work = async (some: readonly Hunt[]): Promise<readonly Hunt[]> => {
    const tried = some.map((each) => ({ each, unit: record.best(each) }))
    const now = tried.flatMap(({ each, unit }) => (unit ? [{ each, unit, instead: each.mutant.mutated }] : []))
    const passed = now.length === 0 ? [] : await passes(folder, now)
    trials += now.length
    await check(now.filter((_, i) => !passed[i]).map(({ unit }) => unit))
    const killed = new Set<Hunt>()
    for (const [i, { each, unit }] of now.entries()) {
      const isKilled = passed[i] === false && sane.get(unit) === true
      record.tell(each.mutant, unit, isKilled)
      each.left.delete(unit)
      if (isKilled) killed.add(each)
    }
    const again = some.filter((each) => !killed.has(each) && each.left.size > 0)
    for (const each of some) if (!killed.has(each) && each.left.size === 0) survivors.add(each.mutant)
    done += some.length - again.length
    say({ done, of: mutants.length, survivors: [...survivors], trials })
    return again
  }
  const hunts = mutants.map((mutant) => ({
    mutant,
    left: new Set((reaching.get(mutant.rule) ?? []).map(({ unit }) => unit)),
  }))
  await shared(workers, hunts, work, (each) => record.best(each)?.cost ?? 0)
  return {
    survivors: mutants.filter((mutant) => survivors.has(mutant)),
    broken: [...sane].flatMap(([unit, isSane]) => (isSane ? [] : [unit])),
  }
}
