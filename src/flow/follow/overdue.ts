/** Open items past their deadline, for people: asked beyond the flows' turns, when somebody looks. */
import { CollectError, Unsupported } from '../../collector.ts'
import type { Instant } from '../../metric.ts'
import { dueAt } from '../ledger/verdict.ts'
import type { Document } from '../read/reader.ts'
import type { Overdue, OverdueDocument } from '../report.ts'
import type { Part } from './course.ts'
import type { Followed } from './followed.ts'
import type { Own } from './method.ts'
import type { FollowedTenant } from './tenant.ts'

const withDue = (part: Part, document: Document): OverdueDocument => {
  const { item } = document
  // Of a count, all rows are overdue: since their start.
  const due = part.kind === 'ledger' ? dueAt(item, part.config.promise, part.config.deadline) : item.start
  return { ...document, due }
}

const overdueIn = async (
  { connection, odooNow }: Pick<FollowedTenant, 'connection' | 'odooNow'>,
  { flow, part }: Own,
  limit: number,
  signal: AbortSignal,
): Promise<readonly OverdueDocument[]> => {
  if (connection === undefined) return []
  const documents = await connection.call('share', signal)(`${flow.name}: documents`, (access, within) =>
    access.reader.documents(flow, limit, within),
  )
  const now: Instant = odooNow()
  return documents.map((document) => withDue(part, document)).filter(({ due }) => due < now)
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
  for (const own of method.own) {
    // A beat is owed to nobody.
    const isBeating = own.part.kind === 'ledger' && own.flow.kind === 'heartbeat'
    if (!isBeating) found.push(...(await overdueIn(tenant, own, limit, signal)))
  }
  const documents = found.sort((a, b) => a.due - b.due).slice(0, limit)
  return { documents, url, version: access.odoo.catalogue.version }
}
