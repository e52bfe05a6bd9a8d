/** What comes in for the tenant from outside. Pure. */
import { INGRESS } from '../../alert-rules/thresholds.ts'
import { odooIngressRequestDuration, odooIngressRequests } from '../../collectors/traefik/requests.ts'
import type { Row } from '../parts/dashboard.ts'
import { errorShare } from '../parts/ingress.ts'
import { lines } from '../parts/panels.ts'
import { perSecond, quantile } from '../parts/query.ts'
import { above, neutral, TICKET } from '../parts/thresholds.ts'

export const ingress: Row = {
  id: 40,
  title: 'Its ingress',
  panels: [
    lines({
      id: 41,
      title: 'Requests',
      shows: 'Requests answered, by HTTP status.',
      good: 'the shape of its working day, nearly all of it 2xx and 3xx.',
      otherwise: '502 and 504 are answers that Odoo did not give.',
      width: 8,
      queries: [
        { expr: perSecond(odooIngressRequests, ['tenant', 'code']), legend: '{{tenant}} {{code}}', unit: 'reqps' },
      ],
      stacked: true,
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 42,
      title: 'Failed requests',
      shows: 'Of all requests, the share that ended in a server error.',
      good: '0.',
      otherwise: 'above the line users see errors: follow the runbook.',
      width: 8,
      queries: [{ expr: errorShare, legend: '{{tenant}}' }],
      thresholds: above(INGRESS.errorRatio),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressErrors'],
    }),
    lines({
      id: 43,
      title: 'How long requests take',
      shows:
        'Half of the requests, and 19 of 20, were answered within this time. It reads no higher than Traefik’s last bucket.',
      good: 'under a second for most.',
      otherwise: 'above the line pages feel slow: look at workers, locks, and the neighbours.',
      width: 8,
      queries: [
        { expr: quantile(0.5, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}} 50 %' },
        { expr: quantile(0.95, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}} 95 %' },
      ],
      thresholds: above(INGRESS.p95Seconds, TICKET),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressSlow'],
    }),
  ],
}
