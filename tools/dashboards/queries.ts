/** Every query of a dashboard's JSON, as Grafana would send it: variables and intervals put in. Pure. */
import type { Dashboard, Panel, RowPanel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'
import { parseDuration } from '../../src/config/duration.ts'
import { type Duration, minutes, seconds } from '../../src/metric.ts'

/** What a reader has chosen, and how often Prometheus scrapes (the data source's own setting). */
export interface View {
  /** By variable; those not named have all. */
  readonly chosen: Readonly<Record<string, readonly string[]>>
  readonly range: Duration
  readonly scrape: Duration
}

/** As a data source is set up unless told otherwise. */
export const USUAL: View = { chosen: {}, range: minutes(15), scrape: seconds(15) }

export interface DashboardQuery {
  readonly dashboard: string
  readonly kind: 'panel' | 'variable' | 'annotation'
  /** The panel's title and the query's letter, the variable's or the annotation's name. */
  readonly place: string
  /** As written, and as sent. */
  readonly written: string
  readonly sent: string
  readonly how: 'instant' | 'range' | 'label'
  /** Of a range. */
  readonly over: Duration
  readonly step: Duration
  /** Of a variable: whose values it takes. */
  readonly label?: string
  /** Why it may give nothing where all is well; undefined: it may not. */
  readonly mayBeEmpty?: string
}

/** About as many points as a panel has pixels. */
const POINTS = 700

const stepOf = (over: Duration, least: Duration): Duration => Math.max(least, Math.ceil(over / POINTS / 1000) * 1000)

/** Grafana's: four scrapes, or a step and a scrape. */
const rateInterval = (step: Duration, scrape: Duration): Duration => Math.max(step + scrape, 4 * scrape)

const escaped = (value: string): string => value.replaceAll(/[\\^$*+?.()|[\]{}]/g, String.raw`\\$&`)

/** As Grafana fills a variable into a query for Prometheus: all by `allValue`, several as alternatives. */
const filled = ({ name, allValue = '.+' }: VariableModel, { chosen }: View): string => {
  const values = chosen[name]
  if (values === undefined) return allValue
  return values.length === 1 ? escaped(values[0] ?? '') : `(${values.map(escaped).join('|')})`
}

const inSeconds = (duration: Duration): string => `${Math.round(duration / 1000)}s`

const sentAs = (
  text: string,
  variables: readonly VariableModel[],
  view: View,
  { over, step }: { readonly over: Duration; readonly step: Duration },
): string => {
  const builtIn: Readonly<Record<string, string>> = {
    __rate_interval: inSeconds(rateInterval(step, view.scrape)),
    __interval: inSeconds(step),
    __range: inSeconds(over),
    __range_s: String(Math.round(over / 1000)),
  }
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    const variable = variables.find((v) => v.name === name)
    return builtIn[name] ?? (variable === undefined ? whole : filled(variable, view))
  })
}

const isPanel = (panel: Panel | RowPanel): panel is Panel => panel.type !== 'row'
export const panelsOf = (dashboard: Dashboard): readonly Panel[] => (dashboard.panels ?? []).filter(isPanel)
const isQuery = (target: object): target is Dataquery => 'expr' in target
/** The SDK knows targets as what all data sources have in common. */
export const targetsOf = (panel: Panel): readonly Dataquery[] => (panel.targets ?? []).filter(isQuery)
export const variablesOf = ({ templating }: Dashboard): readonly VariableModel[] => templating.list ?? []

const panelQueries = (dashboard: Dashboard, view: View): readonly DashboardQuery[] =>
  panelsOf(dashboard).flatMap((panel) =>
    targetsOf(panel).map((target): DashboardQuery => {
      const over = panel.timeFrom === undefined ? view.range : (parseDuration(panel.timeFrom) ?? view.range)
      const least = panel.interval === undefined ? view.scrape : (parseDuration(panel.interval) ?? view.scrape)
      const span = { over, step: stepOf(over, least) }
      const reason = panel.fieldConfig?.defaults.noValue
      return {
        ...span,
        dashboard: dashboard.title ?? '',
        kind: 'panel',
        place: `${panel.title} (${target.refId})`,
        written: target.expr,
        sent: sentAs(target.expr, variablesOf(dashboard), view, span),
        how: target.instant === true ? 'instant' : 'range',
        ...(reason === undefined ? {} : { mayBeEmpty: reason }),
      }
    }),
  )

const LABEL_VALUES = /^label_values\((.+), (\w+)\)$/s

const variableQueries = (dashboard: Dashboard, view: View): readonly DashboardQuery[] =>
  variablesOf(dashboard).flatMap(({ name, type, definition = '' }) => {
    if (type !== 'query') return []
    const [, written = '', label = ''] = LABEL_VALUES.exec(definition) ?? []
    const span = { over: view.range, step: stepOf(view.range, view.scrape) }
    const sent = sentAs(written, variablesOf(dashboard), view, span)
    return [
      { ...span, dashboard: dashboard.title ?? '', kind: 'variable', place: name, written, sent, how: 'label', label },
    ]
  })

const annotationQueries = (dashboard: Dashboard, view: View): readonly DashboardQuery[] =>
  (dashboard.annotations.list ?? []).map(({ name, expr = '' }) => {
    const span = { over: view.range, step: Math.max(minutes(1), stepOf(view.range, view.scrape)) }
    const sent = sentAs(expr, variablesOf(dashboard), view, span)
    return {
      ...{ dashboard: dashboard.title ?? '', kind: 'annotation', place: name, written: expr, sent, how: 'range' },
      ...{ ...span, step: Math.min(span.step, view.range), mayBeEmpty: 'It marks what happens: nothing of it did.' },
    }
  })

export const queriesOf = (dashboard: Dashboard, view: View): readonly DashboardQuery[] => [
  ...variableQueries(dashboard, view),
  ...annotationQueries(dashboard, view),
  ...panelQueries(dashboard, view),
]
