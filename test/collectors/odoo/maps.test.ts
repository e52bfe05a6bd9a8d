/** What each map makes of replies recorded from real servers: fixtures/odoo/<probe>.<case>.json → .prom. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiKeys } from '../../../collectors/odoo/api_keys.ts'
import { companies } from '../../../collectors/odoo/companies.ts'
import { cronRuns } from '../../../collectors/odoo/cron_runs.ts'
import { cronTriggers } from '../../../collectors/odoo/cron_triggers.ts'
import { crons } from '../../../collectors/odoo/crons.ts'
import { modules } from '../../../collectors/odoo/modules.ts'
import { queue } from '../../../collectors/odoo/queue.ts'
import type { Probe } from '../../../src/collector.ts'
import { createExposition, vet } from '../../../src/exposition.ts'

// biome-ignore lint/suspicious/noExplicitAny: as the engine has them
const probes: readonly Probe<any, any>[] = [crons, cronRuns, cronTriggers, queue, apiKeys, companies, modules]
const folder = join(import.meta.dirname, '../../fixtures/odoo')
const cases = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []))
const at = Date.UTC(2026, 10, 20, 15, 32)

test.for(cases)('%s', async (name) => {
  const probe = probes.find((p) => p.name === name.split('.')[0])
  if (probe === undefined) throw new Error(`no probe is named as ${name}`)
  const raw = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  const { samples, dropped } = vet(probe.map(raw, at), { tenant: 'acme' }, probe.metrics)
  expect(dropped).toEqual([])
  const exposition = createExposition(() => at)
  await exposition.put({ target: 'acme', collector: 'odoo', part: probe.name }, samples, at + 1)
  const lines = exposition.page().text.toString().split('\n')
  await expect(`${lines.filter((line) => !line.startsWith('# ')).join('\n')}`).toMatchFileSnapshot(
    join(folder, `${name}.prom`),
  )
})
