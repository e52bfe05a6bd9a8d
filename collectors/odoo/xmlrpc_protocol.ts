/** Odoo's calls over XML-RPC: every version to 21. */
import { CollectError } from '../../src/collector.ts'
import { explainFault, explainStatus, ofXmlRpc } from './faults.ts'
import type { Protocol } from './protocol.ts'
import type { Endpoint, Exchange, Reply } from './transport.ts'
import type { Value } from './values.ts'
import { parseReply, writeCall, type XmlRpcReply } from './xmlrpc.ts'

const pathOf = (service: Service): string => `/xmlrpc/2/${service}`
type Service = 'common' | 'object'

/** Sends one call of a service. */
export const post = (
  endpoint: Endpoint,
  service: Service,
  method: string,
  params: readonly Value[],
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Reply> => {
  const headers = { 'content-type': 'text/xml' }
  return exchange(endpoint, { method: 'POST', path: pathOf(service), headers, body: writeCall(method, params) }, signal)
}

/** Faults are values; what is no XML rejects. */
export const replyOf = (reply: Reply, service: Service, signal: AbortSignal): Promise<XmlRpcReply> => {
  const isXml = /^(text|application)\/xml$/.test(reply.mediaType)
  if (reply.status !== 200 || !isXml) return Promise.reject(explainStatus(reply, pathOf(service)))
  return parseReply(reply.body, signal)
}

const call = async (
  endpoint: Endpoint,
  service: Service,
  method: string,
  params: readonly Value[],
  exchange: Exchange,
  signal: AbortSignal,
): Promise<XmlRpcReply> => replyOf(await post(endpoint, service, method, params, exchange, signal), service, signal)

export interface XmlRpcAccess {
  readonly endpoint: Endpoint
  readonly database: string
  readonly exchange: Exchange
}

/** The user's id. Costs Odoo 350 to 450 ms of CPU and a row of its log. */
export const authenticate = async (
  { endpoint, database, exchange }: XmlRpcAccess,
  user: string,
  secret: string,
  signal: AbortSignal,
): Promise<number> => {
  const reply = await call(endpoint, 'common', 'authenticate', [database, user, secret, {}], exchange, signal)
  const asked = { database, model: '', method: 'authenticate' }
  if ('fault' in reply) throw explainFault(ofXmlRpc(reply.fault), asked)
  // No fault, but the boolean False: https://www.odoo.com/documentation/18.0/developer/reference/external_api.html
  if (reply.value === false) throw explainFault({ type: 'AccessDenied', message: '' }, asked)
  if (typeof reply.value !== 'number') throw new CollectError('decode', 'authenticate gave no user id')
  return reply.value
}

export const xmlRpcProtocol =
  ({ endpoint, database, exchange }: XmlRpcAccess, uid: number, secret: string): Protocol =>
  async ({ model, method, args, options }, signal) => {
    const positional = args.map(([, value]) => value)
    const params = [database, uid, secret, model, method, positional, options]
    const reply = await call(endpoint, 'object', 'execute_kw', params, exchange, signal)
    if ('fault' in reply) throw explainFault(ofXmlRpc(reply.fault), { database, model, method })
    return reply.value
  }
