/** Where dashboards lead: to each other with the span of time and what was chosen, to runbooks that there are, from every alert to a panel. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ruleFiles } from '../../alert-rules/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { cellLink, TITLES } from '../../dashboards/parts/links.ts'
import { alertsOf } from '../../src/alerting/rule.ts'
import { panelsOf } from '../../tools/dashboards/queries.ts'
import { generated, root, textOf } from './support.ts'

const panels = generated.flatMap(panelsOf)
const linksOf = ({ links = [] }: (typeof panels)[number]): readonly string[] => links.map(({ url = '' }) => url)
const isInside = (url: string): boolean => url.startsWith('/d/')
const PATHS = dashboards.map(({ name }) => `/d/odoo-pulse-${name}?`)

test('each dashboard leads to all others, and nothing is hidden in a menu', () => {
  for (const dashboard of generated) {
    expect(dashboard.links).toMatchObject([
      { type: 'dashboards', tags: ['odoo-pulse'], keepTime: true, includeVars: true },
    ])
  }
  for (const { name } of dashboards) expect(textOf(name)).not.toContain('inControlsMenu')
})

test('a panel leads to the dashboard that its text names', () => {
  const titles = Object.entries(TITLES)
  for (const panel of panels) {
    const named = titles.filter(([, title]) => panel.description?.includes(`dashboard ${title}`))
    const expected = named.map(([name]) => `/d/odoo-pulse-${name}?\${__url_time_range}&\${__all_variables}`)
    expect(linksOf(panel).filter(isInside), panel.title).toEqual(expected)
  }
  expect(panels.flatMap(linksOf).filter(isInside).length).toBeGreaterThan(3)
})

test('runbooks that panels lead to are there', () => {
  const folder = join(root, 'alert-rules/runbooks')
  const runbooks = readdirSync(folder, { recursive: true }).map((file) => `\${runbooks}${file}`)
  const others = panels.flatMap(linksOf).filter((url) => !isInside(url))
  expect(others.length).toBeGreaterThan(50)
  expect(others).toContain(`\${runbooks}flows/order-import.md`)
  expect(others.filter((url) => !runbooks.includes(url))).toEqual([])
})

test('of every alert some panel shows what it is about, and leads to its runbook', () => {
  const led = new Set(panels.flatMap(linksOf))
  const lost = alertsOf(ruleFiles).filter(({ name }) => !led.has(`\${runbooks}${name}.md`))
  expect(lost.map(({ name }) => name)).toEqual([])
})

test('cells lead to where their label is looked at, each variable given once', () => {
  const overrides = panels.flatMap((panel) => panel.fieldConfig?.overrides ?? [])
  const urls: readonly string[] = overrides.flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === 'links' ? value.map(({ url }: { url: string }) => url) : [])),
  )
  const inside = urls.filter(isInside)
  expect(inside.length).toBeGreaterThan(20)
  for (const url of inside) {
    expect(
      PATHS.some((path) => url.startsWith(path)),
      url,
    ).toBe(true)
    expect(url).toContain(`?\${__url_time_range}&`)
    const given = [...url.matchAll(/&(?:\$\{(\w+):queryparam\}|var-(\w+)=)/g)].map(([, kept, anew]) => kept ?? anew)
    expect(
      [...given].sort().filter((name) => name !== 'flow'),
      url,
    ).toEqual(['datasource', 'runbooks', 'server', 'tenant'])
  }
  expect(urls.filter((url) => !isInside(url) && !url.startsWith(`\${runbooks}`))).toEqual([])
})

test('a flow is looked at as its tenant’s, and a label of no dashboard leads nowhere', () => {
  const columns = new Map([
    ['tenant', 'Tenant'],
    ['flow', 'Promise'],
  ])
  expect(cellLink('flow', columns)?.url).toContain(
    `&var-tenant=\${__data.fields["Tenant"]:percentencode}&var-flow=\${__data.fields["Promise"]:percentencode}`,
  )
  expect(cellLink('flow', new Map([['flow', 'Flow']]))).toBeUndefined()
  expect(cellLink('channel', columns)).toBeUndefined()
})
