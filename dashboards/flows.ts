/** Business flows step by step: what is late, where, how fast, what the calendar says and what may be behind it. For who runs them. */
import { causes } from './flows/causes.ts'
import { deadlines } from './flows/deadlines.ts'
import { members } from './flows/members.ts'
import { stages } from './flows/stages.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec } from './parts/dashboard.ts'
import { flowChoice, variables } from './parts/variables.ts'

export const flows: DashboardSpec = {
  name: 'flows',
  description:
    'Business flows: where an order’s way is held up, what is late and missed, for whom, and what may be behind it.',
  from: 'now-6h',
  variables: variables(flowChoice()),
  annotations: [...windowMarks(), pageMarks()],
  rows: [stages, deadlines, members, causes],
}
