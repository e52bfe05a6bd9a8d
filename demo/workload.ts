/** A light, steady load on the primary, so that there is something to replicate and someone to see. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Duration, seconds } from '../src/metric.ts'
import type { Estate } from './estate.ts'
import { keepSession, type Session } from './sessions.ts'

export interface Workload {
  readonly stop: () => Promise<void>
}

/** Rows above this many are deleted: a demo left running does not fill the disk. */
const KEPT_ROWS = 2000

// One business transaction: an order comes in, another is confirmed, a picking is done, a job is queued and done.
// The rows 1–9 are left to the faults, and whoever waits for a lock gives up soon.
const TRANSACTION = `
  SET LOCAL lock_timeout = '500ms';
  INSERT INTO sale_order (name, state, partner_id, date_order, create_date, write_date)
    VALUES ('S' || nextval('sale_order_id_seq'), 'draft', 1 + (random() * 199)::int, now(), now(), now());
  UPDATE sale_order SET state = 'sale', date_order = now(), write_date = now()
    WHERE id = (SELECT max(id) FROM sale_order WHERE state = 'draft');
  UPDATE stock_picking SET state = 'done', date_done = now() WHERE id = 10 + (random() * 490)::int;
  INSERT INTO queue_job (uuid, channel, state, date_created, date_done, retry)
    VALUES (md5(random()::text), 'root.sale', 'done', now(), now(), 0);
  DELETE FROM sale_order WHERE id BETWEEN 10 AND (SELECT max(id) FROM sale_order) - ${KEPT_ROWS};
  DELETE FROM queue_job WHERE id < (SELECT max(id) FROM queue_job) - ${KEPT_ROWS};`

const worker =
  (every: Duration) =>
  async ({ client }: Session, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Several statements in one message are one transaction.
      await client.query(TRANSACTION).catch((error: unknown) => {
        if (String(error).includes('lock timeout')) return
        throw error
      })
      await delay(every, undefined, { signal })
    }
  }

const listener =
  (channel: string) =>
  async ({ client, ended }: Session): Promise<void> => {
    await client.query(`LISTEN ${channel}`)
    await ended
  }

/** Starts web workers that write, a cron worker and a job runner that listen (as Odoo's do), each on a session of its own. */
export const startWorkload = (estate: Pick<Estate, 'primary' | 'odoo'>, every: Duration = seconds(1)): Workload => {
  const stopping = new AbortController()
  const { signal } = stopping
  const sessions = [
    { database: 'acme', applicationName: 'odoo-4101', live: worker(every) },
    { database: 'acme', applicationName: 'odoo-4102', live: worker(every * 2) },
    { database: 'globex', applicationName: 'odoo-4103', live: worker(every * 2) },
    { database: 'postgres', applicationName: 'odoo-4110', live: listener('cron_trigger') },
    { database: 'acme', applicationName: 'odoo-4120', live: listener('queue_job') },
  ]
  const kept = sessions.map(({ live, ...options }) => keepSession(estate, options, live, signal))
  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(kept)
    },
  }
}
