/** Which Odoo is this? Asked without credentials; of one known as 19 or newer, not by the RPC on its way out there. */
import { CollectError } from '../../src/collector.ts'
import { explainStatus } from './faults.ts'
import { isJson, parseJson } from './json.ts'
import type { Endpoint, Exchange } from './transport.ts'
import { post, replyOf } from './xmlrpc_protocol.ts'

export interface Version {
  /** 17, 18, 19, 20; of `saas~18.2`, 18. */
  readonly series: number
  /** As Odoo writes it: `18.0`, `18.0-20250506`, `saas~18.2+e`. */
  readonly text: string
}

const WORDING = /^[\w.~+-]{1,40}$/

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined

const versionOf = (text: unknown, info: unknown): Version | undefined => {
  const [major]: readonly unknown[] = Array.isArray(info) ? info : []
  const series = Number(/\d+$/.exec(String(major))?.[0])
  return Number.isInteger(series) && typeof text === 'string' && WORDING.test(text) ? { series, text } : undefined
}

/** Since this series `/web/version` exists, and XML-RPC logs a warning a call. */
export const JSON_SINCE = 19

/** The version, or undefined where Odoo has no such page (404). */
type Way = (endpoint: Endpoint, exchange: Exchange, signal: AbortSignal) => Promise<Version | undefined>

const PAGE = '/web/version'

const known = (version: Version | undefined, path: string): Version => {
  if (version === undefined) throw new CollectError('decode', `the answer of ${path} holds no version of Odoo`)
  return version
}

const byPage: Way = async (endpoint, exchange, signal) => {
  const reply = await exchange(endpoint, { method: 'GET', path: PAGE }, signal)
  if (reply.status === 404) return undefined
  if (reply.status !== 200 || !isJson(reply)) throw explainStatus(reply, PAGE)
  const answer = parseJson(reply)
  return known(versionOf(field(answer, 'version'), field(answer, 'version_info')), PAGE)
}

const byXmlRpc: Way = async (endpoint, exchange, signal) => {
  const reply = await post(endpoint, 'common', 'version', [], exchange, signal)
  if (reply.status === 404) return undefined
  const answer = await replyOf(reply, 'common', signal)
  const value = 'value' in answer ? answer.value : undefined
  return known(versionOf(field(value, 'server_version'), field(value, 'server_version_info')), 'common.version')
}

/**
 * `series`: what this Odoo was found to be of, if it was. One of 18 or older, asked for a page it lacks, may take
 * seconds to draw its "not found"; one of 19 or newer logs a warning at each XML-RPC. Rejects with CollectError, or
 * the signal's reason.
 */
export const askVersion = async (
  endpoint: Endpoint,
  series: number | undefined,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Version> => {
  const ways = series !== undefined && series >= JSON_SINCE ? [byPage, byXmlRpc] : [byXmlRpc, byPage]
  for (const way of ways) {
    const version = await way(endpoint, exchange, signal)
    if (version !== undefined) return version
  }
  throw new CollectError('connect', `neither XML-RPC nor ${PAGE} is there (HTTP 404): is this Odoo? Check odoo.url`)
}
