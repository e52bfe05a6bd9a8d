/** The service's configuration for the bench: a tenant a way, every flow on, nothing else asked. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { odoo as odooCollector } from '../../collectors/odoo/index.ts'
import { CALENDAR, FLOWS } from '../../demo/promises.ts'
import { FLOWS_ROLE, type Way, type World } from './world.ts'

/** Probes of Odoo itself are asked once and then left alone: flows are measured. */
const probesAtRest = Object.fromEntries(odooCollector.probes.map(({ name }) => [name, '24h']))

const tenantOf = ({ postgres, odoos }: World, way: Way, dir: string) => {
  const file = (name: string) => ({ file: join(dir, name) })
  if (way === 'sql') {
    const { user } = FLOWS_ROLE
    const at = { host: '127.0.0.1', port: postgres.port, user, dbname: 'rpc18', sslmode: 'disable' }
    return { tier: 'dedicated', db_cluster: 'main', odoo_sql: { ...at, password: file('sql') } }
  }
  const odoo = odoos.get(way)
  if (odoo === undefined) throw new Error(`${way} was not built`)
  const { url, database, users } = odoo
  return {
    tier: 'dedicated',
    db_cluster: 'main',
    odoo: { url, database, user: users.pulse.login, api_key: file(way) },
    collectors: { odoo: { intervals: probesAtRest } },
  }
}

/** Gives the path of the configuration; it and its secrets stand in a folder of their own. */
export const writeConfig = (world: World, ways: readonly Way[]): { readonly dir: string; readonly file: string } => {
  const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-bench-'))
  for (const way of ways) {
    const secret = way === 'sql' ? FLOWS_ROLE.password : (world.odoos.get(way)?.users.pulse.apiKey ?? '')
    writeFileSync(join(dir, way), secret, { mode: 0o600 })
  }
  const file = join(dir, 'odoo-pulse.yaml')
  const tenants = Object.fromEntries(ways.map((way) => [way, tenantOf(world, way, dir)]))
  writeFileSync(file, stringify({ calendar: CALENDAR, flows: FLOWS, tenants }))
  return { dir, file }
}
