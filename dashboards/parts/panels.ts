/** The kinds of panels there are: a figure, lines, bars of a list, a heatmap, states over time. Tables: table.ts. Pure. */
import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  AxisPlacement,
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  HeatmapCellLayout,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type Asked, common, type Placed, type Query, refIdOf, unitOfQuery } from './panel.ts'
import type { Steps } from './thresholds.ts'

/** A number's word and colour. */
export const says = (
  words: Readonly<Record<string, readonly [text: string, color: string]>>,
): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
    ),
  },
]

export interface Figure extends Query {
  /** Where it has thresholds of its own. */
  readonly steps?: Steps
}
export interface Stat extends Asked {
  readonly queries: readonly Figure[]
  /** Beneath the figure, how it has been. */
  readonly graph?: boolean
}

/** One figure a query and series, as it is now. */
export const stat = (asked: Stat): Placed => {
  const { width = 4, height = 4, graph = false, queries } = asked
  const builder = common(new StatBuilder(), asked, graph ? 'range' : 'instant')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .colorMode(BigValueColorMode.Value)
    .graphMode(graph ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(
      queries.some(({ legend }) => legend !== undefined) ? BigValueTextMode.ValueAndName : BigValueTextMode.Value,
    )
    .orientation(queries.length > 1 ? VizOrientation.Horizontal : VizOrientation.Auto)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
  queries.forEach(({ steps }, i) => {
    if (steps === undefined) return
    const value = { mode: ThresholdsMode.Absolute, steps }
    const unit: DynamicConfigValue = { id: 'unit', value: unitOfQuery(queries[i] as Query) }
    builder.overrideByQuery(refIdOf(i), [unit, { id: 'thresholds', value }])
  })
  return { builder, width, height }
}

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([])
const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)

interface OverTime extends Asked {
  /** The least step: where each stands for a span of time, or where the metric is told no more often. */
  readonly step?: string
}
export interface Lines extends OverTime {
  readonly draw?: 'lines' | 'bars'
  readonly stacked?: boolean
  /** In place of the dashboard's range. */
  readonly over?: string
  /** Series that are drawn dashed, by their legend. */
  readonly dashed?: RegExp
}

/** How it has been. Thresholds are drawn as lines. */
export const lines = (asked: Lines): Placed => {
  const { width = 12, height = 8, draw = 'lines', stacked = false, step, over, dashed, thresholds } = asked
  const builder = common(new LinesBuilder(), { min: 0, ...asked }, 'range')
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(draw === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(stacked || draw === 'bars' ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None))
    .axisPlacement(AxisPlacement.Auto)
    .legend(legend())
    .tooltip(tooltip())
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        thresholds.length > 1 ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
  if (step !== undefined) builder.interval(step)
  if (over !== undefined) builder.timeFrom(over)
  if (dashed !== undefined) {
    builder.overrideByRegexp(`/${dashed.source}/`, [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } }])
  }
  return { builder, width, height }
}

/** One bar a series, as it is now, the longest first where the query sorts. */
export const bars = (asked: Asked): Placed => {
  const { width = 12, height = 8 } = asked
  const builder = common(new BarGaugeBuilder(), asked, 'instant')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
  return { builder, width, height }
}

/** How many fell into each bucket, over time. Its unit is that of the buckets' bounds. */
export const heatmap = (asked: OverTime & { readonly bounds: string }): Placed => {
  const { width = 12, height = 8, step, bounds } = asked
  const builder = common(new HeatmapBuilder(), asked, 'heatmap')
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(bounds).axisPlacement(AxisPlacement.Left))
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .showValue(VisibilityMode.Never)
  if (step !== undefined) builder.interval(step)
  return { builder, width, height }
}

/** One line a series, coloured by its state; what is absent is blank. */
export const timeline = (asked: Asked): Placed => {
  const { width = 24, height = 8 } = asked
  const builder = common(new TimelineBuilder(), asked, 'range')
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .legend(legend())
    .tooltip(tooltip())
  return { builder, width, height }
}
