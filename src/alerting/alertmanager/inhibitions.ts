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

/** Why a rule could hold back what nobody would want held back; empty where it is safe. */
export const unsafeInhibitions = (
  rules: readonly InhibitRule[],
  alerts: readonly Pick<Alert, 'name' | 'severity' | 'layer'>[],
): readonly string[] =>
  rules.flatMap(({ source_matchers, target_matchers, equal }, i) => {
    const where = `inhibit_rules[${i}]`
    const isThereIn = (matchers: readonly Matcher[], label: string) =>
      matchers.some((matcher) => labelOf(matcher) === label && !fits(matcher, {}))
    const loose = equal.filter((label) => !isThereIn(source_matchers, label) || !isThereIn(target_matchers, label))
    const known = (matchers: readonly Matcher[], { name, layer }: (typeof alerts)[number], severity: string) =>
      matchers
        .filter((matcher) => ['alertname', 'severity', 'layer'].includes(labelOf(matcher)))
        .every((matcher) => fits(matcher, { alertname: name, severity, layer }))
    const may = (matchers: readonly Matcher[]) =>
      alerts.flatMap((alert) =>
        (alert.severity === 'mode' ? ['page', 'ticket'] : [alert.severity])
          .filter((severity) => known(matchers, alert, severity))
          .map((severity) => ({ ...alert, severity })),
      )
    const [sources, targets] = [may(source_matchers), may(target_matchers)]
    return [
      ...(equal.length === 0 ? [`${where}: without \`equal\` one alert holds back those of the whole estate`] : []),
      ...loose.map((label) => `${where}: ${label} may be missing on one side, and is then equal to a missing one`),
      ...targets
        .filter(({ severity }) => severity === 'page')
        .map(({ name }) => `${where}: it may hold back the page ${name}, also while its source is silenced`),
      ...sources
        .filter(({ severity, layer }) => severity !== 'page' && layer !== 'inhibitor')
        .map(({ name, severity }) => `${where}: ${name}, of severity ${severity}, must hold nothing back`),
      ...(sources.length === 0 ? [`${where}: no alert is its source`] : []),
      ...(targets.length === 0 ? [`${where}: no alert is its target`] : []),
    ]
  })
