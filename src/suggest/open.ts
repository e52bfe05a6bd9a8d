/** A way to a tenant's Odoo, opened for its flows as long as it is needed. */
import type { Target } from '../collector.ts'
import { FLOW_COLLECTORS } from '../config/flow_references.ts'
import type { Tenant } from '../config.ts'
import { within } from '../deadline.ts'
import type { FlowAccess, Wanted } from '../flow/read/access.ts'
import { type Duration, seconds } from '../metric.ts'
import type { Secrets } from '../secret.ts'
import type { Ask } from './pace.ts'

const CLOSE_DEADLINE: Duration = seconds(1)

/** By which its flows are read; undefined where there is none. */
export const wayOf = ({ name, flowReader }: Pick<Tenant, 'name' | 'flowReader'>, targets: readonly Target[]) => {
  const ways = targets.filter((target) => target.labels.tenant === name && target.collector.flows !== undefined)
  const by = (via: FlowAccess['via']) => ways.find(({ collector }) => collector.name === FLOW_COLLECTORS[via])
  return flowReader === 'auto' ? (by('sql') ?? by('rpc')) : by(flowReader)
}

export interface Session {
  readonly access: FlowAccess
  readonly close: () => Promise<void>
}

/** Rejects with CollectError or Unsupported; nothing is then left open. */
export const openWay = async (
  { collector, config }: Target,
  flows: readonly Wanted[],
  ask: Ask,
  secret: Secrets['read'],
): Promise<Session> => {
  const client: unknown = await ask('connect', (signal) => collector.connect(config, { secret, signal }))
  const close = (): Promise<void> =>
    within(CLOSE_DEADLINE, new AbortController(), 'close', () => collector.close(client)).catch(() => undefined)
  try {
    const access: FlowAccess | undefined = await ask('flows', async (signal) =>
      collector.flows?.(client, flows, signal),
    )
    if (access === undefined) throw new Error(`${collector.name} reads no flows`)
    return { access, close }
  } catch (error) {
    await close()
    throw error
  }
}
