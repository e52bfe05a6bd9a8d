/** What Odoo's refusals mean to us, and what to do about them. Pure; nothing of a traceback gets through. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { Reply } from './transport.ts'
import type { XmlRpcFault } from './xmlrpc.ts'

/** An exception of Odoo, in whichever protocol it came. */
export interface Fault {
  /** Name of the Python class, without its module. */
  readonly type: string
  readonly message: string
}

/** What was asked when the fault came. */
export interface Asked {
  readonly database: string
  /** Empty for what concerns no model, such as the login. */
  readonly model: string
  readonly method: string
}

const LONGEST = 200

/** One line that names no path and no host of the machine Odoo runs on. */
export const presentable = (text: string): string => {
  const line = (text.split('\n').find((l) => l.trim() !== '') ?? '')
    .replace(/\bat "[^"]*", port \d+/g, '')
    .replace(/\bon socket "[^"]*"/g, '')
    .replace(/\bhost(name)? "[^"]*"/g, 'host')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '…')
    .replace(/(?<![\w/])(?:\/[\w.@+-]+){2,}\/?/g, '…')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}

const withoutModule = (name: string): string => name.split('.').at(-1) ?? name

const lineAfterTraceback = (text: string): string | undefined => {
  const lines = text.split('\n')
  const begin = lines.findLastIndex((l) => l.startsWith('Traceback (most recent call last)'))
  return begin < 0 ? undefined : lines.slice(begin + 1).find((l) => l !== '' && !/^\s/.test(l))
}

const PLAIN_FAULTS: ReadonlyMap<number, string> = new Map([
  [2, 'UserError'],
  [3, 'AccessDenied'],
  [4, 'AccessError'],
])

/** The fault codes of odoo/addons/base/controllers/rpc.py; 1 carries a traceback, whose last line is the exception. */
export const ofXmlRpc = ({ code, text }: XmlRpcFault): Fault => {
  const plain = PLAIN_FAULTS.get(code)
  if (plain !== undefined) return { type: plain, message: text }
  const [, name, message] = /^([A-Za-z_][\w.]*)(?:: ?(.*))?$/.exec(lineAfterTraceback(text) ?? '') ?? []
  return name === undefined ? { type: 'Error', message: text } : { type: withoutModule(name), message: message ?? '' }
}

/** The body of a JSON-2 error; undefined where it is none. */
export const ofJson = (body: unknown): Fault | undefined => {
  if (typeof body !== 'object' || body === null || !('name' in body) || !('message' in body)) return undefined
  const { name, message } = body
  return typeof name === 'string' && typeof message === 'string' ? { type: withoutModule(name), message } : undefined
}

const ADD_ON = 'the add-on odoo_pulse_access gives them all at once'

/** The groups an AccessError names, whatever the language around them. */
const groupsIn = (message: string): string =>
  [...message.matchAll(/^\s+- (.+)$/gm)].map(([, group]) => `"${group}"`).join(', ')

const accessError = (message: string, { model, method }: Asked): Unsupported => {
  const [, field] = /\bfields? "(\w+)" on /.exec(message) ?? []
  if (field !== undefined) {
    return new Unsupported(`no access to the field ${field} of ${model}: ${presentable(message)}`)
  }
  if (message.includes(`.${method}'`)) return new Unsupported(`${model}.${method}: ${presentable(message)}`)
  const groups = groupsIn(message)
  const grant = groups === '' ? '' : ` (or one of the groups ${groups})`
  return new Unsupported(
    `no read access to ${model}: grant it to the monitoring user${grant}; ${ADD_ON}. Odoo says: ${presentable(message)}`,
  )
}

const refused = (database: string): CollectError =>
  new CollectError(
    'auth',
    `Odoo refuses the credentials for the database "${database}": check user, password or api_key; a key may have ` +
      'expired (Preferences → Account Security)',
  )

export const noSuchDatabase = (database: string): CollectError =>
  new CollectError('connect', `Odoo knows no database "${database}", or can't reach it: check odoo.database`)

const aboutDatabase = (message: string, database: string): CollectError =>
  /does not exist/.test(message)
    ? noSuchDatabase(database)
    : new CollectError('connect', `Odoo can't use its database "${database}": ${presentable(message)}`)

const MISSING_METHOD = ['AttributeError', 'NotFound']

/** A fault as the engine's error: what was never there is Unsupported. */
export const explainFault = ({ type, message }: Fault, asked: Asked): CollectError | Unsupported => {
  const { database, model, method } = asked
  if (type === 'AccessDenied' || type === 'Unauthorized') return refused(database)
  if (/\bres\.users\(\d+,?\)/.test(message) && /\bUser: \d+/.test(message)) return refused(database)
  if (type === 'AccessError') return accessError(message, asked)
  if (type === 'OperationalError' || type === 'RegistryError') return aboutDatabase(message, database)
  const names = (name: string): boolean => message.includes(name)
  if ((type === 'UserError' || type === 'NotFound') && /(doesn't|does not) exist/.test(message)) {
    if (names(`Object ${model}`) || names(`model '${model}'`)) {
      return new Unsupported(
        `no model ${model} in the database "${database}": the module that brings it isn't installed`,
      )
    }
  }
  if (MISSING_METHOD.includes(type) && (names(`.${method}'`) || names(`attribute '${method}'`))) {
    return new Unsupported(`${model} has no method ${method} in this version of Odoo`)
  }
  if (/^Invalid field/.test(message)) {
    return new Unsupported(
      `${presentable(message)}: this version, or a module that isn't installed, lacks it (${model})`,
    )
  }
  return new CollectError('query', `${[model, method].filter(Boolean).join('.')}: ${type}: ${presentable(message)}`)
}

/** A reply that no Odoo, or not the one we want, has given. */
export const explainStatus = ({ status, mediaType, location }: Reply, what: string): CollectError => {
  const answer = `${what} answers HTTP ${status}${mediaType === '' ? '' : ` ${mediaType}`}`
  if (status >= 300 && status < 400) {
    const where = location === undefined ? '' : ` to ${location}`
    return new CollectError('connect', `${answer}, a redirect${where}: redirects are not followed; mend odoo.url`)
  }
  if (status === 401 || status === 403) {
    return new CollectError('auth', `${answer}: something before Odoo refuses us; let this machine through`)
  }
  if (status === 404) {
    return new CollectError('connect', `${answer}: check odoo.url, odoo.database and, before Odoo, the proxy's paths`)
  }
  if (status === 429 || (status >= 502 && status <= 504)) {
    return new CollectError('connect', `${answer}: the proxy before Odoo does not reach it, or holds us off`)
  }
  if (status >= 300) return new CollectError('query', `${answer}: no answer of Odoo's RPC`)
  return new CollectError('decode', `${answer}, which is no answer of Odoo's RPC: check odoo.url`)
}
