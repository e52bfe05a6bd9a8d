/**
 * Who is told: the tree of routes that `oncall:` means. Layers go before severity; pages of one trouble come in one
 * notification; the operator's routes go before what is usual. Pure.
 */
import type { Oncall, OncallRoute } from '../../config/oncall.ts'
import { ROUTE_BY } from '../../config/oncall.ts'
import { fitsAll, is, isOneOf, type Labels } from './matchers.ts'
import type { Matcher, Route } from './types.ts'

/** Shown in Alertmanager, told to nobody. */
export const NOBODY = 'nobody'

/** How long is waited before the first notification of a group, before the next, and before it is said again. */
export interface Waits {
  readonly page: readonly [wait: string, interval: string, repeat: string]
  readonly ticket: readonly [wait: string, interval: string, repeat: string]
  readonly watchdog: readonly [wait: string, interval: string, repeat: string]
}
export const USUAL_WAITS: Waits = {
  page: ['30s', '5m', '2h'],
  ticket: ['2m', '15m', '1d'],
  watchdog: ['0s', '30s', '1m'],
}

const waiting = ([group_wait, group_interval, repeat_interval]: Waits['page']) => ({
  group_wait,
  group_interval,
  repeat_interval,
})

const PAGE = is('severity', 'page')
const TICKET = is('severity', 'ticket')
/** Tenants with machines or people of their own: what they suffer is told by itself. */
const OWN = isOneOf('tier', ['dedicated', 'segmented'])

/** All pages of one tenant, or of those that share a machine group, are one trouble until somebody has looked. */
const pages = (receiver: string, { page }: Waits, matchers: readonly Matcher[]): readonly Route[] => [
  { receiver, matchers: [...matchers, PAGE, OWN], group_by: ['tenant'], ...waiting(page) },
  { receiver, matchers: [...matchers, PAGE], group_by: ['db_cluster'], ...waiting(page) },
]

const tickets = (
  receiver: string,
  hours: string | undefined,
  { ticket }: Waits,
  matchers: readonly Matcher[],
): readonly Route[] => [
  {
    receiver,
    matchers: [...matchers, TICKET],
    group_by: ['tenant', 'process', 'db_cluster'],
    ...waiting(ticket),
    ...(hours === undefined ? {} : { active_time_intervals: [hours] }),
  },
]

const matchersOf = (route: OncallRoute): readonly Matcher[] =>
  ROUTE_BY.flatMap((label) => {
    const values = route[label]
    return values === undefined ? [] : [isOneOf(label, values)]
  })

/** A part of the tree, and where in the configuration it comes from. */
export interface Part {
  readonly from: string
  readonly routes: readonly Route[]
}

export const routeParts = (oncall: Oncall, waits: Waits = USUAL_WAITS): readonly Part[] => {
  const { page, ticket = page, ticket_hours, telemetry = ticket, watchdog, routes } = oncall
  const machine: Route = {
    receiver: watchdog ?? NOBODY,
    matchers: [is('alertname', 'OdooPulseWatchdog')],
    group_by: ['alertname'],
    ...waiting(waits.watchdog),
  }
  return [
    { from: watchdog === undefined ? 'oncall.watchdog is not given' : 'oncall.watchdog', routes: [machine] },
    {
      // Inhibitors are of severity none.
      from: 'what no person is told of',
      routes: [{ receiver: NOBODY, matchers: [isOneOf('severity', ['info', 'none'])] }],
    },
    {
      from: 'oncall.telemetry: where Odoo Pulse sees badly; a page of it is one like any other',
      routes: tickets(telemetry, ticket_hours, waits, [is('layer', 'telemetry')]),
    },
    ...routes.map((route, i) => ({
      from: `oncall.routes[${i}]`,
      routes: [
        ...(route.page === undefined ? [] : pages(route.page, waits, matchersOf(route))),
        ...(route.ticket === undefined
          ? []
          : tickets(route.ticket, route.ticket_hours ?? ticket_hours, waits, matchersOf(route))),
      ],
    })),
    { from: 'oncall.page', routes: pages(page, waits, []) },
    { from: 'oncall.ticket', routes: tickets(ticket, ticket_hours, waits, []) },
  ]
}

export const routeOf = (oncall: Oncall, waits: Waits = USUAL_WAITS): Route => ({
  receiver: oncall.page,
  group_by: ['tenant', 'db_cluster', 'alertname'],
  ...waiting(waits.page),
  routes: routeParts(oncall, waits).flatMap(({ routes }) => routes),
})

/** The route an alert takes, with what it has from those above. Of routes that go on (`continue`) none are written here. */
export const routeTaken = (route: Route, labels: Labels): Route => {
  const [next] = fitting(route, labels)
  return next === undefined ? route : routeTaken({ ...route, ...next, routes: next.routes ?? [] }, labels)
}

/** A route that tells of an alert, and whom: what it does not say its parent says. */
export interface Teller {
  readonly route: Route
  readonly receiver: string | undefined
}

export const tellersOf = (route: Route, labels: Labels, above?: string): readonly Teller[] => {
  const receiver = route.receiver ?? above
  const below = fitting(route, labels).flatMap((child) => tellersOf(child, labels, receiver))
  return below.length === 0 ? [{ route, receiver }] : below
}

/** As Alertmanager goes through the tree: the first that fits, and the next ones as far as those before go on. */
const fitting = ({ routes = [] }: Route, labels: Labels): readonly Route[] => {
  const fit = routes.filter(({ matchers = [] }) => fitsAll(matchers, labels))
  const last = fit.findIndex(({ continue: goesOn }) => goesOn !== true)
  return last < 0 ? fit : fit.slice(0, last + 1)
}

const routesEntered = (route: Route, labels: Labels): readonly Route[] => [
  route,
  ...fitting(route, labels).flatMap((child) => routesEntered(child, labels)),
]

export const routesBelow = (route: Route): readonly Route[] =>
  (route.routes ?? []).flatMap((child) => [child, ...routesBelow(child)])

/** Those that no alert of these labels comes to. */
export const unreachableRoutes = (route: Route, alerts: readonly Labels[]): readonly Route[] => {
  const entered = new Set(alerts.flatMap((labels) => routesEntered(route, labels)))
  return routesBelow(route).filter((each) => !entered.has(each))
}
