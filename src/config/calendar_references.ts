/** What no schema can say of `calendar:`: references, and keys that need or exclude one another. Pure. */
import { hasDays, needsStart, problemInRule } from '../calendar/recurrence.ts'
import { parseDay, parseTime, parseWall } from '../calendar/window.ts'
import { type Path, type Problem, suggestion } from './problem.ts'
import { type Located, placeOf, valueAt, type YamlFile } from './yaml.ts'

const OF_RULES = ['start', 'from', 'to', 'days', 'holidays']

interface Window {
  readonly yaml: YamlFile
  readonly path: Path
  readonly value: Located
}

const has = ({ value }: Window, key: string): boolean => valueAt(value, [key]) !== undefined
const textAt = ({ value }: Window, ...path: Path): string | undefined => {
  const data = valueAt(value, path)?.data
  return typeof data === 'string' ? data : undefined
}

const problem = (window: Window, below: Path, message: string, part: 'key' | 'value' = 'value'): Problem => ({
  ...placeOf(window.yaml, [...window.path, ...below], part),
  message,
})

/** Names in the list under `key` that are not known. */
const dangling = (window: Window, key: string, known: readonly string[], what: string): readonly Problem[] =>
  (valueAt(window.value, [key])?.items ?? []).flatMap(({ data }, i) => {
    if (typeof data !== 'string' || known.includes(data)) return []
    return [problem(window, [key, i], `${what}; ${suggestion(data, known, 'none is given: add it there')}`)]
  })

const ofDates = (window: Window): readonly Problem[] => [
  ...OF_RULES.filter((key) => has(window, key)).map((key) =>
    problem(window, [key], 'goes with `rrule`; in `dates` write each from and to in full', 'key'),
  ),
  ...(valueAt(window.value, ['dates'])?.items ?? []).flatMap((_, i) => {
    const [from, to] = (['from', 'to'] as const).map((edge) => parseWall(textAt(window, 'dates', i, edge) ?? '', edge))
    if (from === undefined || to === undefined || from < to) return []
    return [problem(window, ['dates', i, 'to'], 'ends before it begins: `to` must be after `from`')]
  }),
]

const ofRule = (window: Window): readonly Problem[] => {
  const rrule = textAt(window, 'rrule')
  const start = textAt(window, 'start')
  const [from = 0, to = 1440] = ['from', 'to'].map((key) => parseTime(textAt(window, key) ?? ''))
  const isLate = valueAt(window.value, ['days'])?.data === 0 && to <= from
  const problems = [
    ...(isLate ? [problem(window, ['days'], 'ends before it begins: `to` is not after `from`')] : []),
    ...(textAt(window, 'kind') === 'cut-off' && !has(window, 'to')
      ? [problem(window, [], 'a cut-off needs `to`: the time that is the deadline', 'key')]
      : []),
  ]
  if (rrule === undefined || problemInRule(rrule) !== undefined) return problems
  if (start === undefined && needsStart(rrule)) {
    const message = 'this rule needs `start`, its first day: it counts from it, or takes weekday or date from it'
    return [...problems, problem(window, ['rrule'], message)]
  }
  const first = parseDay(start ?? '')
  if ((start !== undefined && first === undefined) || hasDays(rrule, first)) return problems
  return [...problems, problem(window, ['rrule'], 'no day ever matches this rule')]
}

const ofOccurrence = (window: Window): readonly Problem[] => {
  const [rule, dates] = [has(window, 'rrule'), has(window, 'dates')]
  if (rule && dates) return [problem(window, ['dates'], '`rrule` and `dates` exclude one another: keep one', 'key')]
  if (!rule && !dates) return [problem(window, [], 'give `rrule`, the days it recurs on, or `dates`', 'key')]
  return rule ? ofRule(window) : ofDates(window)
}

/** `main`: the main file; `tenants`: those of all files. */
export const checkCalendar = (main: YamlFile, tenants: readonly string[]): readonly Problem[] => {
  const calendar = valueAt(main.root, ['calendar'])
  const holidays = [...(valueAt(calendar, ['holidays'])?.entries?.keys() ?? [])]
  const isZoned = valueAt(calendar, ['timezone']) !== undefined
  return [...(valueAt(calendar, ['windows'])?.entries ?? [])].flatMap(([name, { value }]) => {
    const window = { yaml: main, path: ['calendar', 'windows', name], value }
    if (value.entries === undefined) return []
    return [
      ...(isZoned || has(window, 'timezone')
        ? []
        : [problem(window, [], 'its time zone is unknown: give `timezone` here or under `calendar`', 'key')]),
      ...ofOccurrence(window),
      ...dangling(window, 'tenants', tenants, 'no such tenant under `tenants`'),
      ...dangling(window, 'holidays', holidays, 'no such list under `calendar.holidays`'),
    ]
  })
}
