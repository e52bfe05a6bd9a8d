/** What each map makes of replies recorded from real servers: fixtures/postgres/<probe>.<case>.json → .prom. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { postgres } from '../../../collectors/postgres/index.ts'
import { createExposition, vet } from '../../../src/exposition.ts'

const folder = join(import.meta.dirname, '../../fixtures/postgres')
const cases = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []))
const at = Date.UTC(2026, 10, 20, 12)

test.for(cases)('%s', async (name) => {
  const probe = postgres.probes.find((p) => p.name === name.split('.')[0])
  if (probe === undefined) throw new Error(`no probe is named as ${name}`)
  const raw = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  const { samples, dropped } = vet(probe.map(raw, at), { server: 'db1' }, probe.metrics)
  expect(dropped).toEqual([])
  const exposition = createExposition(() => at)
  await exposition.put({ target: 'db1', collector: 'postgres', part: probe.name }, samples, at + 1)
  const lines = exposition.page().text.toString().split('\n')
  await expect(`${lines.filter((line) => !line.startsWith('# ')).join('\n')}`).toMatchFileSnapshot(
    join(folder, `${name}.prom`),
  )
})
