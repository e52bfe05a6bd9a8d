/** alertmanager.yml, whole or the part to merge into one; each part says where in the configuration it comes from. Pure. */
import { Document, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Oncall } from '../../config/oncall.ts'
import { inhibitRules } from './inhibitions.ts'
import { receiversOf, TEMPLATE_FILE } from './receivers.ts'
import { routeOf, routeParts, USUAL_WAITS, type Waits } from './routes.ts'
import type { AlertmanagerConfig } from './types.ts'

export const alertmanagerOf = (oncall: Oncall, waits: Waits = USUAL_WAITS): AlertmanagerConfig => ({
  route: routeOf(oncall, waits),
  inhibit_rules: inhibitRules,
  receivers: receiversOf(oncall.receivers),
  time_intervals: Object.entries(oncall.hours).map(([name, time_intervals]) => ({ name, time_intervals })),
  templates: [TEMPLATE_FILE],
})

const commented = (node: unknown, comment: string): void => {
  if (typeof node === 'object' && node !== null) (node as YAMLMap).commentBefore = ` ${comment}`
}

const documentOf = (contents: object, head: string): Document => {
  const document = new Document(contents)
  document.commentBefore = head
  return document
}

const text = (document: Document): string => document.toString({ lineWidth: 0 })

const headOf = (file: string, what: string): string =>
  ` Generated from ${file} by \`odoo-pulse generate\`; edits here are lost.\n ${what}`

/** `file`: the configuration, as it is told of. */
export const renderAlertmanager = (oncall: Oncall, file: string): string => {
  const config = alertmanagerOf(oncall)
  const document = documentOf(config, headOf(file, `For Alertmanager ${oncall.alertmanager_version} and newer.`))
  const routes = document.getIn(['route', 'routes']) as YAMLSeq
  let i = 0
  for (const { from, routes: own } of routeParts(oncall)) {
    if (own.length > 0) commented(routes.items[i], from)
    i += own.length
  }
  return text(document)
}

/** To be put into a configuration there is: its one route goes first among the routes, its lists beside those there are. */
export const renderPart = (oncall: Oncall, file: string): string => {
  const { route, ...rest } = alertmanagerOf(oncall)
  // Every alert of ours has a layer, and nothing else has one.
  const ours = { ...route, matchers: ['layer=~"symptom|cause|telemetry|inhibitor"'] }
  return text(
    documentOf(
      { route: { routes: [ours] }, ...rest },
      headOf(file, 'The part to merge: put the route first among the routes, and each list beside the one there is.'),
    ),
  )
}
