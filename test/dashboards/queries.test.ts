/** What dashboards ask: by the checks of the alerts' own queries, and in units that follow from the metrics. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { expect, test } from 'vitest'
import { quantityOf } from '../../dashboards/parts/quantity.ts'
import { unitOf } from '../../dashboards/parts/units.ts'
import { panelsOf, queriesOf, targetsOf, USUAL } from '../../tools/dashboards/queries.ts'
import { faultsIn, generated, metrics, SELDOM } from './support.ts'

const queries = generated.flatMap((dashboard) => queriesOf(dashboard, USUAL))

test('target-promql, and all that is checked of alerts: names, joins, replicas, ranges, divisors', () => {
  expect(queries.length).toBeGreaterThan(200)
  const seldom = generated.flatMap((dashboard) => queriesOf(dashboard, SELDOM))
  const faults = seldom.flatMap((q) => faultsIn(q.sent).map((fault) => `${q.dashboard}: ${q.place}: ${fault}`))
  expect(faults).toEqual([])
})

/** The unit a query is drawn in: of its own override, by its letter or its column, else the panel's. */
const drawnIn = (panel: Panel, refId: string): unknown => {
  const renamed = panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName ?? {}
  const names = [refId, renamed[`Value #${refId}`] ?? renamed.Value ?? refId]
  const overrides = panel.fieldConfig?.overrides.filter(({ matcher }) => names.includes(matcher.options)) ?? []
  const units = overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit'))
  return units.at(-1)?.value ?? panel.fieldConfig?.defaults.unit
}
/** Items, by items a day, times a day's seconds: no unit tells that it is a time. */
const WORKED_OUT_BY_HAND = /clamp_min\(.* \* 86400/s

test('panel-units: every unit follows from the units of the metrics', () => {
  const mismatches = generated.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap((panel) =>
      targetsOf(panel).flatMap(({ expr, refId = '' }) => {
        const unit = String(drawnIn(panel, refId))
        if (WORKED_OUT_BY_HAND.test(expr)) return unit === 's' ? [] : [`${panel.title} ${refId}: ${unit}`]
        try {
          unitOf(quantityOf({ text: expr, metrics }), unit)
          return []
        } catch (error) {
          return [`${dashboard.uid}: ${panel.title} ${refId}: ${error}`]
        }
      }),
    ),
  )
  expect(mismatches).toEqual([])
})

test('target-rate-interval: rates are taken over $__rate_interval', () => {
  const others = queries.filter(({ written }) => /\bi?rate\((?![^)]*\[\$__rate_interval\])/.test(written))
  expect(others.map(({ place, written }) => `${place}: ${written}`)).toEqual([])
})

test('target-counter-agg: a counter is read by its rate or its increase', () => {
  const counters = metrics.filter(({ type }) => type !== 'gauge')
  const named = new RegExp(
    `\\b(${counters.map(({ name }) => name).join('|')})(_bucket|_sum|_count)?(\\{[^}]*\\})?(?![\\w{[])`,
  )
  const bare = queries.filter(({ kind, written }) => kind === 'panel' && named.test(written))
  expect(bare.map(({ place }) => place)).toEqual([])
})
