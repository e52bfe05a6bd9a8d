/** An Odoo's database, or its standby's, read by SQL for the business flows: PostgreSQL 14–18, a role that may SELECT. */
import type { Collector } from '../../src/collector.ts'
import { check, close, connect, type OdooSqlClient } from './client.ts'
import { config, type OdooSqlConfig } from './config.ts'
import { openFlows } from './flow_access.ts'
import { odooSqlUp, replica } from './replica.ts'

export const odooSql: Collector<OdooSqlConfig, OdooSqlClient> = {
  name: 'odoo_sql',
  config,
  up: odooSqlUp,
  connect,
  check,
  close,
  probes: [replica],
  flows: openFlows,
}
