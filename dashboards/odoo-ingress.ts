/** Odoo's own work (crons, jobs, workers) and what comes in from outside, of every tenant. For who runs the Odoos. */
import { crons } from './odoo-ingress/crons.ts'
import { ingress } from './odoo-ingress/ingress.ts'
import { queues } from './odoo-ingress/queues.ts'
import { workers } from './odoo-ingress/workers.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { variables } from './parts/variables.ts'

export const odooIngress: DashboardSpec = {
  name: 'odoo-ingress',
  description: 'Crons, job queues and workers of every Odoo; rate, errors and duration of what comes in, by tenant.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [workers, crons, queues, ingress],
}
