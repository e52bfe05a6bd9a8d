/** What the doctor found, as a table for people and as JSON. Pure. */
import type { Failure } from './collector.ts'
import type { Duration } from './metric.ts'

/** One question put to one target, the first of each is `connect`; or to a tenant's flows, the first is `flows`. */
export interface Finding {
  readonly target: string
  readonly collector: string
  readonly probe: string
  /** off: a flow that is not to be judged. */
  readonly status: 'works' | 'unsupported' | 'failed' | 'off'
  /** Where it failed. */
  readonly reason: Failure | undefined
  /**
   * Where it does not work: what is the matter and, where known, the line that mends it. Of flows that work: which of
   * two ways is taken. Without secrets.
   */
  readonly message: string | undefined
  /** How many series it gave. */
  readonly series: number | undefined
  /** Of a flow: rows of the last hour; where only a count of what stands now exists, that. */
  readonly rows: number | undefined
  /** Undefined where it was not asked. */
  readonly duration: Duration | undefined
}

const HEADERS = ['TARGET', 'COLLECTOR', 'PROBE', 'STATUS', 'TIME', 'SERIES']
/** Where there are flows. */
const WITH_ROWS = [...HEADERS, 'ROWS']
const GAP = 3

const time = (duration: Duration | undefined): string => {
  if (duration === undefined) return '-'
  return duration < 1000 ? `${Math.round(duration)}ms` : `${(duration / 1000).toFixed(1)}s`
}

const statusOf = ({ status, reason }: Finding): string => (reason === undefined ? status : `${status} (${reason})`)

/** Columns as kubectl prints them: as wide as their widest cell, three spaces between. */
const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = WITH_ROWS.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)) + GAP)
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('')
      .trimEnd(),
  )
}

const rowOf = (f: Finding, hasRows: boolean): readonly string[] => [
  f.target,
  f.collector,
  f.probe,
  statusOf(f),
  time(f.duration),
  f.series?.toString() ?? '-',
  ...(hasRows ? [f.rows?.toString() ?? '-'] : []),
]

/** What has one cause is told once, under the names of all it concerns. */
const explanations = (findings: readonly Finding[]): readonly string[] => {
  const groups = Map.groupBy(
    findings.filter(({ message }) => message !== undefined),
    (f) => JSON.stringify([f.target, f.collector, statusOf(f), f.message]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first?.message === undefined) return []
    const probes = group.map(({ probe }) => probe).join(', ')
    const lines = first.message.split('\n').map((line) => `  ${line}`)
    return ['', `${first.target} ${first.collector}: ${statusOf(first)}: ${probes}`, ...lines]
  })
}

const counts = (findings: readonly Finding[]) => {
  const count = (status: Finding['status']) => findings.filter((f) => f.status === status).length
  const off = count('off')
  return {
    works: count('works'),
    unsupported: count('unsupported'),
    failed: count('failed'),
    ...(off > 0 ? { off } : {}),
  }
}

export const formatFindings = (findings: readonly Finding[]): string => {
  if (findings.length === 0) return 'nothing is watched: the configuration has no target\n'
  const { works, unsupported, failed, off } = counts(findings)
  const hasRows = findings.some(({ rows }) => rows !== undefined)
  const lines = [
    ...table([hasRows ? WITH_ROWS : HEADERS, ...findings.map((finding) => rowOf(finding, hasRows))]),
    ...explanations(findings),
    '',
    `${works} work, ${unsupported} unsupported, ${failed} failed${off === undefined ? '' : `, ${off} off`}`,
  ]
  return `${lines.join('\n')}\n`
}

/**
 * `{summary: {works, unsupported, failed, off?}, findings: [{target, collector, probe, status, reason?, message?, series?,
 * rows?, seconds?}]}`
 */
export const jsonOf = (findings: readonly Finding[]): string => {
  const plain = findings.map(({ duration, ...f }) => ({
    ...f,
    seconds: duration === undefined ? undefined : Math.round(duration) / 1000,
  }))
  return `${JSON.stringify({ summary: counts(findings), findings: plain }, null, 2)}\n`
}
