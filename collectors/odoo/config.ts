/** The settings of one Odoo database: `tenants.<name>.odoo` in the configuration. */
import { z } from 'zod'
import { secretRef } from '../../src/secret.ts'

const name = z.string().min(1)

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

const webUrl = z.string().superRefine((value, context) => {
  const url = URL.parse(value)
  const complain = (message: string) => context.addIssue({ code: 'custom', message, input: undefined })
  // none of these repeats the value: it may hold a password
  if (url === null || !/^https?:$/.test(url.protocol)) return complain('an http:// or https:// address is wanted')
  if (url.username !== '' || url.password !== '') {
    return complain('no user or password in an address: give them as user and password, by reference')
  }
  if (url.search !== '' || url.hash !== '') complain('an address without ? and # is wanted')
})

const isInClear = (value: string | undefined): boolean => {
  const url = value === undefined ? null : URL.parse(value)
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname)
}

const IN_CLEAR =
  'plain http would send the password in clear over the network: give https://, or `insecure: true` if that is accepted'

export const config = z
  .strictObject({
    url: webUrl.meta({ description: "Odoo's address, as https://erp.example.com; a path is kept as prefix." }),
    database: name.meta({ description: 'The database; never guessed from the host name.' }),
    user: name.optional().meta({ description: 'Login of the monitoring user; wanted by XML-RPC, unused by JSON-2.' }),
    password: secretRef.optional().meta({ description: "The user's password; an api_key is better." }),
    api_key: secretRef.optional().meta({ description: "An API key of the user: JSON-2's bearer, XML-RPC's password." }),
    protocol: z.enum(['auto', 'xmlrpc', 'json2']).default('auto').meta({
      description: 'auto: JSON-2 on Odoo 19 and newer where an api_key is given, else XML-RPC.',
    }),
    gevent_url: webUrl.optional().meta({
      description: "Address of Odoo's gevent port (default 8072): answers while all workers are busy.",
    }),
    ca: secretRef.optional().meta({ description: "Authorities, in PEM; without them the system's are trusted." }),
    insecure: z.boolean().default(false).meta({ description: 'Accept plain http to another machine.' }),
  })
  .superRefine((c, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [path], input: undefined })
    if (c.password === undefined && c.api_key === undefined)
      complain('api_key', 'give api_key (or password), by reference')
    if (c.password !== undefined && c.api_key !== undefined) complain('password', 'give api_key or password, not both')
    if (c.protocol === 'json2' && c.api_key === undefined) complain('api_key', 'JSON-2 takes an api_key, no password')
    if (c.protocol !== 'json2' && c.user === undefined) complain('user', 'XML-RPC wants the login: give user')
    if (c.insecure) return
    if (isInClear(c.url)) complain('url', IN_CLEAR)
    if (isInClear(c.gevent_url)) complain('gevent_url', IN_CLEAR)
  })
  .meta({ id: 'Odoo', description: 'How to reach one Odoo database.' })

export type OdooConfig = z.infer<typeof config>
