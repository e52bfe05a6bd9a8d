/** PostgreSQL and Redis: blocking first, then replication, use, and load by tenant. For who runs the databases. */
import { blocking } from './databases/blocking.ts'
import { load } from './databases/load.ts'
import { redis } from './databases/redis.ts'
import { replication } from './databases/replication.ts'
import { use } from './databases/use.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { variables } from './parts/variables.ts'

export const databases: DashboardSpec = {
  name: 'databases',
  description: 'PostgreSQL and Redis: who waits for whom, replication, use and saturation, load by tenant.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [blocking, replication, use, load, redis],
}
