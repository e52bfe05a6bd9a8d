/** Whether promises are kept, what is late, whether we could recover, what it will cost. For those who answer for the business. */
import { capacity } from './executive/capacity.ts'
import { glance } from './executive/glance.ts'
import { late } from './executive/late.ts'
import { promises } from './executive/promises.ts'
import { recovery } from './executive/recovery.ts'
import { windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { variables } from './parts/variables.ts'

export const executive: DashboardSpec = {
  name: 'executive',
  description: 'Are we keeping our promises, what is late, could we recover, what will it cost. Read in ten seconds.',
  from: 'now-24h',
  variables: variables(),
  annotations: windowMarks(),
  rows: [glance, promises, late, recovery, capacity],
}
