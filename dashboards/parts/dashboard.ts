/** A dashboard of rows of panels: variables, links, annotations and places are alike in all of them. Pure. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type DashboardName, neighbours, PREFIX, TAG, TITLES } from './links.ts'
import type { Placed } from './panel.ts'

export interface Row {
  /** Like a panel's, from the same numbers. */
  readonly id: number
  readonly title: string
  readonly panels: readonly Placed[]
}

export interface DashboardSpec {
  readonly name: DashboardName
  /** For whom it is and what it answers. */
  readonly description: string
  /** What it shows at first, `now-6h` say. */
  readonly from: string
  readonly variables: readonly Builder<VariableModel>[]
  readonly annotations: readonly Builder<AnnotationQuery>[]
  readonly rows: readonly Row[]
}

const WIDTH = 24

/** From left to right, a new line where one is full; gives where the next row begins. */
const place = (panels: readonly Placed[], top: number): number => {
  let [x, y, lineHeight] = [0, top, 0]
  for (const { builder, width, height } of panels) {
    if (x + width > WIDTH) [x, y, lineHeight] = [0, y + lineHeight, 0]
    builder.gridPos({ x, y, w: width, h: height })
    x += width
    lineHeight = Math.max(lineHeight, height)
  }
  return y + lineHeight
}

/** Throws where a panel's unit and its queries do not agree. */
export const buildDashboard = (spec: DashboardSpec): Dashboard => {
  const dashboard = new DashboardBuilder(`Odoo Pulse: ${TITLES[spec.name]}`)
    .uid(`${PREFIX}${spec.name}`)
    .description(spec.description)
    .tags([TAG])
    .readonly()
    .time({ from: spec.from, to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...spec.variables])
    .annotations([...spec.annotations])
    .links([neighbours])
  let top = 0
  for (const { id, title, panels } of spec.rows) {
    dashboard.withRow(new RowBuilder(title).id(id).collapsed(false).gridPos({ x: 0, y: top, w: WIDTH, h: 1 }))
    top = place(panels, top + 1)
    for (const { builder } of panels) dashboard.withPanel(builder)
  }
  return dashboard.build()
}

export const renderDashboard = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`
