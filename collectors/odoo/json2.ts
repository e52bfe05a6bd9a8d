/** Odoo's calls over JSON-2, 19 and newer: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html */
import { CollectError } from '../../src/collector.ts'
import { explainFault, explainStatus, noSuchDatabase, ofJson } from './faults.ts'
import { isJson, parseJson } from './json.ts'
import type { Protocol } from './protocol.ts'
import type { Endpoint, Exchange } from './transport.ts'

export interface Json2Access {
  readonly endpoint: Endpoint
  readonly database: string
  readonly exchange: Exchange
  readonly apiKey: string
}

export const json2Protocol =
  ({ endpoint, database, exchange, apiKey }: Json2Access): Protocol =>
  async ({ model, method, args, options }, signal) => {
    const path = `/json/2/${model}/${method}`
    const reply = await exchange(
      endpoint,
      {
        method: 'POST',
        path,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${apiKey}`,
          'x-odoo-database': database,
        },
        body: JSON.stringify({ ...Object.fromEntries(args), ...options }),
      },
      signal,
    )
    if (reply.status >= 300 && reply.status < 400) {
      throw new CollectError(
        'connect',
        `${path} answers a redirect: JSON-2 begins with Odoo 19; set odoo.protocol: xmlrpc`,
      )
    }
    // Odoo's page for no such database, and for one it can't reach; a model that is missing is told in JSON.
    if (reply.status === 404 && !isJson(reply)) throw noSuchDatabase(database)
    if (!isJson(reply)) throw explainStatus(reply, path)
    const answer = parseJson(reply)
    if (reply.status === 200) return answer
    const fault = ofJson(answer)
    throw fault === undefined ? explainStatus(reply, path) : explainFault(fault, { database, model, method })
  }

/** The user the key belongs to. */
export const whoAmI = async (ask: Protocol, signal: AbortSignal): Promise<number> => {
  const context = await ask({ model: 'res.users', method: 'context_get', args: [], options: {} }, signal)
  if (typeof context === 'object' && context !== null && 'uid' in context && typeof context.uid === 'number') {
    return context.uid
  }
  throw new CollectError('decode', 'res.users.context_get gave no user id')
}
