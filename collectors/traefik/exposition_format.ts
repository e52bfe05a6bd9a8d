/**
 * Prometheus text format 0.0.4, read strictly and in one pass, as it arrives.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 *
 * Nothing of the text enters an error: it comes from a system we don't control, and may echo what we sent.
 */
import { CollectError } from '../../src/collector.ts'
import { isMetricName, LIMITS, type Limits, Malformed, type Series, seriesOf, skipBlanks } from './line.ts'

export type { Series } from './line.ts'

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

export interface Family {
  readonly name: string
  readonly type: FamilyType
  readonly series: readonly Series[]
}

export type Families = ReadonlyMap<string, Family>

export interface Parser {
  /** The next piece of the text, cut anywhere. Throws CollectError('decode'). */
  readonly push: (text: string) => void
  /** The families wanted that were there. Throws CollectError('decode') if the text is cut short. */
  readonly end: () => Families
}

interface OpenFamily {
  readonly name: string
  readonly isWanted: boolean
  type: FamilyType
  series: Series[]
  /** Of the series kept, to find doubled ones. */
  readonly keys: Set<string>
  hasSeries: boolean
  isDescribed: boolean
  isTyped: boolean
}

const TYPES: ReadonlySet<string> = new Set<FamilyType>(['counter', 'gauge', 'histogram', 'summary', 'untyped'])
const isType = (text: string): text is FamilyType => TYPES.has(text)
const SUFFIXES: Partial<Record<FamilyType, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count', ''],
}

/** Whether a line of this name belongs to the family. */
const belongs = (name: string, { name: family, type }: OpenFamily): boolean => {
  const suffixes = SUFFIXES[type]
  if (suffixes === undefined) return name === family
  return name.startsWith(family) && suffixes.includes(name.slice(family.length))
}

/** Reads all, strictly; keeps the families wanted. Time is linear in the text, memory in the families kept. */
export const createParser = (wants: (family: string) => boolean, limits: Limits = LIMITS): Parser => {
  const families = new Map<string, Family>()
  const closed = new Set<string>()
  let open: OpenFamily | undefined
  let rest = ''
  let lines = 0

  const begin = (name: string): OpenFamily => {
    if (open?.name === name) return open
    if (open !== undefined) close(open)
    if (closed.has(name)) throw new Malformed('a family that was there before, interrupted by another')
    open = {
      name,
      isWanted: wants(name),
      type: 'untyped',
      hasSeries: false,
      series: [],
      keys: new Set(),
      isDescribed: false,
      isTyped: false,
    }
    return open
  }

  const close = ({ name, isWanted, type, series }: OpenFamily): void => {
    closed.add(name)
    if (isWanted) families.set(name, { name, type, series })
  }

  const comment = (line: string): void => {
    const found = /^#[ \t]+(HELP|TYPE)[ \t]+([^ \t]+)(?:[ \t]+(.*))?$/s.exec(line)
    if (found === null) return
    const [, keyword, name = '', text = ''] = found
    if (!isMetricName(name, limits)) throw new Malformed(`${keyword} of what is no metric name`)
    const family = begin(name)
    if (keyword === 'HELP') {
      if (family.isDescribed) throw new Malformed('HELP given twice for a family')
      family.isDescribed = true
      return
    }
    if (family.isTyped || family.hasSeries) throw new Malformed('TYPE given twice, or after its series')
    const type = text.trim()
    if (!isType(type)) throw new Malformed('an unknown TYPE')
    family.isTyped = true
    family.type = type
  }

  const sampleLine = (line: string): void => {
    const series = seriesOf(line, limits)
    const family = open !== undefined && belongs(series.name, open) ? open : begin(series.name)
    if (!belongs(series.name, family)) throw new Malformed('a series that is not of its family')
    family.hasSeries = true
    if (!family.isWanted) return
    const key = `${series.name} ${series.labels.get('le') ?? ''} ${series.key}`
    if (family.keys.has(key)) throw new Malformed('a series given twice')
    family.keys.add(key)
    family.series.push(series)
  }

  const take = (line: string): void => {
    lines += 1
    try {
      if (lines > limits.lines) throw new Malformed(`more than ${limits.lines} lines`)
      if (line.length > limits.lineLength) throw new Malformed(`a line over ${limits.lineLength} characters`)
      const start = skipBlanks(line, 0)
      if (start === line.length) return
      if (line[start] === '#') comment(start === 0 ? line : line.slice(start))
      else sampleLine(start === 0 ? line : line.slice(start))
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      throw new CollectError('decode', `not Prometheus text: line ${lines}: ${error.message}`)
    }
  }

  return {
    push: (text) => {
      let from = 0
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
        take(from === 0 ? rest + text.slice(0, at) : text.slice(from, at))
        rest = ''
        from = at + 1
      }
      rest += text.slice(from)
      if (rest.length > limits.lineLength) take(rest)
    },
    end: () => {
      if (rest !== '') {
        throw new CollectError('decode', `not Prometheus text: cut short in line ${lines + 1}: no line end`)
      }
      if (open !== undefined) close(open)
      open = undefined
      return families
    },
  }
}

export const parse = (
  text: string,
  wants: (family: string) => boolean = () => true,
  limits: Limits = LIMITS,
): Families => {
  const parser = createParser(wants, limits)
  parser.push(text)
  return parser.end()
}
