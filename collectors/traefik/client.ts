/** The one file that speaks HTTP: requests, their limits, and how they end. */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { createGunzip } from 'node:zlib'
import { CollectError, type ConnectContext } from '../../src/collector.ts'
import type { TraefikConfig } from './config.ts'
import { address, explain, refusal } from './errors.ts'
import { createParser, type Families } from './exposition_format.ts'
import { createLedger, type Ledger, type Page } from './ledger.ts'

export interface TraefikClient {
  /**
   * What Traefik's metrics say now. Probes that ask at the same time share one request, which is given up when none of
   * them waits any more. Rejects with CollectError.
   */
  readonly page: (signal: AbortSignal) => Promise<Page>
  readonly ledger: Ledger
  /** Every connection is gone at once; `close` calls it. */
  readonly end: () => void
}

type Agent = HttpAgent | HttpsAgent

interface Way {
  readonly config: TraefikConfig
  readonly agent: Agent
  readonly authorization: string | undefined
}

const late = (config: TraefikConfig): CollectError =>
  new CollectError('timeout', `${address(config)}: no answer in time; the request was given up`)

/** Secrets are read now: a renewed password or authority is followed at the next connect. */
const wayTo = async (config: TraefikConfig, secret: ConnectContext['secret']): Promise<Way> => {
  const { user, password, ca } = config
  const authorization =
    user === undefined || password === undefined
      ? undefined
      : `Basic ${Buffer.from(`${user}:${await secret(password)}`).toString('base64')}`
  const limits = { keepAlive: true, maxSockets: 1 }
  const agent = config.url.startsWith('https:')
    ? new HttpsAgent({ ...limits, ...(ca === undefined ? {} : { ca: await secret(ca) }) })
    : new HttpAgent(limits)
  return { config, agent, authorization }
}

const requestOn = ({ config, agent, authorization }: Way, signal: AbortSignal): ClientRequest => {
  const request = config.url.startsWith('https:') ? httpsRequest : httpRequest
  return request(config.url, {
    agent,
    signal,
    headers: {
      accept: 'text/plain;version=0.0.4',
      'accept-encoding': 'gzip',
      'user-agent': 'odoo-pulse',
      ...(authorization === undefined ? {} : { authorization }),
    },
  })
}

/** The head of a 200 with metrics in it. A kept connection may have been closed as we took it up: then once more. */
const replyOn = async (way: Way, signal: AbortSignal, isSecond = false): Promise<IncomingMessage> => {
  const request = requestOn(way, signal)
  try {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject).end()
    })
    // What goes wrong with the body is told by reading it; by then nobody may listen here.
    request.on('error', () => undefined)
    const refused = refusal(reply.statusCode ?? 0, reply.headers, way.config)
    if (refused === undefined) return reply
    reply.destroy()
    throw refused
  } catch (error) {
    if (request.reusedSocket && !isSecond && !signal.aborted && !(error instanceof CollectError)) {
      return replyOn(way, signal, true)
    }
    throw error
  }
}

/** Both ends are counted: endless gzip headers inflate to nothing. */
const inflated = (reply: IncomingMessage, config: TraefikConfig): AsyncIterable<Buffer> => {
  if (reply.headers['content-encoding']?.toLowerCase() !== 'gzip') return reply
  const gunzip = createGunzip()
  let received = 0
  reply.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > config.max_bytes) reply.destroy(tooLong(config))
  })
  reply.once('error', (error) => gunzip.destroy(error))
  return reply.pipe(gunzip)
}

/** What the probes read; all else is checked, and not kept. */
const NAMES = new Set([
  'process_start_time_seconds',
  'traefik_config_last_reload_success',
  'traefik_config_reloads_total',
  'traefik_entrypoint_open_connections',
  'traefik_open_connections',
  'traefik_router_request_duration_seconds',
  'traefik_router_requests_total',
  'traefik_service_request_duration_seconds',
  'traefik_service_requests_total',
  'traefik_service_retries_total',
  'traefik_tls_certs_not_after',
])

