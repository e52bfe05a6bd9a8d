/** What a way to an Odoo, RPC or SQL, offers the business flows of its tenant. Types only. */
import type { Duration, Instant } from '../../metric.ts'
import type { Odoo, ResolvedFlow } from '../spec/resolve.ts'
import type { TenantFlow } from '../spec/tenant_flow.ts'
import type { FlowReader } from './reader.ts'

export interface FlowAccess {
  readonly via: 'rpc' | 'sql'
  /** Its models, as far as these flows read them, and its modules. */
  readonly odoo: Odoo
  readonly reader: FlowReader<ResolvedFlow>
  /** Odoo's clock, or its database's. */
  readonly now: () => Instant
  /** How long its server has taken for its answers so far; undefined: as long as they took us. */
  readonly waited?: (() => Duration) | undefined
  /** Why nothing may be judged, and what would mend it: not every company is seen. */
  readonly withheld: string | undefined
}

/** A flow, and the further fields the tenant's narrowing and grouping read. */
export type Wanted = Pick<TenantFlow, 'flow' | 'narrow' | 'group'>

/** Asked once a connection, and anew each hour. Rejects with CollectError or Unsupported. */
export type OpenFlows<Client> = (client: Client, flows: readonly Wanted[], signal: AbortSignal) => Promise<FlowAccess>
