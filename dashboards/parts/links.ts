/** Where a dashboard, a panel, a value in a table leads; the span of time and what was chosen go along. Pure. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type DashboardLink, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import { variable } from './grafana.ts'

/** A dashboard's file, and after PREFIX its uid. */
export type DashboardName = 'executive' | 'flows' | 'tenant' | 'databases' | 'odoo-ingress' | 'pulse'
export const TITLES: Readonly<Record<DashboardName, string>> = {
  executive: 'Executive',
  flows: 'Flows',
  tenant: 'Tenant',
  databases: 'Databases',
  'odoo-ingress': 'Odoo and ingress',
  pulse: 'Own health',
}
export const PREFIX = 'odoo-pulse-'
/** What all of them carry. */
export const TAG = 'odoo-pulse'

/** Without the SDK's own default of a place, which hides links in a menu. */
const link = (given: Pick<DashboardLink, 'title' | 'type'> & Partial<DashboardLink>): Builder<DashboardLink> => ({
  build: () => ({
    ...{ icon: 'external link', tooltip: '', tags: [], asDropdown: false, targetBlank: false },
    ...{ includeVars: false, keepTime: false },
    ...given,
  }),
})

/** From each dashboard to all of them. */
export const neighbours: Builder<DashboardLink> = link({
  title: 'Odoo Pulse',
  type: DashboardLinkType.Dashboards,
  tags: [TAG],
  includeVars: true,
  keepTime: true,
})

const TIME = variable('__url_time_range')

/** From a panel; Grafana keeps nothing along its links by itself. */
export const dashboardLink = (name: DashboardName): Builder<DashboardLink> =>
  link({
    title: `Dashboard ${TITLES[name]}`,
    type: DashboardLinkType.Link,
    url: `/d/${PREFIX}${name}?${TIME}&${variable('__all_variables')}`,
  })

/** Where they are read only the installation knows: it is a variable of the dashboard. */
const runbook = (name: string, path: string): Builder<DashboardLink> =>
  link({
    title: `Runbook ${name}`,
    type: DashboardLinkType.Link,
    url: `${variable('runbooks')}${path}.md`,
    targetBlank: true,
  })
export const runbookLink = (alert: string): Builder<DashboardLink> => runbook(alert, alert)
export const flowRunbookLink = (flow: string): Builder<DashboardLink> => runbook(flow, `flows/${flow}`)

/** A data link: Grafana's, of a table's cells. */
export interface CellLink {
  readonly title: string
  readonly url: string
}

/** All but those that are chosen anew: given twice they would add up. */
const kept = (anew: readonly string[]): string =>
  ['datasource', 'tenant', 'server', 'runbooks']
    .filter((name) => !anew.includes(name))
    .map((name) => variable(`${name}:queryparam`))
    .join('&')

/**
 * From a cell that holds a label's value, to where that is looked at; `columns` has the titles of the row's labels.
 * Undefined where no dashboard is about it.
 */
export const cellLink = (label: string, columns: ReadonlyMap<string, string>): CellLink | undefined => {
  const cell = (name: string): string =>
    variable(`__data.fields[${JSON.stringify(columns.get(name) ?? name)}]:percentencode`)
  const to = (title: string, name: DashboardName, chosen: readonly string[]): CellLink => ({
    title,
    url: `/d/${PREFIX}${name}?${TIME}&${kept(chosen)}&${chosen.map((v) => `var-${v}=${cell(v)}`).join('&')}`,
  })
  switch (label) {
    case 'tenant':
      return to('This tenant', 'tenant', ['tenant'])
    case 'flow':
      return columns.has('tenant') ? to('This flow', 'flows', ['tenant', 'flow']) : undefined
    case 'server':
      return to('This server', 'databases', ['server'])
    case 'alertname':
      return { title: 'Runbook', url: `${variable('runbooks')}${cell(label)}.md` }
    default:
      return undefined
  }
}
