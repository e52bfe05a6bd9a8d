/** The dashboards for a Grafana in Kubernetes whose sidecar looks for labelled ConfigMaps. Pure. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { Document } from 'yaml'

/** Of a ConfigMap, and of the annotation in which `kubectl apply` keeps a copy of it. */
export const MOST_BYTES = { configMap: 1024 ** 2, lastApplied: 256 * 1024 } as const

/** One a dashboard, and as few blanks as can be: together they would be too large to apply. */
const configMap = (dashboard: Dashboard): Document =>
  new Document({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: dashboard.uid,
      labels: { grafana_dashboard: '1', 'app.kubernetes.io/name': 'odoo-pulse' },
      annotations: { grafana_folder: 'Odoo Pulse' },
    },
    data: { [`${dashboard.uid}.json`]: JSON.stringify(dashboard) },
  })

export const configMaps = (dashboards: readonly Dashboard[]): string =>
  [
    '# Generated from dashboards/*.ts by `npm run generate`; edits here are lost.\n# kubectl apply -f dashboards.yaml -n <the namespace of Grafana>\n',
    ...dashboards.map((dashboard) => `---\n${configMap(dashboard).toString({ lineWidth: 0 })}`),
  ].join('')
