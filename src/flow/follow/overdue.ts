/** Open items past their deadline, for people: asked beyond the flows' turns, when somebody looks. */
import { CollectError, Unsupported } from '../../collector.ts'
import type { Instant } from '../../metric.ts'
import { dueAt } from '../ledger/verdict.ts'
import type { Document } from '../read/reader.ts'
import type { Overdue, OverdueDocument } from '../report.ts'
import type { Course } from './course.ts'
import type { Followed } from './followed.ts'
import type { FollowedTenant } from './tenant.ts'

const withDue = ({ work }: Course, document: Document): OverdueDocument => {
  const { item } = document
  // Of a count, all rows are overdue: since their start.
  const due = work.kind === 'ledger' ? dueAt(item, work.config.promise, work.config.deadline) : item.start
  return { ...document, due }
}

const overdueIn = async (
  { connection, odooNow }: Pick<FollowedTenant, 'connection' | 'odooNow'>,
  course: Course,
  limit: number,
  signal: AbortSignal,
): Promise<readonly OverdueDocument[]> => {
  if (connection === undefined) return []
  const { flow } = course
  const documents = await connection.call('share', signal)(`${flow.name}: documents`, (access, within) =>
    access.reader.documents(flow, limit, within),
  )
  const now: Instant = odooNow()
  return documents.map((document) => withDue(course, document)).filter(({ due }) => due < now)
}

/** The oldest deadline first, at most `limit`. Rejects with CollectError or Unsupported. */
export const overdueOf = async (
  tenant: Pick<FollowedTenant, 'connection' | 'odooNow'>,
  { flow, method, unsupported, lost }: Followed,
  limit: number,
  url: string | undefined,
  signal: AbortSignal,
): Promise<Overdue> => {
  const why = flow.off ?? unsupported ?? lost
  if (why !== undefined) throw new Unsupported(why)
  const access = tenant.connection?.access()
  if (access === undefined || method === undefined) throw new CollectError('connect', 'nothing can be asked at present')
  if (access.withheld !== undefined) throw new Unsupported(access.withheld)
  const found: OverdueDocument[] = []
  for (const course of method.courses) {
    if (course.work.kind !== 'beats') found.push(...(await overdueIn(tenant, course, limit, signal)))
  }
  const documents = found.sort((a, b) => a.due - b.due).slice(0, limit)
  return { documents, url, version: access.odoo.catalogue.version }
}
