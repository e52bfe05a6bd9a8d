/**
 * What holds back what. Tickets alone are held back: Alertmanager goes on inhibiting by an alert that somebody has
 * silenced, so that a page held back by one would reach nobody. Pages of one trouble are grouped into one notification
 * instead (routes.ts).
 */
import type { Alert } from '../rule.ts'
import { fits, is, isThere, labelOf } from './matchers.ts'
import type { InhibitRule, Matcher } from './types.ts'

const PAGE = is('severity', 'page')
const TICKET = is('severity', 'ticket')
const SYMPTOM = is('layer', 'symptom')
const CAUSE = is('layer', 'cause')

/** Where both sides lack a label of `equal` Alertmanager takes them for equal: each must be there on both. */
const rule = (source: readonly Matcher[], target: readonly Matcher[], equal: readonly string[]): InhibitRule => {
  const there = equal.map(isThere)
  return { source_matchers: [...source, ...there], target_matchers: [...target, ...there], equal }
}

export const inhibitRules: readonly InhibitRule[] = [
  // Who has been woken for a flow needs no ticket of it.
  rule([PAGE, SYMPTOM], [TICKET, SYMPTOM], ['tenant', 'flow']),
  // That it can't be read follows from its Odoo's not answering.
  rule([PAGE, is('alertname', 'OdooUnreachable')], [TICKET, is('alertname', 'OdooUnreadable')], ['tenant']),
  // All of it follows from the database.
  rule([PAGE, is('alertname', 'OdooDatabaseDown')], [TICKET], ['db_cluster']),
  // Causes are named in the symptom's own text.
  rule([PAGE, SYMPTOM], [TICKET, CAUSE], ['tenant']),
  rule([PAGE, SYMPTOM], [TICKET, CAUSE, is('tenant', '')], ['db_cluster']),
  // The business calendar: nothing is to be changed, or what is being changed is known.
  rule([is('layer', 'inhibitor'), is('alertname', 'OdooBusinessFreeze')], [TICKET], ['tenant']),
  rule([is('layer', 'inhibitor'), is('alertname', 'OdooBusinessMaintenance')], [TICKET], ['tenant']),
]

/** An alert as inhibitions see it. */
export interface Inhibitable extends Pick<Alert, 'name' | 'severity' | 'layer'> {
  /** Those it may have; absent where they are not known. */
  readonly labels?: ReadonlySet<string>
}

/** Why a rule could hold back what nobody would want held back; empty where it is safe. */
export const dangersOf = (
  { source_matchers, target_matchers, equal }: InhibitRule,
  alerts: readonly Inhibitable[],
): readonly string[] => {
  const mustBeThere = (matchers: readonly Matcher[], label: string) =>
    matchers.some((matcher) => labelOf(matcher) === label && !fits(matcher, {}))
  const may = (matchers: readonly Matcher[]) =>
    alerts.flatMap((alert) =>
      (alert.severity === 'mode' ? ['page', 'ticket'] : [alert.severity])
        .map((severity) => ({ ...alert, severity }))
        .filter(({ name, severity, layer }) =>
          matchers
            .filter((matcher) => ['alertname', 'severity', 'layer'].includes(labelOf(matcher)))
            .every((matcher) => fits(matcher, { alertname: name, severity, layer })),
        ),
    )
  const [sources, targets] = [may(source_matchers), may(target_matchers)]
  const has = (label: string) => (alert: Pick<Inhibitable, 'labels'>) => alert.labels?.has(label) ?? true
  const loose = equal.filter((label) => !mustBeThere(source_matchers, label) || !mustBeThere(target_matchers, label))
  const lacking = equal.filter(
    (label) => (sources.length > 0 && !sources.some(has(label))) || (targets.length > 0 && !targets.some(has(label))),
  )
  return [
    ...(equal.length === 0 ? ['without `equal` one alert holds back those of the whole estate'] : []),
    ...loose.map(
      (label) =>
        `${label} may be missing on one side, and is then equal to a missing one: match ${label}=~".+" on both`,
    ),
    ...lacking.map((label) => `no alert on one side has the label ${label} of \`equal\``),
    ...targets
      .filter(({ severity }) => severity === 'page')
      .map(({ name }) => `it may hold back the page ${name}, also while its source is silenced`),
    ...sources
      .filter(({ severity, layer }) => severity !== 'page' && layer !== 'inhibitor')
      .map(({ name, severity }) => `${name}, of severity ${severity}, must hold nothing back`),
    ...(sources.length === 0 ? ['no alert is its source'] : []),
    ...(targets.length === 0 ? ['no alert is its target'] : []),
  ]
}
