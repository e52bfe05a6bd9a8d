/** What a view hides in silence, as nulls or missing rows, must be asked for: else it would read as peace. */
import { Unsupported } from '../../src/collector.ts'
import type { PostgresClient } from './client.ts'

/** Throws Unsupported unless our role has the rights of `role`; both pg_read_all_* come with pg_monitor. */
export const needs = async (
  client: PostgresClient,
  role: 'pg_read_all_stats' | 'pg_read_all_settings',
  signal: AbortSignal,
): Promise<void> => {
  const [row] = await client.query<{ granted: boolean }>(
    "select pg_has_role($1::name, 'USAGE') as granted",
    [role],
    signal,
  )
  if (row?.granted !== true) {
    throw new Unsupported(`${role} is lacking: GRANT pg_monitor TO "${client.config.user}" (a superuser grants it)`)
  }
}
