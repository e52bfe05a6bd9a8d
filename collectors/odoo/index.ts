/** Odoo 14–20, by XML-RPC or JSON-2, as a user that may read and nothing more. */
import type { Collector } from '../../src/collector.ts'
import { apiKeys } from './api_keys.ts'
import type { OdooClient } from './client.ts'
import { companies } from './companies.ts'
import { config, type OdooConfig } from './config.ts'
import { createConnector } from './connect.ts'
import { cronRuns } from './cron_runs.ts'
import { cronTriggers } from './cron_triggers.ts'
import { crons } from './crons.ts'
import { openFlows } from './flow_access.ts'
import { health } from './health.ts'
import { info, odooUp } from './info.ts'
import { modules } from './modules.ts'
import { queue } from './queue.ts'
import { rpc } from './rpc.ts'
import { workers } from './workers.ts'

export const odoo: Collector<OdooConfig, OdooClient> = {
  name: 'odoo',
  config,
  up: odooUp,
  ...createConnector(),
  // each call has a connection of its own, which ends with the signal it was asked under
  close: async () => undefined,
  probes: [info, health, workers, rpc, crons, cronRuns, cronTriggers, queue, apiKeys, companies, modules],
  flows: openFlows,
}
