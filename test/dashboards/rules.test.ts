/** What every dashboard must be: the rules of Grafana's dashboard linter that fit, and ours. Held against the generated files. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { expect, test } from 'vitest'
import { ruleFiles } from '../../alert-rules/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { quantityOf } from '../../dashboards/parts/quantity.ts'
import { unitOf } from '../../dashboards/parts/units.ts'
import { alertsOf } from '../../src/alerting/rule.ts'
import { unknownIn } from '../../tools/dashboards/names.ts'
import { panelsOf, queriesOf, targetsOf, USUAL, variablesOf } from '../../tools/dashboards/queries.ts'
import { generated, metrics, root, textOf } from './support.ts'

const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` }
const NAMES = ['executive', 'flows', 'tenant', 'databases', 'odoo-ingress', 'pulse']

/** What is wrong, each with its place. */
const offences = (judge: (panel: Panel, dashboard: Dashboard) => boolean): readonly string[] =>
  generated.flatMap((dashboard) =>
    panelsOf(dashboard)
      .filter((panel) => judge(panel, dashboard))
      .map((panel) => `${dashboard.uid}: ${panel.title}`),
  )
const queries = generated.flatMap((dashboard) => queriesOf(dashboard, USUAL))

test('there are six, each a file of its own, with a uid that stays', () => {
  expect(dashboards.map(({ name }) => name)).toEqual(NAMES)
  expect(generated.map(({ uid }) => uid)).toEqual(NAMES.map((name) => `odoo-pulse-${name}`))
  expect(readdirSync(join(root, 'dashboards/generated')).sort()).toEqual(NAMES.map((name) => `${name}.json`).sort())
  for (const name of NAMES) expect(existsSync(join(root, `dashboards/${name}.ts`)), name).toBe(true)
})

test('every dashboard that an alert leads to is there', () => {
  const led = alertsOf(ruleFiles).flatMap(({ dashboard }) => dashboard ?? [])
  expect([...led, 'flows', 'tenant', 'databases', 'pulse'].filter((name) => !NAMES.includes(name))).toEqual([])
})

test('classic schema 42, importable without inputs, not to be edited in place (uneditable-dashboard)', () => {
  for (const { name } of dashboards) expect(textOf(name)).not.toMatch(/__inputs|__requires|DS_PROMETHEUS/)
  for (const dashboard of generated) {
    expect(dashboard).toMatchObject({ schemaVersion: 42, editable: false, tags: ['odoo-pulse'] })
    expect(dashboard.id ?? null).toBeNull()
  }
})

test('template-datasource, and variables for several tenants and servers or all', () => {
  for (const dashboard of generated) {
    const variable = (name: string) => variablesOf(dashboard).find((v) => v.name === name)
    expect(variable('datasource')).toMatchObject({ type: 'datasource', label: 'Data Source', query: 'prometheus' })
    for (const name of ['tenant', 'server']) {
      const many = { type: 'query', multi: true, includeAll: true, allValue: '.+', datasource: DATASOURCE }
      expect(variable(name), `${dashboard.uid} ${name}`).toMatchObject(many)
    }
  }
})

test('every variable is of use', () => {
  for (const { name } of dashboards) {
    const text = textOf(name)
    for (const { name: variable } of variablesOf(JSON.parse(text))) {
      expect(text, `${name}: ${variable}`).toMatch(new RegExp(`\\$\\{?${variable}\\b`))
    }
  }
})

test('panel-datasource: of every panel and query the variable', () => {
  const isOurs = (ref: object | undefined) => JSON.stringify(ref) === JSON.stringify(DATASOURCE)
  expect(offences((p) => !isOurs(p.datasource) || targetsOf(p).some((t) => !isOurs(t.datasource)))).toEqual([])
})

test('panel-title-description: what it shows, what good looks like, what to do', () => {
  const says = /^[A-Z].+\.\n\n\*\*Good:\*\* \S.*\.\n\n\*\*Otherwise:\*\* \S.+\.$/s
  expect(offences((p) => !p.title || !says.test(p.description ?? ''))).toEqual([])
})

