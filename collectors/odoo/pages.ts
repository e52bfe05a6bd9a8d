/**
 * Pages that Odoo serves without credentials, asked on sockets of their own beside the one RPC: they tell a database
 * that hangs from workers that are all busy.
 */
import { CollectError } from '../../src/collector.ts'
import { type Duration, seconds } from '../../src/metric.ts'
import { isJson, parseJson } from './json.ts'
import type { Endpoint, Exchange, Reply } from './transport.ts'

/** Answers in 2 or 3 ms while a worker is free; behind busy ones 5.7 and 11 s were measured. */
export const PAGE_PATIENCE: Duration = seconds(1)

export type Page = Reply | 'hangs'

export interface Pages {
  /** A page of the HTTP workers. Rejects with `connect` where nothing listens, or with the signal's reason. */
  readonly http: (path: string, signal: AbortSignal) => Promise<Page>
  /** Whether the gevent port, or what stands for it, answers; undefined where the configuration gives none. */
  readonly gevent: ((signal: AbortSignal) => Promise<boolean>) | undefined
}

const ask = async (exchange: Exchange, endpoint: Endpoint, path: string, signal: AbortSignal): Promise<Page> => {
  const patience = AbortSignal.timeout(PAGE_PATIENCE)
  try {
    return await exchange(endpoint, { method: 'GET', path }, AbortSignal.any([signal, patience]))
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error
    return 'hangs'
  }
}

/** The port's own address gets the health page; any other (a proxy's /websocket) is asked as it is. */
const pathAt = (url: string): string => (new URL(url).pathname === '/' ? '/web/health' : '')

export const createPages = (http: Endpoint, gevent: Endpoint | undefined, exchange: Exchange): Pages => ({
  http: (path, signal) => ask(exchange, http, path, signal),
  gevent:
    gevent &&
    (async (signal) => {
      try {
        const page = await ask(exchange, gevent, pathAt(gevent.url), signal)
        // 400 and 426 are what a websocket says to one who doesn't upgrade; a worker that isn't gevent's says 500
        return page !== 'hangs' && page.status < 500
      } catch (error) {
        if (signal.aborted) throw error
        return false
      }
    }),
})

export const HEALTH = '/web/health'

/** A member of the health page's answer. */
const said = (page: Reply, name: 'status' | 'db_server_status'): unknown => {
  const answer = parseJson(page)
  return typeof answer === 'object' && answer !== null
    ? Object.getOwnPropertyDescriptor(answer, name)?.value
    : undefined
}

/** What the health page says; undefined where it isn't Odoo's health page that answers. */
export const verdictOf = (page: Page): boolean | undefined => {
  if (page === 'hangs') return false
  if (!isJson(page)) return page.status >= 500 ? false : undefined
  const status = said(page, 'status')
  return status === 'pass' ? true : status === 'fail' ? false : undefined
}

/** What it says of the database when asked; undefined where this build doesn't say. */
export const databaseVerdictOf = (page: Page): boolean | undefined => {
  if (page === 'hangs' || !isJson(page)) return verdictOf(page)
  const status = said(page, 'db_server_status')
  return typeof status === 'boolean' ? status : undefined
}

/**
 * Whether all HTTP workers are busy: their health page hangs, and the gevent port answers. undefined where both hang,
 * or only one port is known: then nobody can tell.
 */
export const areWorkersBusy = async (pages: Pages, signal: AbortSignal): Promise<boolean | undefined> => {
  if (pages.gevent === undefined) return undefined
  if ((await pages.http(HEALTH, signal)) !== 'hangs') return false
  return (await pages.gevent(signal)) ? true : undefined
}

export const busy = (): CollectError =>
  new CollectError('timeout', 'all HTTP workers of Odoo are busy: its gevent port answers, they do not')
