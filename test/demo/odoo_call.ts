/** One call to a stand-in as its user `pulse`, by XML-RPC, or by JSON-2 on 19. Rejects with what the reply is instead. */
import xmlrpc from 'xmlrpc'
import type { OdooServer } from '../../demo/odoo/server.ts'

export const methodCall = <R = unknown>(
  odoo: OdooServer,
  model: string,
  method: string,
  args: readonly unknown[],
): Promise<R> => {
  const { uid, apiKey } = odoo.users.pulse
  const client = xmlrpc.createClient(`${odoo.url}/xmlrpc/2/object`)
  return new Promise((resolve, reject) => {
    client.methodCall(
      'execute_kw',
      [odoo.database, uid, apiKey, model, method, [...args]],
      (error: unknown, value: R) => (error ? reject(error) : resolve(value)),
    )
  })
}
