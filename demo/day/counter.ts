/** Sales at the shops' counters, which arrive in Odoo some seconds after they were made. */
import { seconds } from '../../src/metric.ts'
import type { Business } from './book.ts'
import { between, poisson, type Random } from './random.ts'
import { insert } from './tables.ts'

/** Today's session of each counter; opened where there is none yet. By `pos_config.id`, which is the company's here. */
const sessionsOf = async ({
  client,
  tables,
}: Pick<Business, 'client' | 'tables'>): Promise<readonly (readonly [number, number])[]> => {
  const { rows } = await client.query<{ config: number; session: number | null }>(
    `SELECT c.id AS config, (SELECT max(s.id) FROM pos_session s WHERE s.config_id = c.id AND s.state = 'opened'
      AND s.start_at >= current_date) AS session FROM pos_config c ORDER BY 1`,
  )
  const closed = rows.filter(({ session }) => session === null)
  if (closed.length === 0) return rows.map(({ config, session }) => [config, session ?? 0])
  const at = new Date()
  await client.query(
    `UPDATE pos_session SET state = 'closed', stop_at = now(), write_date = now() WHERE state = 'opened' AND config_id = ANY ($1)`,
    [closed.map(({ config }) => config)],
  )
  await insert(
    client,
    tables,
    'pos_session',
    closed.map(({ config }) => ({
      config_id: config,
      user_id: 2,
      name: `POS/${config}/${at.toISOString().slice(0, 10)}`,
      state: 'opened',
      rescue: false,
      start_at: at,
      create_date: at,
      write_date: at,
    })),
  )
  return sessionsOf({ client, tables })
}

/** Sells about `mean` times. */
export const sell = async (
  { client, tables }: Pick<Business, 'client' | 'tables'>,
  random: Random,
  mean: number,
): Promise<void> => {
  const sales = poisson(random, mean)
  if (sales === 0) return
  const sessions = await sessionsOf({ client, tables })
  const now = Date.now()
  await insert(
    client,
    tables,
    'pos_order',
    Array.from({ length: sales }, (_, i) => {
      const [config, session] = sessions[Math.floor(random() * sessions.length)] ?? [1, 1]
      const total = Math.round(between(random, 5, 120) * 100) / 100
      return {
        name: `Counter ${config}/${now.toString(36)}-${i}`,
        user_id: 2,
        company_id: config,
        config_id: config,
        session_id: session,
        state: 'paid',
        amount_tax: Math.round(total * 16) / 100,
        amount_total: total,
        amount_paid: total,
        amount_return: 0,
        currency_rate: 1,
        date_order: new Date(now - between(random, seconds(1), seconds(9))),
        create_date: new Date(now),
        write_date: new Date(now),
      }
    }),
  )
}
