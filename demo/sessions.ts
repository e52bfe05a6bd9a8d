/** PostgreSQL sessions of the demo's Odoo: opened under its role, named as Odoo names them, never in the way of ending. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Duration } from '../src/metric.ts'
import type { Estate } from './estate.ts'

export interface SessionOptions {
  readonly database: string
  /** Odoo 16 and later sets `odoo-<pid>` (odoo/sql_db.py). */
  readonly applicationName: string
}

export interface Session {
  readonly client: pg.Client
  /** Resolves when the connection is gone, whoever ended it. */
  readonly ended: Promise<void>
  /** Drops the connection without waiting for the far side; the server ends the session and its locks. */
  readonly close: () => void
}

/** Signs in as Odoo's role on the primary. Throws what the server says, `too many clients already` for one. */
export const openSession = async (
  estate: Pick<Estate, 'primary' | 'odoo'>,
  options: SessionOptions,
): Promise<Session> => {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: estate.primary.port,
    user: estate.odoo.user,
    password: estate.odoo.password,
    database: options.database,
    application_name: options.applicationName,
    ssl: false,
    connectionTimeoutMillis: 5000,
  })
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  client.on('error', () => undefined)
  const close = () => {
    client.end().catch(() => undefined)
    client.connection.stream.destroy()
  }
  try {
    await client.connect()
  } catch (error) {
    close()
    throw error
  }
  return { client, ended, close }
}

/**
 * Keeps a session open until the signal aborts, and opens it again, a second later, whenever it is lost. `live`
 * runs on each; when it resolves or rejects before the signal, the session is opened anew.
 */
export const keepSession = async (
  estate: Pick<Estate, 'primary' | 'odoo'>,
  options: SessionOptions,
  live: (session: Session, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  pause: Duration = 1000,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const session = await openSession(estate, options)
      signal.addEventListener('abort', session.close, { once: true })
      if (signal.aborted) session.close()
      try {
        await Promise.race([live(session, signal), session.ended])
      } finally {
        signal.removeEventListener('abort', session.close)
        session.close()
      }
    } catch {
      // The server is down, full or frozen: that is what the demo shows, and the next try is in a second.
    }
    await delay(pause, undefined, { signal }).catch(() => undefined)
  }
}
