/** Tables: a row for each combination of labels, a column for each label and for each query. Pure. */
import {
  FieldTextAlignment,
  TableCellHeight,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { type DynamicConfigValue, ThresholdsMode, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { cellLink } from './links.ts'
import { type Asked, common, type Placed, type Query, refIdOf, unitOfQuery } from './panel.ts'
import type { Steps } from './thresholds.ts'

/** A label's; its values lead to where they are looked at. */
export interface LabelColumn {
  readonly label: string
  readonly title: string
}
/** A query's. */
export interface ValueColumn extends Query {
  readonly title: string
  /** Where values are good or bad by themselves. */
  readonly steps?: Steps
  readonly decimals?: number
  readonly mappings?: readonly ValueMapping[]
}

export interface Table extends Omit<Asked, 'queries'> {
  readonly labels: readonly LabelColumn[]
  readonly values: readonly ValueColumn[]
  /** The title of a column, the largest value first. */
  readonly sortBy?: string
}

/** As Grafana calls the columns before they are renamed. */
const fieldOf = (index: number, of: number): string => (of > 1 ? `Value #${refIdOf(index)}` : 'Value')

const propertiesOf = (value: ValueColumn): DynamicConfigValue[] => [
  { id: 'unit', value: unitOfQuery(value) },
  ...(value.decimals === undefined ? [] : [{ id: 'decimals', value: value.decimals }]),
  ...(value.mappings === undefined ? [] : [{ id: 'mappings', value: value.mappings }]),
  ...(value.steps === undefined
    ? []
    : [
        { id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: value.steps } },
        { id: 'custom.cellOptions', value: { type: 'color-text' } },
      ]),
]

export const table = (asked: Table): Placed => {
  const { labels, values, sortBy, width = 24, height = 10 } = asked
  const fields = [...labels.map(({ label }) => label), ...values.map((_, i) => fieldOf(i, values.length))]
  const titles = [...labels, ...values].map(({ title }) => title)
  const builder = common(new TableBuilder(), { ...asked, queries: values }, 'table')
    .showHeader(true)
    .cellHeight(TableCellHeight.Sm)
    .align(FieldTextAlignment.Auto)
    .filterable(true)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(fields.map((field, i) => [field, i])),
        renameByName: Object.fromEntries(fields.map((field, i) => [field, titles[i]])),
      },
    })
  for (const value of values) builder.overrideByName(value.title, propertiesOf(value))
  const columns = new Map(labels.map(({ label, title }) => [label, title]))
  for (const { label, title } of labels) {
    const link = cellLink(label, columns)
    if (link !== undefined) builder.overrideByName(title, [{ id: 'links', value: [{ ...link, targetBlank: false }] }])
  }
  if (sortBy !== undefined) builder.sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)])
  return { builder, width, height }
}
