/**
 * Series of which nothing is known but what labels they have, and what tells them apart. Pure.
 *
 * A key is a set of labels no two series agree on: a raw metric's is all its labels with `job` and `instance`, since two
 * replicas of an exporter tell the same; an aggregation's is what it aggregates by. Where the key lies within the labels
 * a join is on, that side is unique, whatever the estate.
 */
import type { Matcher } from './ast.ts'

export interface Series {
  readonly kind: 'series'
  /** Those that may stand on a series. */
  readonly labels: ReadonlySet<string>
  /** Those that stand on every one, non-empty. */
  readonly certain: ReadonlySet<string>
  /** Each a set no two series agree on; none where nothing is known of it. */
  readonly keys: readonly ReadonlySet<string>[]
}

/** nothing: no series at all, ever (a recording that only reads itself) · unknown: of an undeclared metric. */
export type Shape = Series | { readonly kind: 'scalar' | 'string' | 'nothing' | 'unknown' }

export const NOTHING: Shape = { kind: 'nothing' }
export const UNKNOWN: Shape = { kind: 'unknown' }
export const SCALAR: Shape = { kind: 'scalar' }

/** In the place of a value that is put in later: it might be any. */
export const ANYTHING = '\uFFFD'

/** The labels a scrape adds. */
export const SCRAPED: readonly string[] = ['job', 'instance']

const KEYS = 6

export const series = (
  labels: Iterable<string>,
  certain: Iterable<string>,
  keys: readonly Iterable<string>[],
): Series => ({
  kind: 'series',
  labels: new Set(labels),
  certain: new Set(certain),
  keys: minimal(keys.map((key) => new Set(key))),
})

/** Those that contain no other, the shortest first. */
const minimal = (keys: readonly ReadonlySet<string>[]): readonly ReadonlySet<string>[] =>
  [...keys]
    .sort((a, b) => a.size - b.size)
    .filter((key, i, all) => !all.slice(0, i).some((before) => before.isSubsetOf(key)))
    .slice(0, KEYS)

export const isUniqueOn = ({ keys }: Series, labels: ReadonlySet<string>): boolean =>
  keys.some((key) => key.isSubsetOf(labels))

const allows = ({ op, value }: Matcher, text: string): boolean => {
  const matches = op === '=' || op === '!=' ? value === text : regexMatches(value, text)
  return op === '=' || op === '=~' ? matches : !matches
}

/** Undefined where JavaScript reads no such expression (RE2 has a few of its own). */
export const regexOf = (value: string): RegExp | undefined => {
  try {
    return new RegExp(`^(?:${value})$`, 's')
  } catch {
    return undefined
  }
}
export const regexMatches = (value: string, text: string): boolean => regexOf(value)?.test(text) ?? false

/** What is left by a selector's matchers: a label set by `=` tells no series apart any more. */
export const narrowed = (shape: Shape, matchers: readonly Matcher[]): Shape => {
  if (shape.kind !== 'series') return shape
  const absent = new Set(matchers.filter((m) => m.op === '=' && m.value === '').map((m) => m.label))
  const fixed = new Set(matchers.filter((m) => m.op === '=').map((m) => m.label))
  const present = new Set(matchers.filter((m) => !allows(m, '')).map((m) => m.label))
  return series(
    shape.labels,
    shape.certain.union(present.intersection(shape.labels)).difference(absent),
    shape.keys.map((key) => key.difference(fixed)),
  )
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && a.isSubsetOf(b)

export const isSame = (a: Shape, b: Shape): boolean =>
  a.kind === 'series' && b.kind === 'series'
    ? sameSet(a.labels, b.labels) &&
      sameSet(a.certain, b.certain) &&
      a.keys.length === b.keys.length &&
      a.keys.every((key, i) => sameSet(key, b.keys[i] ?? new Set()))
    : a.kind === b.kind
