/** What every dashboard must be: the rules of Grafana's dashboard linter that fit, and ours. Held against the generated files. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { expect, test } from 'vitest'
import { ruleFiles } from '../../alert-rules/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { buildDashboard, renderDashboard } from '../../dashboards/parts/dashboard.ts'
import { alertsOf } from '../../src/alerting/rule.ts'
import { panelsOf, targetsOf, variablesOf } from '../../tools/dashboards/queries.ts'
import { generated, root, textOf } from './support.ts'

const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` }
const NAMES = ['executive', 'flows', 'tenant', 'databases', 'odoo-ingress', 'pulse']

/** What is wrong, each with its place. */
const offences = (judge: (panel: Panel, dashboard: Dashboard) => boolean): readonly string[] =>
  generated.flatMap((dashboard) =>
    panelsOf(dashboard)
      .filter((panel) => judge(panel, dashboard))
      .map((panel) => `${dashboard.uid}: ${panel.title}`),
  )

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

/** 2: as the span of time is changed. */
test('template-on-time-change-reload: a tenant of last month can be chosen where last month is looked at', () => {
  const queried = generated.flatMap(variablesOf).filter(({ type }) => type === 'query')
  expect(queried.length).toBeGreaterThan(10)
  expect(queried.filter(({ refresh }) => refresh !== 2).map(({ name }) => name)).toEqual([])
})

test('the same panels give the same bytes', () => {
  for (const spec of dashboards) expect(renderDashboard(buildDashboard(spec))).toBe(textOf(spec.name))
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
