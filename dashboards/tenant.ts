/** All of one tenant: what it is promised, its Odoo, its database and who shares it, its ingress. For who looks after it. */

import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { variables } from './parts/variables.ts'
import { database } from './tenant/database.ts'
import { ingress } from './tenant/ingress.ts'
import { odoo } from './tenant/odoo.ts'
import { overview } from './tenant/overview.ts'
import { promises } from './tenant/promises.ts'

export const tenant: DashboardSpec = {
  name: 'tenant',
  description: 'All of one tenant: its promises, its Odoo, its database and its neighbours, its ingress.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [overview, promises, odoo, database, ingress],
}
