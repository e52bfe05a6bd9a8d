/** What every panel has, whatever it draws: what it says, asks, links to; and its unit, which follows from what it asks. Pure. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import {
  type DashboardLink,
  type DynamicConfigValue,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import type { PromQL } from '../../src/metric.ts'
import { DATASOURCE } from './grafana.ts'
import { type DashboardName, dashboardLink, flowRunbookLink, runbookLink } from './links.ts'
import { type Quantity, quantityOf } from './quantity.ts'
import type { Steps } from './thresholds.ts'
import { unitOf } from './units.ts'

/** What stands on the i of a panel. Whole sentences. */
export interface Said {
  readonly title: string
  readonly shows: string
  readonly good: string
  readonly otherwise: string
}

export interface Query {
  readonly expr: PromQL
  /** Of a series; a template over its labels. */
  readonly legend?: string
  /** Grafana's, where its quantity can be shown in several. */
  readonly unit?: string
  /** Where the unit can't be worked out, what it is. */
  readonly quantity?: Quantity
}

export interface Size {
  /** Of 24. */
  readonly width: number
  /** About 30 pixels each. */
  readonly height: number
}

/** Three stand side by side. */
export const THIRD = { width: 8 } as const

export interface Asked extends Said, Partial<Size> {
  /** Within its dashboard, for ever: links and embedded panels hold it. */
  readonly id: number
  readonly queries: readonly Query[]
  readonly thresholds: Steps
  /** Said in place of data, and why there may be none where all is well. Without it there is always some. */
  readonly noValue?: string
  /** Alerts about what it shows: it links to their runbooks. */
  readonly alerts?: readonly string[]
  /** Flows that it is about: it links to their runbooks. */
  readonly flows?: readonly string[]
  /** Where to read on. */
  readonly next?: readonly DashboardName[]
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly mappings?: readonly ValueMapping[]
}

/** As the row it stands in places it. */
export interface Placed extends Size {
  readonly builder: PanelBuilder
}

/** What all of the SDK's builders of panels with data have in common. */
export interface PanelBuilder extends Builder<Panel> {
  id(id: number): this
  title(title: string): this
  description(description: string): this
  datasource(datasource: DataSourceRef): this
  gridPos(position: { h: number; w: number; x: number; y: number }): this
  links(links: Builder<DashboardLink>[]): this
  withTarget(target: Builder<Dataquery>): this
  unit(unit: string): this
  decimals(decimals: number): this
  min(min: number): this
  max(max: number): this
  noValue(text: string): this
  mappings(mappings: ValueMapping[]): this
  thresholds(thresholds: Builder<{ mode: ThresholdsMode; steps: Threshold[] }>): this
  overrideByQuery(refId: string, properties: DynamicConfigValue[]): this
}

export const refIdOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index)

/** Throws where the unit that is asked for is not one of what the query gives. */
export const unitOfQuery = ({ expr, unit, quantity }: Query): string => unitOf(quantity ?? quantityOf(expr), unit)

export type Mode = 'instant' | 'range' | 'table' | 'heatmap'

const FORMATS: Readonly<Record<Mode, PromQueryFormat>> = {
  instant: PromQueryFormat.TimeSeries,
  range: PromQueryFormat.TimeSeries,
  table: PromQueryFormat.Table,
  heatmap: PromQueryFormat.Heatmap,
}

const target = ({ expr, legend }: Query, refId: string, mode: Mode): DataqueryBuilder => {
  const query = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .refId(refId)
    .expr(expr.text)
    .format(FORMATS[mode])
    .legendFormat(legend ?? '__auto')
  return mode === 'instant' || mode === 'table' ? query.instant() : query.range()
}

export const stepsOf = (steps: Steps): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps])

const described = ({ shows, good, otherwise }: Said): string =>
  `${shows}\n\n**Good:** ${good}\n\n**Otherwise:** ${otherwise}`

/** Sets all that does not depend on the kind of panel. Throws where units and queries do not agree. */
export const common = <B extends PanelBuilder>(builder: B, asked: Asked, mode: Mode): B => {
  const { queries, alerts = [], flows = [], next = [], decimals, min, max, noValue, mappings } = asked
  const units = queries.map(unitOfQuery)
  const [first = ''] = units
  builder
    .id(asked.id)
    .title(asked.title)
    .description(described(asked))
    .datasource(DATASOURCE)
    .unit(first)
    .thresholds(stepsOf(asked.thresholds))
    .links([...alerts.map(runbookLink), ...flows.map(flowRunbookLink), ...next.map(dashboardLink)])
  queries.forEach((query, i) => {
    builder.withTarget(target(query, refIdOf(i), mode))
    if (mode !== 'table' && units[i] !== first) {
      builder.overrideByQuery(refIdOf(i), [{ id: 'unit', value: units[i] }])
    }
  })
  if (decimals !== undefined) builder.decimals(decimals)
  if (min !== undefined) builder.min(min)
  if (max !== undefined) builder.max(max)
  if (noValue !== undefined) builder.noValue(noValue)
  if (mappings !== undefined) builder.mappings([...mappings])
  return builder
}