test('panel-no-targets, target letters, thresholds, and figures that are worked out', () => {
  expect(offences((p) => targetsOf(p).length === 0)).toEqual([])
  expect(offences((p) => new Set(targetsOf(p).map((t) => t.refId)).size !== targetsOf(p).length)).toEqual([])
  expect(offences((p) => !p.fieldConfig?.defaults.thresholds?.steps.length)).toEqual([])
  const figures = ['stat', 'bargauge']
  expect(offences((p) => figures.includes(p.type) && !p.options.reduceOptions.calcs.length)).toEqual([])
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

test('target-promql: every query reads metrics and labels that exist', () => {
  expect(queries.length).toBeGreaterThan(200)
  expect(queries.flatMap((q) => unknownIn(q.sent, metrics).map((name) => `${q.place}: ${name}`))).toEqual([])
})

test.for([
  ['sum(pg_upp)', 'metric pg_upp'],
  ['sum by (host) (pg_up)', 'label host'],
  ['pg_up{instance="a",datname="b"}', 'label datname'],
  ['pg_up and on (tenant) redis_up', 'label tenant'],
] as const)('a wrong name is refused: %s', ([query, unknown]) => {
  expect(unknownIn(query, metrics)).toEqual([unknown])
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

test('panels have an id that no other of the dashboard has, and a place of their own within the grid', () => {
  for (const dashboard of generated) {
    const all = dashboard.panels ?? []
    const ids = all.map(({ id }) => id)
    expect(
      ids.every((id) => Number.isInteger(id) && Number(id) > 0),
      dashboard.uid,
    ).toBe(true)
    expect(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      dashboard.uid,
    ).toEqual([])
    const taken = new Set<string>()
    for (const { gridPos, title } of all) {
      const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
      expect(w > 0 && h > 0 && x + w <= 24, `${dashboard.uid}: ${title}`).toBe(true)
      for (let i = x; i < x + w; i++) {
        for (let j = y; j < y + h; j++) {
          expect(taken.has(`${i},${j}`), `${dashboard.uid}: ${title} lies on another`).toBe(false)
          taken.add(`${i},${j}`)
        }
      }
    }
  }
})

test('links keep time and variables, lead to runbooks that there are, and nothing is hidden in a menu', () => {
  const runbooks = readdirSync(join(root, 'alert-rules/runbooks')).map((file) => `\${runbooks}${file}`)
  for (const dashboard of generated) {
    expect(dashboard.links).toMatchObject([
      { type: 'dashboards', tags: ['odoo-pulse'], keepTime: true, includeVars: true },
    ])
  }
  const linked = generated.flatMap(panelsOf).flatMap((panel) => panel.links ?? [])
  expect(linked.length).toBeGreaterThan(50)
  expect(linked.map(({ url = '' }) => url).filter((url) => !runbooks.includes(url))).toEqual([])
  for (const { name } of dashboards) expect(textOf(name)).not.toContain('inControlsMenu')
  const columns = generated.flatMap(panelsOf).flatMap((panel) => panel.fieldConfig?.overrides ?? [])
  const urls = columns.flatMap(({ properties }) => properties.flatMap((p) => (p.id === 'links' ? p.value : [])))
  const inside = urls.map(({ url }: { url: string }) => url).filter((url: string) => url.startsWith('/d/'))
  expect(inside.length).toBeGreaterThan(5)
  const dashboardsThere = NAMES.map((name) => `/d/odoo-pulse-${name}`)
  for (const url of inside) {
    expect(url).toMatch(/^\/d\/odoo-pulse-[a-z-]+\?\$\{datasource:queryparam\}&\$\{__url_time_range\}&var-/)
    expect(
      dashboardsThere.some((path) => url.startsWith(`${path}?`)),
      url,
    ).toBe(true)
  }
})

test('the windows of the business are marked', () => {
  for (const { annotations, uid } of generated) {
    const marks = (annotations.list ?? []).filter(({ expr }) => expr?.includes('odoo_business_window_active'))
    expect(
      marks.some(({ enable }) => enable),
      uid,
    ).toBe(true)
    for (const { datasource } of marks) expect(datasource).toEqual(DATASOURCE)
  }
})
