/**
 * The ingress: what users of a tenant feel at the door, and its certificates. That Traefik refuses a changed
 * configuration no version of it tells (tried on 2.11 and 3.7), so that there is no alert for it.
 */
import { odooIngressTlsNotAfter } from '../collectors/traefik/certificates.ts'
import { odooIngressRequestDuration, odooIngressRequests } from '../collectors/traefik/requests.ts'
import { ask } from '../src/alerting/ask.ts'
import type { RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, minutes, type PromQL, promql } from '../src/metric.ts'
import { aboutServer, aboutTenant } from './about.ts'
import { CERTIFICATE, INGRESS } from './thresholds.ts'

const tenant = labelsOf(odooIngressRequests, 'tenant')
const series = labelsOf(odooIngressRequests, 'server', 'tenant', 'code')
const histogram = labelsOf(odooIngressRequestDuration, 'server', 'tenant')
const certificate = labelsOf(odooIngressTlsNotAfter, 'server', 'cn')

/** The long window decides; the short one ends the alert soon after the trouble has ended. */
const LONG = '5m'
const SHORT = '2m'

/** Each replica of the exporter counts from its own beginning: increases are taken for each, then folded. */
const answered = (matchers: string, window: string): PromQL =>
  promql`sum by (${tenant}) (max by (${series}) (increase(${odooIngressRequests}${matchers}[${window}])))`
/** An empty tenant is what no pattern fits: nobody's symptom. */
const FAILED = '{tenant!="",code=~"5.."}'
const errorShare = (window: string): PromQL => promql`${answered(FAILED, window)} / (${answered('', window)} > ${0})`

/** By histogram_quantile, which reads `le` as a number: "5" and "5.0" are one bucket to it. */
const p95 = (window: string): PromQL =>
  promql`histogram_quantile(${0.95}, sum by (${tenant}, le) (max by (${histogram}, le) (rate(${odooIngressRequestDuration}_bucket{tenant!=""}[${window}]))))`
const requests = promql`sum by (${tenant}) (max by (${histogram}) (increase(${odooIngressRequestDuration}_count[${LONG}])))`

const left = promql`max by (${certificate}) (${odooIngressTlsNotAfter}) - time()`

const byCode = ask(
  `sort_desc(sum by (code) (max by (${series}) (increase(${odooIngressRequests.name}{tenant=%q,code=~"5.."}[5m]))) > 0)`,
  ['tenant'],
  '{{ range $i, $s := . }}{{ if $i }}, {{ end }}{{ $s.Labels.code }}: {{ $s.Value | printf "%.0f" }}{{ end }}',
  'unknown',
)

export const ingress: RuleFile = {
  subject: 'ingress',
  groups: [
    {
      name: 'odoo-ingress',
      rules: [
        aboutTenant({
          name: 'OdooIngressErrors',
          by: tenant,
          expr: promql`${errorShare(LONG)} > ${INGRESS.errorRatio} and on (${tenant}) ${errorShare(SHORT)} > ${INGRESS.errorRatio} and on (${tenant}) ${answered(FAILED, LONG)} >= ${10}`,
          for: minutes(2),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'cause',
          summary: "{{ $value | humanizePercentage }} of {{ $labels.tenant }}'s requests fail with a server error.",
          description: `More than one in twenty, and at least ten, over five minutes. By status in that time: ${byCode}.`,
          impact: 'Users and connected shops see errors instead of Odoo; what they were saving may be lost.',
        }),
        aboutTenant({
          name: 'OdooIngressSlow',
          by: tenant,
          expr: promql`${p95(LONG)} > ${INGRESS.p95Seconds} and on (${tenant}) ${p95(SHORT)} > ${INGRESS.p95Seconds} and on (${tenant}) ${requests} >= ${20}`,
          for: minutes(5),
          keepFiringFor: minutes(5),
          severity: 'ticket',
          layer: 'cause',
          summary: "One in twenty of {{ $labels.tenant }}'s requests takes {{ $value | humanizeDuration }} or longer.",
          description:
            'The 95th percentile, over five minutes and at least twenty requests, websockets left out. It can read no higher than the last bucket of Traefik, which is 5 s unless set.',
          impact:
            'Users wait, repeat what they did, and give up; scanners and connected shops run into their timeouts.',
        }),
        aboutServer({
          name: 'OdooCertificateExpiring',
          by: certificate,
          dashboard: 'odoo-ingress',
          expr: promql`${left} < ${CERTIFICATE.ticket}`,
          for: minutes(15),
          severity: 'ticket',
          layer: 'cause',
          summary:
            'The certificate of {{ $labels.cn }} on {{ $labels.server }} has {{ $value | humanizeDuration }} left.',
          description: 'Less than two weeks: one that is renewed by itself (ACME) should have been by now.',
          impact: 'None yet. When it ends, browsers refuse the site and connected systems refuse the connection.',
        }),
        aboutServer({
          name: 'OdooCertificateExpiringSoon',
          by: certificate,
          dashboard: 'odoo-ingress',
          expr: promql`${left} < ${CERTIFICATE.page}`,
          for: minutes(15),
          keepFiringFor: minutes(15),
          severity: 'page',
          layer: 'cause',
          summary:
            'The certificate of {{ $labels.cn }} on {{ $labels.server }} has {{ $value | humanizeDuration }} left.',
          description: 'Less than three days, a weekend, or it has ended already (a negative time).',
          impact:
            'When it ends, browsers refuse the site, and shops, carriers and scanners the connection: all at once.',
        }),
      ],
    },
  ],
}
