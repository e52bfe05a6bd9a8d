/** Whether everybody is told who should be: routes, inhibitions, receivers. Pure. */

import { dangersOf, type Inhibitable } from '../alertmanager/inhibitions.ts'
import { fits, is } from '../alertmanager/matchers.ts'
import { routesBelow, tellersOf, unreachableRoutes } from '../alertmanager/routes.ts'
import type { Route } from '../alertmanager/types.ts'
import { LAYERS, SEVERITIES } from '../rule.ts'
import { formsOf, labelsOfAlert } from './alert_forms.ts'
import type { LintAlertmanager } from './alertmanager_yaml.ts'
import { type Check, type Found, foundAt } from './check.ts'
import type { Material } from './material.ts'
import { listed } from './query_check.ts'

const alertsOf = ({ known }: Material) => known.filter(({ kind }) => kind === 'alert')

/** Nothing where no configuration of Alertmanager is checked. */
const overAlertmanager =
  (find: (alertmanager: LintAlertmanager, material: Material) => readonly Found[]): Check['find'] =>
  (material) =>
    material.alertmanager === undefined ? [] : find(material.alertmanager, material)

const PAGE = is('severity', 'page')

const isSilentAtTimes = ({ active_time_intervals = [], mute_time_intervals = [] }: Route): boolean =>
  active_time_intervals.length + mute_time_intervals.length > 0

const routes = overAlertmanager(({ file, route, places, telling }, material) => {
  const at = (each: Route) => places.get(each) ?? { file, path: [] }
  const matchers = routesBelow(route).flatMap((each) => each.matchers ?? [])
  const forms = formsOf(alertsOf(material), [...matchers, PAGE], material)
  const unreachable = unreachableRoutes(route, forms).map((each) =>
    foundAt(
      at(each),
      `no alert comes here: none has ${(each.matchers ?? []).join(', ') || 'these labels'}, or an earlier route takes them all`,
    ),
  )
  const pages = forms.filter((labels) => fits(PAGE, labels))
  const ends = pages.flatMap((labels) => tellersOf(route, labels).map((teller) => ({ ...teller, labels })))
  const byRoute = Map.groupBy(ends, (end) => end.route)
  const named = (taken: typeof ends) => listed(new Set(taken.map(({ labels }) => labels.alertname ?? '')))
  const waiting = [...byRoute]
    .filter(([each]) => isSilentAtTimes(each))
    .map(([each, taken]) =>
      foundAt(at(each), `pages wait here for their hours, and go on holding tickets back; among them ${named(taken)}`),
    )
  const told = [...byRoute].filter(
    ([, taken]) => telling.size > 0 && taken.some(({ receiver = '' }) => !telling.has(receiver)),
  )
  const untold = told.map(([each, taken]) =>
    foundAt(at(each), `pages come here and nobody is told; among them ${named(taken)}`),
  )
  return [...unreachable, ...waiting, ...untold]
})

const inhibitions = overAlertmanager(({ file, inhibitions: rules, places }, material) => {
  const alerts = alertsOf(material).map((alert): Inhibitable => {
    const { severity = 'mode', layer } = alert.labels
    const labels = labelsOfAlert(alert, material.world)?.labels
    return {
      name: alert.name,
      severity: SEVERITIES.find((each) => each === severity) ?? 'mode',
      layer: LAYERS.find((each) => each === layer) ?? 'symptom',
      ...(labels === undefined ? {} : { labels }),
    }
  })
  return rules.flatMap((rule) =>
    dangersOf(rule, alerts).map((message) => foundAt(places.get(rule) ?? { file, path: [] }, message)),
  )
})

/** What keeps a secret: each can be given by a file. https://prometheus.io/docs/alerting/latest/configuration/ */
const SECRETS: readonly string[] = [
  ...['api_url', 'slack_api_url', 'routing_key', 'service_key', 'auth_password', 'smtp_auth_password', 'auth_secret'],
  ...['api_key', 'opsgenie_api_key', 'victorops_api_key', 'api_secret', 'wechat_api_secret', 'bot_token', 'token'],
  ...['user_key', 'webhook_url', 'password', 'credentials', 'bearer_token', 'client_secret', 'smtp_auth_secret'],
]
/** Addresses that are no secret, of services whose key stands elsewhere. */
const OPEN = ['opsgenie_configs', 'telegram_configs', 'wechat_configs', 'victorops_configs', 'webex_configs']

/** What came after Alertmanager 0.25, by its changelog; a key of some kinds of receivers alone. */
const NEWER: readonly { readonly key: string; readonly kind?: string; readonly since: number }[] = [
  { key: 'url_file', kind: 'webhook_configs', since: 26 },
  { key: 'bot_token_file', since: 26 },
  { key: 'msteams_configs', since: 26 },
  { key: 'msteamsv2_configs', since: 28 },
  { key: 'jira_configs', since: 28 },
  { key: 'rocketchat_configs', since: 28 },
]

const receivers = overAlertmanager(({ receiverKeys }, { estate }) => {
  const minor = Number(/^0\.(\d+)/.exec(estate.alertmanager)?.[1] ?? 0)
  return receiverKeys.flatMap(({ kind, key, place }) => {
    const since = NEWER.find((each) => each.key === key && (each.kind ?? kind) === kind)?.since ?? 0
    return [
      ...(SECRETS.includes(key) && !(key === 'api_url' && OPEN.includes(kind))
        ? [foundAt(place, `${key} is a secret, and stands here for all to read: write ${key}_file`)]
        : []),
      ...(since > minor
        ? [foundAt(place, `${key} is not in Alertmanager ${estate.alertmanager}, but from 0.${since} on`)]
        : []),
    ]
  })
})

export const alertmanagerChecks: readonly Check[] = [
  {
    id: 'routes',
    what: 'every route of Alertmanager is taken by some alert, whatever its tier and mode; no page waits for hours, and each is told to somebody',
    fix: 'put the route before the one that takes its alerts, or leave it out; pages go to routes without time intervals',
    find: routes,
  },
  {
    id: 'inhibitions',
    what: 'an inhibition holds back tickets alone, by pages or a business window, and only where each label of `equal` stands, non-empty, on both sides',
    fix: 'match `severity="page"` in the source and `severity="ticket"` in the target, and `LABEL=~".+"` in both for each label of `equal`',
    find: inhibitions,
  },
  {
    id: 'receivers',
    what: 'no secret stands in Alertmanager’s configuration, and nothing that the Alertmanager there is does not know',
    fix: 'give the secret by a file; raise `oncall.alertmanager_version` where yours is newer',
    find: receivers,
  },
]
