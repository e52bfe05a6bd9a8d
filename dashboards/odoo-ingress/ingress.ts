/** Rate, errors, duration of what comes in; connections, and what expires. Pure. */
import { CERTIFICATE, INGRESS } from '../../alert-rules/thresholds.ts'
import { odooIngressTlsNotAfter } from '../../collectors/traefik/certificates.ts'
import { odooIngressOpenConnections } from '../../collectors/traefik/connections.ts'
import {
  odooIngressRequestDuration,
  odooIngressRequests,
  odooIngressRetries,
  odooIngressStreams,
} from '../../collectors/traefik/requests.ts'
import type { Row } from '../parts/dashboard.ts'
import { errorShare } from '../parts/ingress.ts'
import { heatmap, lines } from '../parts/panels.ts'
import { bucketsOf, most, perSecond, quantile, until } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, neutral, runningOut, TICKET } from '../parts/thresholds.ts'

export const ingress: Row = {
  id: 30,
  title: 'Ingress',
  panels: [
    lines({
      id: 31,
      title: 'Rate',
      shows: 'Requests answered, by tenant; websockets apart.',
      good: 'the shape of the working day.',
      otherwise: 'none in working hours: users do not get through.',
      width: 8,
      queries: [{ expr: perSecond(odooIngressRequests, ['tenant']), legend: '{{tenant}}', unit: 'reqps' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 32,
      title: 'Errors',
      shows: 'Of each tenant’s requests, the share that ended in a server error.',
      good: '0.',
      otherwise: 'above the line for two minutes, of at least ten that failed: somebody is paged.',
      width: 8,
      queries: [{ expr: errorShare, legend: '{{tenant}}' }],
      thresholds: above(INGRESS.errorRatio),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressErrors'],
    }),
    lines({
      id: 33,
      title: 'Duration, 95 of 100',
      shows: 'Within this time 95 % of the requests were answered. It reads no higher than Traefik’s last bucket.',
      good: 'about a second.',
      otherwise: 'look at workers, then at the database: blocked sessions first.',
      width: 8,
      queries: [{ expr: quantile(0.95, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: above(INGRESS.p95Seconds, TICKET),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressSlow'],
    }),
    heatmap({
      id: 34,
      title: 'Duration of all requests',
      shows: 'How long requests took: the darker the more.',
      good: 'a dark band at the bottom.',
      otherwise: 'a second band above is one kind of request that is slow; one that climbs is load.',
      bounds: 's',
      queries: [{ expr: bucketsOf(odooIngressRequestDuration, []), legend: '{{le}}' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 35,
      title: 'By status',
      shows: 'Requests answered, by HTTP status, and those sent once more as the first attempt failed.',
      good: '2xx and 3xx.',
      otherwise: '429: a limit is hit. 502, 503, 504: Odoo did not answer. Retries hide failures: they come first.',
      queries: [
        { expr: perSecond(odooIngressRequests, ['code']), legend: '{{code}}', unit: 'reqps' },
        { expr: perSecond(odooIngressRetries, ['tenant']), legend: 'sent again, {{tenant}}', unit: 'reqps' },
      ],
      thresholds: neutral,
      noValue: 'No ingress is watched, or nothing was sent again.',
    }),
    lines({
      id: 36,
      title: 'Open connections',
      shows: 'By entry point.',
      good: 'about as many as people who work.',
      otherwise: 'a rise without requests: answers do not come, or somebody holds connections open.',
      width: 8,
      queries: [
        { expr: most(odooIngressOpenConnections, ['server', 'entrypoint']), legend: '{{server}} {{entrypoint}}' },
      ],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 37,
      title: 'Websockets that ended',
      shows: 'Long connections (the bus, live chat) that ended, by status.',
      good: 'a few, spread out.',
      otherwise: 'all at once: the gevent process was restarted, or the proxy cut them off.',
      width: 8,
      queries: [
        {
          expr: perSecond(odooIngressStreams, ['tenant', 'protocol', 'code']),
          legend: '{{tenant}} {{protocol}} {{code}}',
        },
      ],
      thresholds: neutral,
      noValue: 'No websocket has ended yet, or no ingress is watched.',
    }),
    table({
      id: 38,
      title: 'What expires',
      shows: 'How long certificates have left.',
      good: 'weeks.',
      otherwise: 'a certificate that renews itself should have: look at the log of Traefik.',
      width: 8,
      height: 8,
      labels: [
        { label: 'server', title: 'Ingress' },
        { label: 'cn', title: 'Certificate' },
      ],
      values: [
        {
          title: 'Left',
          expr: until(most(odooIngressTlsNotAfter, ['server', 'cn'])),
          steps: runningOut(CERTIFICATE),
          unit: 's',
        },
      ],
      thresholds: neutral,
      noValue: 'No ingress with certificates is watched.',
      alerts: ['OdooCertificateExpiring', 'OdooCertificateExpiringSoon'],
    }),
  ],
}
