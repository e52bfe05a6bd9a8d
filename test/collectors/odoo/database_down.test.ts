/** An Odoo whose PostgreSQL is gone answers, but nothing of it: it is down, told once, and asked ever more rarely. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OdooConfig } from '../../../collectors/odoo/config.ts'
import { createConnector } from '../../../collectors/odoo/connect.ts'
import { configOf, contextOf, type Estate, startEstate, type Version } from './estate.ts'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18, 19])
}, 60_000)
afterAll(() => estate?.stop())

const ways: readonly (readonly [Version, OdooConfig['protocol']])[] = [
  [18, 'xmlrpc'],
  [19, 'xmlrpc'],
  [19, 'json2'],
]

test('the check that closes the circuit fails as long as the database is away', async () => {
  const checks = await Promise.all(
    ways.map(async ([version, protocol]) => {
      const odoo = estate.of(version)
      const known = createConnector()
      const config = configOf(odoo, { protocol })
      const context = () => contextOf(odoo.users.pulse.apiKey)
      await known.connect(config, context())
      return { known: () => known.check(config, context()), stranger: () => createConnector().check(config, context()) }
    }),
  )
  await estate.postgres.shutdown()
  try {
    for (const { known, stranger } of checks) {
      await expect(known()).rejects.toMatchObject({ reason: 'connect' })
      await expect(stranger()).rejects.toMatchObject({ reason: 'connect' })
    }
  } finally {
    await estate.postgres.start()
  }
  for (const { known, stranger } of checks) {
    await known()
    await stranger()
  }
}, 60_000)
