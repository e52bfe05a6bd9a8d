/** The shipped flows as a tenant has them, and ways to an Odoo's database. */
import { connect, type OdooSqlClient } from '../../../collectors/odoo_sql/client.ts'
import { config } from '../../../collectors/odoo_sql/config.ts'
import type { PostgresServer } from '../../../demo/postgres.ts'
import type { Condition } from '../../../src/flow/condition/condition.ts'
import type { Wanted } from '../../../src/flow/read/access.ts'
import type { Flow } from '../../../src/flow/spec/spec_file.ts'
import { flowFiles, shipped } from '../../flow/shipped.ts'

export const signal = (): AbortSignal => AbortSignal.timeout(20_000)

export const wantedOf = (flow: Flow, narrow: readonly Condition[] = []): Wanted => ({ flow, narrow, group: undefined })

export const flows: readonly Flow[] = flowFiles.flatMap((file) => shipped(file).flow ?? [])

export const allWanted: readonly Wanted[] = flows.map((flow) => wantedOf(flow))

export const settingsOf = (postgres: PostgresServer, dbname: string, user = 'postgres') =>
  config.parse({ host: '127.0.0.1', port: postgres.port, user, dbname, password: { env: 'X' }, sslmode: 'disable' })

export const opened = (
  postgres: PostgresServer,
  dbname: string,
  role: { readonly user: string; readonly password: string } = { user: 'postgres', password: postgres.password },
): Promise<OdooSqlClient> =>
  connect(settingsOf(postgres, dbname, role.user), { secret: async () => role.password, signal: signal() })

export const flowNamed = (name: string): Flow => {
  const flow = flows.find((f) => f.name === name)
  if (flow === undefined) throw new Error(`no flow ${name}`)
  return flow
}
