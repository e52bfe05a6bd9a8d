/** Odoo stand-ins of three versions on one PostgreSQL, and ways to meet them. */
import type { OdooClient } from '../../../collectors/odoo/client.ts'
import { config, type OdooConfig } from '../../../collectors/odoo/config.ts'
import { createConnector } from '../../../collectors/odoo/connect.ts'
import { createOdooDatabase } from '../../../demo/odoo/database.ts'
import { type OdooOptions, type OdooServer, startOdoo } from '../../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import type { ConnectContext } from '../../../src/collector.ts'

export type Version = OdooOptions['version']

export interface Estate {
  readonly postgres: PostgresServer
  readonly odoos: ReadonlyMap<Version, OdooServer>
  readonly of: (version: Version) => OdooServer
  readonly stop: () => Promise<void>
}

export const startEstate = async (versions: readonly Version[]): Promise<Estate> => {
  const postgres = await startPostgres({ version: 16 })
  const odoos = new Map<Version, OdooServer>()
  const stop = async (): Promise<void> => {
    for (const odoo of odoos.values()) await odoo.stop()
    await postgres.stop()
  }
  try {
    for (const version of versions) {
      const database = `odoo${version}`
      await createOdooDatabase(postgres, database, version)
      odoos.set(version, await startOdoo({ version, postgres, database, authenticateMs: 1 }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  const of = (version: Version): OdooServer => {
    const odoo = odoos.get(version)
    if (odoo === undefined) throw new Error(`no Odoo ${version} was started`)
    return odoo
  }
  return { postgres, odoos, of, stop }
}

/** Of the user `pulse`, by its API key; `secretsOf` answers for it. */
export const configOf = (odoo: OdooServer, over: Readonly<Record<string, unknown>> = {}): OdooConfig =>
  config.parse({
    url: odoo.url,
    database: odoo.database,
    user: odoo.users.pulse.login,
    api_key: { env: 'PULSE_KEY' },
    ...over,
  })

export const contextOf = (secret: string, signal: AbortSignal = AbortSignal.timeout(10_000)): ConnectContext => ({
  secret: async () => secret,
  signal,
})

export const clientOf = (odoo: OdooServer, over: Readonly<Record<string, unknown>> = {}): Promise<OdooClient> =>
  createConnector().connect(configOf(odoo, over), contextOf(odoo.users.pulse.apiKey))
