/** The dashboards, in the order in which they are read. */
import { databases } from './databases.ts'
import { executive } from './executive.ts'
import { flows } from './flows.ts'
import { odooIngress } from './odoo-ingress.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { pulse } from './pulse.ts'
import { tenant } from './tenant.ts'

export const dashboards: readonly DashboardSpec[] = [executive, flows, tenant, databases, odooIngress, pulse]