/** Read and parsed as it comes: neither its length nor what it inflates to is ever held. */
const familiesOf = async (reply: IncomingMessage, { config }: Way): Promise<Families> => {
  const parser = createParser((family) => NAMES.has(family))
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const text = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch (error) {
      throw new CollectError('decode', 'not Prometheus text: it is not UTF-8', { cause: error })
    }
  }
  let bytes = 0
  for await (const chunk of inflated(reply, config)) {
    bytes += chunk.length
    if (bytes > config.max_bytes) throw tooLong(config)
    parser.push(text(chunk))
  }
  parser.push(text())
  return parser.end()
}

const tooLong = ({ max_bytes }: TraefikConfig): CollectError =>
  new CollectError('decode', `the reply is longer than ${max_bytes} bytes (traefik.max_bytes)`)

/** A body that breaks off was an answer, but no whole one. */
const brokenOff = (error: unknown, config: TraefikConfig): CollectError =>
  error instanceof CollectError
    ? new CollectError(error.reason, `${address(config)}: ${error.message}`, { cause: error })
    : new CollectError('decode', `${address(config)}: the reply breaks off`, { cause: error })

const fetchPage = async (way: Way, signal: AbortSignal): Promise<Page> => {
  const { config } = way
  if (signal.aborted) throw late(config)
  let reply: IncomingMessage | undefined
  try {
    reply = await replyOn(way, signal)
  } catch (error) {
    throw signal.aborted ? late(config) : explain(error, config)
  }
  try {
    const families = await familiesOf(reply, way)
    if (families.has('traefik_config_reloads_total')) {
      const date = Date.parse(reply.headers.date ?? '')
      return { families, answered: Number.isNaN(date) ? undefined : date / 1000 }
    }
  } catch (error) {
    throw signal.aborted ? late(config) : brokenOff(error, config)
  } finally {
    if (!reply.complete) reply.destroy()
  }
  throw new CollectError('decode', `${address(config)}: these are metrics, but not Traefik's: is the address right?`)
}

/** One flight for all who ask while it lasts; it is given up when the last of them has gone. */
const shared = (fetch: (signal: AbortSignal) => Promise<Page>, config: TraefikConfig): TraefikClient['page'] => {
  let flight: { readonly page: Promise<Page>; readonly abort: AbortController; waiting: number } | undefined
  const start = () => {
    const abort = new AbortController()
    const mine = { page: fetch(abort.signal), abort, waiting: 0 }
    const over = (): void => {
      if (flight === mine) flight = undefined
    }
    mine.page.then(over, over)
    return mine
  }
  return async (signal) => {
    if (signal.aborted) throw late(config)
    flight ??= start()
    const mine = flight
    mine.waiting += 1
    const leave = (): void => {
      mine.waiting -= 1
      if (mine.waiting > 0) return
      if (flight === mine) flight = undefined
      mine.abort.abort()
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await mine.page
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }
}

/** Whether metrics are served there at all; the reply itself is left unread. */
const ask = async (way: Way, signal: AbortSignal): Promise<void> => {
  try {
    const reply = await replyOn(way, signal)
    reply.destroy()
  } catch (error) {
    throw signal.aborted ? late(way.config) : explain(error, way.config)
  }
}

/** Throws CollectError. */
export const connect = async (config: TraefikConfig, { secret, signal }: ConnectContext): Promise<TraefikClient> => {
  const way = await wayTo(config, secret)
  const end = (): void => way.agent.destroy()
  try {
    await ask(way, signal)
  } catch (error) {
    end()
    throw error
  }
  return { page: shared((signal) => fetchPage(way, signal), config), ledger: createLedger(config), end }
}

/** Whether Traefik answers, on a connection of its own. Throws CollectError. */
export const check = async (config: TraefikConfig, { secret, signal }: ConnectContext): Promise<void> => {
  const way = await wayTo(config, secret)
  await ask(way, signal).finally(() => way.agent.destroy())
}

export const close = async (client: TraefikClient): Promise<void> => client.end()
