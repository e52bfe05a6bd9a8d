/** What /api/v1/flows says of a flow, as JSON: what is unknown is no key. Pure. */
import { formatDuration } from '../config/duration.ts'
import type { Instant } from '../metric.ts'
import { groupOf } from './detail.ts'
import { targetAt } from './ledger/verdict.ts'
import type { Rate } from './ledger/windows.ts'
import type { FlowReport, Overdue, OverdueDocument } from './report.ts'
import type { Target } from './spec/tenant_flow.ts'

/** Why documents and money are not shown to everybody, or that they are. */
export type Right = { readonly granted: true } | { readonly granted: false; readonly why: string }

/** The answer to who asked for the overdue documents; a failure is for people, and redacted. */
export type Documents = { readonly found: Overdue; readonly at: Instant } | { readonly failed: string }

const iso = (at: Instant | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString())

/** As the configuration writes it, in words. */
export const targetText = (target: Target): string => {
  if ('within' in target) return `within ${formatDuration(target.within)}`
  if ('within_open_hours' in target) return `within ${formatDuration(target.within_open_hours)} of open hours`
  if ('periods' in target) return `a gap of at most ${target.periods} periods`
  if ('at_most' in target) return `at most ${target.at_most} overdue`
  const days = ['the open day', 'the next open day', 'the 2nd open day after', 'the 3rd open day after']
  const day = days[target.after_open_days] ?? `the ${target.after_open_days}th open day after`
  return target.by === 'end_of_day' ? `by the end of ${day}` : `by ${target.by} of ${day}`
}

/** A name that is no well-formed Unicode can't be part of a URL. */
const segment = (name: string): string => encodeURIComponent(name.toWellFormed())

const under = (path: string, { tenant, flow }: FlowReport): string =>
  `${path}/${segment(tenant)}/${segment(flow.flow.name)}`

/** Where its details are, as JSON. */
export const pathOf = (report: FlowReport): string => under('/api/v1/flows', report)

/** Where its page for people is. */
export const pagePathOf = (report: FlowReport): string => under('/flows', report)

/** One entry of /api/v1/flows. */
export const summaryOf = (report: FlowReport, at: Instant) => {
  const { tenant, flow, state, reason, via, reading, progress, skew, nextLook } = report
  const { name, title, process, owner, kind } = flow.flow
  const backlog = reading?.windows.backlog
  return {
    tenant,
    flow: name,
    title,
    process,
    owner,
    kind,
    evidence: report.evidence ?? flow.flow.evidence,
    mode: flow.mode,
    state,
    reason,
    via,
    objective: flow.objective,
    target: targetText(targetAt(flow.targets, at)),
    as_of: iso(reading?.windows.asOf),
    next_look: iso(nextLook),
    progress,
    clock_skew_seconds: skew === undefined ? undefined : Math.round(skew) / 1000,
    windows: reading?.windows.verdicts.map(({ window, good, bad }) => ({ window, good, bad })),
    open: backlog?.open,
    overdue: backlog?.overdue,
    oldest_open: iso(backlog?.oldest),
    details: pathOf(report),
  }
}

const withExpected = (rates: readonly Rate[] = [], expected: readonly Rate[] = []) =>
  rates.map(({ window, count }) => ({
    window,
    count,
    expected: expected.find((usual) => usual.window === window)?.count,
  }))

const groupsOf = (report: FlowReport) => {
  const group = groupOf(report)
  const verdicts = report.reading?.windows.groups ?? []
  if (group === undefined || verdicts.length === 0) return undefined
  return {
    dimension: group.dimension,
    // all others together have no member
    verdicts: verdicts.map(({ member, window, good, bad }) => ({
      member,
      name: member === undefined ? undefined : report.groupNames?.get(member),
      window,
      good,
      bad,
    })),
  }
}

/**
 * Where people open a record. From 18 on the path names model and record, a model without a dot as `m-…`:
 * https://github.com/odoo/odoo/blob/18.0/addons/web/static/src/core/browser/router.js (pathFromActionState).
 */
export const documentLink = ({ url, version }: Pick<Overdue, 'url' | 'version'>, model: string, id: number) => {
  if (url === undefined || !/^https?:\/\//.test(url)) return undefined
  const base = url.replace(/\/+$/, '')
  const name = segment(model)
  if (version >= 18) return `${base}/odoo/${model.includes('.') ? name : `m-${name}`}/${id}`
  return `${base}/web#id=${id}&model=${name}&view_type=form`
}

const documentOf = ({ item, model, name, due }: OverdueDocument, odoo: Overdue, showsValue: boolean) => ({
  name,
  model,
  id: item.id,
  start: iso(item.start),
  due: iso(due),
  value: showsValue ? item.value : undefined,
  currency: showsValue && item.value !== undefined ? item.currency : undefined,
  link: documentLink(odoo, model, item.id),
})

const documentsOf = (documents: Documents, showsValue: boolean) =>
  'failed' in documents
    ? { documents_failed: documents.failed }
    : {
        documents_as_of: iso(documents.at),
        documents: documents.found.documents
          .toSorted((a, b) => a.due - b.due || a.item.id - b.item.id)
          .map((document) => documentOf(document, documents.found, showsValue)),
      }

/** /api/v1/flows/<tenant>/<flow>; `documents` is there exactly where the right is granted. */
export const detailsOf = (report: FlowReport, at: Instant, right: Right, documents: Documents | undefined) => {
  const { reading, flow } = report
  return {
    ...summaryOf(report, at),
    unknowable: flow.flow.unknowable.trim(),
    starts: reading && withExpected(reading.windows.starts, reading.expected?.starts),
    completions: reading && withExpected(reading.windows.completions, reading.expected?.completions),
    due: reading?.windows.backlog?.due,
    unjudged: reading?.unjudged,
    group: groupsOf(report),
    ...(right.granted
      ? {
          value: reading && flow.showsValue ? reading.worth : undefined,
          ...(documents && documentsOf(documents, flow.showsValue)),
        }
      : { documents_withheld: right.why }),
  }
}
