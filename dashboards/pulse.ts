/** Odoo Pulse itself: whether it sees, what it costs whom, how old what it tells is; and its alerts. For who runs it. */

import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { variables } from './parts/variables.ts'
import { ages } from './pulse/ages.ts'
import { alerts } from './pulse/alerts.ts'
import { cost } from './pulse/cost.ts'
import { sight } from './pulse/sight.ts'

export const pulse: DashboardSpec = {
  name: 'pulse',
  description: 'What it sees, what it costs, how old what it tells is; what fires, what is held, what is inhibited.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [sight, cost, ages, alerts],
}
