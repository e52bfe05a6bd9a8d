/** Alerts as Prometheus keeps them, and what they mark on graphs. Pure. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { inhibitRules } from '../../src/alerting/alertmanager/inhibitions.ts'
import { windowActive } from '../../src/calendar/metrics.ts'
import { type PromQL, promql } from '../../src/metric.ts'
import { DATASOURCE } from './grafana.ts'
import { most, not } from './query.ts'

/** Labels of ours that alerts can have. */
type AlertLabel = 'alertname' | 'layer' | 'severity' | 'tenant' | 'server' | 'flow'
type Of = { readonly [K in AlertLabel]?: string }

const selector = (state: 'firing' | 'pending', matchers: string): PromQL =>
  promql`ALERTS{alertstate="${state}"${matchers === '' ? '' : `,${matchers}`}}`
const written = (of: Of): readonly string[] => Object.entries(of).map(([label, value]) => `${label}="${value}"`)

/** Of the tenants and servers chosen, and those about neither. */
export const firing = (of: Of = {}): PromQL =>
  selector('firing', [...written(of), 'tenant=~"$tenant|"', 'server=~"$server|"'].join(','))
export const pending = (): PromQL => selector('pending', 'tenant=~"$tenant|",server=~"$server|"')
/** Of the tenants chosen only. */
export const firingOfTenant = (of: Of = {}): PromQL =>
  selector('firing', [...written(of), 'tenant=~"$tenant",tenant!=""'].join(','))
/** About servers, whoever's they are. */
export const firingOfServers = (of: Of = {}): PromQL =>
  selector('firing', [...written(of), 'tenant=""', 'server!=""'].join(','))

/**
 * What fires and is not sent since something else that fires explains it, by the rules that Alertmanager is given. `labels`
 * tell two of them apart.
 */
export const inhibited = (labels: string): PromQL => {
  const [first = promql``, ...others] = inhibitRules.map(({ source_matchers, target_matchers, equal }) => {
    const variables = ['tenant=~"$tenant|"', 'server=~"$server|"']
    const target = selector('firing', [...target_matchers, ...variables].join(','))
    return promql`${target} and on (${equal.join(', ')}) ${selector('firing', source_matchers.join(','))}`
  })
  return promql`max by (${labels}) (
  ${others.reduce((all, part) => promql`${all}\n  or ${part}`, first)}
)`
}

interface Mark {
  readonly name: string
  readonly expr: PromQL
  readonly color: string
  readonly title: string
  readonly text: string
  readonly enabled?: boolean
}

/** Without the SDK's own default of a place, which hides the switch in a menu. */
const mark = ({ name, expr, color, title, text, enabled = true }: Mark): Builder<AnnotationQuery> => {
  const { placement, ...query } = new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(enabled)
    .iconColor(color)
    .expr(expr.text)
    .titleFormat(title)
    .textFormat(text)
    .step('60s')
    .build()
  return { build: () => query }
}

const LABELS = ['tenant', 'business_window', 'kind'] as const

/** Spans in which something of the business calendar is active; opening hours, which are long, only when they are asked for. */
export const windowMarks = (): readonly Builder<AnnotationQuery>[] => [
  mark({
    name: 'Business windows',
    expr: promql`${most(windowActive, LABELS, { kind: not('open') })} == ${1}`,
    color: 'purple',
    title: '{{business_window}}',
    text: '{{kind}} of {{tenant}}',
  }),
  mark({
    name: 'Opening hours',
    expr: promql`${most(windowActive, LABELS, { kind: 'open' })} == ${1}`,
    color: 'super-light-blue',
    title: '{{business_window}}',
    text: 'open, {{tenant}}',
    enabled: false,
  }),
]

export const pageMarks = (): Builder<AnnotationQuery> =>
  mark({
    name: 'Pages',
    expr: firing({ severity: 'page' }),
    color: 'red',
    title: '{{alertname}}',
    text: '{{tenant}} {{flow}} {{server}}',
  })
