/** Of flows that share a table one is answered badly: from then on each is read by itself, and the others go on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { rowsOf } from '../night.ts'
import { moreRowsOf } from '../night_more.ts'
import { fastClock, install, odooBlock, onlyFlows } from './installation.ts'
import { startTampering, type Tampering } from './tampering.ts'

/** It takes its orders' state from another table. */
const BAD = 'paid-order'
const OTHER = 'payment-sync'

const PAID = `UPDATE payment_transaction SET write_date = now() at time zone 'utc', last_state_change = now() at time zone 'utc'
  WHERE state = 'done' AND id IN (SELECT transaction_id FROM sale_order_transaction_rel)`

let estate: Estate
let before: Tampering
beforeAll(async () => {
  estate = await startEstate([18])
  before = await startTampering(estate.of(18).url)
  const { database } = estate.of(18)
  for (const rows of [rowsOf(database), moreRowsOf(18)]) await estate.postgres.query(rows, undefined, database)
}, 60_000)
afterAll(async () => {
  await before?.stop()
  await estate?.stop()
})

test('what fails of a question of several is told by whose it was', { timeout: 90_000 }, async () => {
  const odoo = estate.of(18)
  const models = new Map<string, number>()
  const isAsked = (body: string, model: string) => body.includes(`<string>${model}</string>`)
  let isBad = false
  before.tamper((body, _reply, response) => {
    for (const model of ['payment.transaction', 'sale.order']) {
      if (isAsked(body, model) && !body.includes('fields_get')) models.set(model, (models.get(model) ?? 0) + 1)
    }
    if (!isBad || !isAsked(body, 'sale.order')) return false
    response.writeHead(200, { 'content-type': 'text/html', date: new Date().toUTCString() })
    response.end('<!doctype html><title>Bad gateway</title>')
    return true
  })
  const installation = await install({
    clock: fastClock(60),
    env: { PULSE_KEY: odoo.users.pulse.apiKey },
    text: `${onlyFlows(BAD, OTHER)}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo, before.url)}`,
  })
  try {
    const state = async (name: string) => (await installation.flow(name)).state
    await holds('both judged', async () => (await state(BAD)) === 'judged' && (await state(OTHER)) === 'judged', 30_000)
    isBad = true
    // Paid just now: its row is read, and its order.
    await estate.postgres.query(PAID, undefined, odoo.database)
    const isTold = async () => {
      const { state: now, reason = '' } = await installation.flow(BAD)
      return now === 'failing' && /html/i.test(reason)
    }
    await holds('the failure, told', isTold, 45_000)
    await holds('the other one, judged by itself', async () => (await state(OTHER)) === 'judged', 30_000)
    const apart = installation.log().filter(({ msg }) => msg === 'flows that were read together are read apart')
    expect(apart.map(({ flows }) => flows)).toEqual([[BAD, OTHER]])
    await holds('that this stays so', async () => (await state(BAD)) === 'failing' && (await state(OTHER)) === 'judged')
    isBad = false
    await holds(
      'both judged again',
      async () => (await state(BAD)) === 'judged' && (await state(OTHER)) === 'judged',
      45_000,
    )
    expect(models.get('sale.order')).toBeGreaterThan(0)
  } finally {
    before.tamper(undefined)
    await installation.stop()
  }
})
