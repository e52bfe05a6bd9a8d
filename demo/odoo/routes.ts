/** The paths Odoo answers on, for what is asked of it: XML-RPC, JSON-2, health and version. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type BadReply, badAnswer, badResult } from './bad_replies.ts'
import type { Version } from './columns.ts'
import { kinds, OdooError, traceback } from './errors.ts'
import { type Arguments, executeKw, executeNamed } from './execute.ts'
import type { Registry } from './models.ts'
import type { Environment } from './sql.ts'
import { accessOf, authenticate, bearer, identify, type Rights, type User } from './users.ts'
import type { Result } from './values.ts'
import { fault, parseCall, response } from './xmlrpc.ts'

export interface Site {
  readonly version: Version
  readonly database: string
  readonly registry: Registry
  readonly query: Environment['query']
  /** Of the moment, by login. */
  readonly rightsOf: (login: string) => Rights
  /** What checking a password costs. */
  readonly authenticateMs: number
  /** Of the moment, to calls of that model. */
  readonly badReply: (model: string) => BadReply | undefined
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly search: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** The bytes told in the header, where more than the body holds: the connection is closed before they came. */
  readonly promised?: number
}

const html = (status: number, title: string): Answer => ({
  status,
  type: 'text/html; charset=utf-8',
  body: `<!doctype html>\n<html lang=en>\n<title>${title}</title>\n<h1>${title}</h1>\n`,
})

const json = (value: Result, status = 200, headers?: Readonly<Record<string, string>>): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
  ...(headers && { headers }),
})

const asOdooError = (error: unknown): OdooError => {
  if (error instanceof OdooError) return error
  throw error
}

/** 18 shows its build's date. */
const releases: Readonly<Record<Version, string>> = { 17: '17.0', 18: '18.0-20250506', 19: '19.0' }
const versionInfo = (version: Version) => [version, 0, 0, 'final', 0, '']

const checkDatabase = (site: Site, database: unknown): void => {
  if (database === site.database) return
  throw new OdooError(kinds.operational, `connection failed: FATAL:  database "${String(database)}" does not exist\n`)
}

const environment = async (site: Site, user: User): Promise<Environment> => ({
  registry: site.registry,
  query: site.query,
  access: await accessOf(site.query, user.uid, site.rightsOf(user.login)),
})

const common = async (site: Site, method: string, params: readonly unknown[]): Promise<Result> => {
  if (method === 'version') {
    return {
      server_version: releases[site.version],
      server_version_info: versionInfo(site.version),
      server_serie: `${site.version}.0`,
      protocol_version: 1,
    }
  }
  if (method === 'about') return 'See http://openerp.com'
  if (method !== 'authenticate' && method !== 'login') throw new OdooError(kinds.plain, `Method not found: ${method}`)
  const [database, login, password] = params
  checkDatabase(site, database)
  const user = await authenticate(site.query, site.version, String(login), String(password))
  await delay(site.authenticateMs)
  return user?.uid ?? false
}

const kwargs = z.record(z.string(), z.unknown())

const kwargsOf = (value: unknown): Arguments => {
  const parsed = kwargs.safeParse(value)
  if (parsed.success) return parsed.data
  throw new OdooError(kinds.type, 'argument after ** must be a mapping')
}

const object = async (site: Site, method: string, params: readonly unknown[]): Promise<Result> => {
  const [database, uid, password, model, name, ...rest] = params
  if (params.length < 3) {
    const few = `not enough values to unpack (expected at least 5, got ${params.length})`
    throw site.version >= 19 ? new OdooError(kinds.value, few) : new OdooError(kinds.index, 'tuple index out of range')
  }
  if (method !== 'execute' && method !== 'execute_kw')
    throw new OdooError(kinds.plain, `Method not available ${method}`)
  checkDatabase(site, database)
  const user = await identify(site.query, site.version, uid, String(password))
  const env = await environment(site, user)
  const positional: readonly unknown[] = method === 'execute' ? rest : Array.isArray(rest[0]) ? rest[0] : []
  const named: Arguments = method === 'execute' ? {} : kwargsOf(rest[1] ?? {})
  const bad = () => site.badReply(String(model))
  return badResult(bad, () => executeKw(env, String(model), String(name), positional, named))
}

const services: Readonly<Record<string, typeof common>> = { common, object }

const xmlRpc = async (site: Site, service: string, body: string): Promise<Answer> => {
  const answer = (text: string): Answer => ({ status: 200, type: 'text/xml; charset=utf-8', body: text })
  try {
    const { method, params } = await parseCall(body)
    const dispatch = services[service]
    if (!dispatch) throw new OdooError(kinds.key, `'${service}'`)
    const right = answer(response(await dispatch(site, method, params)))
    return service === 'object' ? badAnswer(site.badReply(String(params[3])), right) : right
  } catch (error) {
    return answer(fault(asOdooError(error)))
  }
}

const problem = (error: OdooError): Answer => {
  const { name, status } = error.kind
  // Werkzeug's carry their status among the arguments.
  const ofHttp = name.startsWith('werkzeug.')
  const body = {
    name,
    message: error.message,
    arguments: ofHttp ? [error.message, status] : [error.message],
    context: {},
    debug: traceback(error),
  }
  return json(body, status, status === 401 ? { 'WWW-Authenticate': 'Bearer' } : undefined)
}

const keyOf = (request: Request): string => {
  const header = request.headers.authorization
  const match = typeof header === 'string' ? /^bearer (\S+)$/i.exec(header.trim()) : null
  if (match?.[1] !== undefined) return match[1]
  const message = 'User not authenticated, use an API Key with a Bearer Authorization header.'
  throw new OdooError(kinds.unauthorized, message)
}

/** Refused before anything else: the route takes JSON only. */
const checkType = (request: Request): void => {
  const type = String(request.headers['content-type'] ?? '')
  if (request.body === '' || /^application\/([\w.]+\+)?json\b/.test(type)) return
  throw new OdooError(kinds.unsupportedMedia, 'Request inferred type is compatible with http, not with json2.')
}

const bodyOf = (request: Request): Arguments => {
  if (request.body === '') return {}
  try {
    // A list has no names: every required argument is missing.
    return kwargs.safeParse(JSON.parse(request.body)).data ?? {}
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    throw new OdooError(kinds.badRequest, `could not parse the body as json: ${reason}`)
  }
}

const jsonTwo = async (site: Site, request: Request): Promise<Answer> => {
  const header = request.headers['x-odoo-database']
  if (header !== undefined && header !== site.database) return html(404, '404 Not Found')
  try {
    checkType(request)
    const user = await bearer(site.query, site.version, keyOf(request))
    const [, , , model = '', method = '', ...rest] = request.path.split('/')
    if (request.method !== 'POST' || method === '' || rest.length > 0) {
      throw new OdooError(kinds.notFound, 'Did you mean POST /json/2/<model>/<method>?')
    }
    const args = bodyOf(request)
    const env = await environment(site, user)
    const bad = () => site.badReply(model)
    const right = json(await badResult(bad, () => executeNamed(env, model, method, args)))
    return badAnswer(bad(), right)
  } catch (error) {
    const known = asOdooError(error)
    // Without its database Odoo knows no such route: a page, like for a wrong X-Odoo-Database.
    return known.kind === kinds.operational ? html(404, '404 Not Found') : problem(known)
  }
}

/** Byte for byte as Python writes it: checks of load balancers compare. */
const health = async (site: Site, request: Request): Promise<Answer> => {
  const answer = (body: string, status = 200): Answer => ({
    status,
    type: 'application/json',
    body,
    headers: { 'Cache-Control': 'no-store' },
  })
  if (site.version < 18 || !request.search.has('db_server_status')) return answer('{"status": "pass"}')
  try {
    // Odoo asks on the database `postgres`; on the tenant's a bare SELECT 1 would pass for a job runner's.
    await site.query('SELECT 1 AS alive', [])
    return answer('{"status": "pass", "db_server_status": true}')
  } catch {
    return answer('{"status": "fail", "db_server_status": false}', 500)
  }
}

/** Answers what it knows, a page with 404 for the rest. Rejects on what is no error of Odoo's. */
export const route = (site: Site, request: Request): Promise<Answer> => {
  const { path } = request
  const service = /^\/xmlrpc(?:\/2)?\/(\w+)$/.exec(path)?.[1]
  if (service !== undefined && request.method === 'POST') return xmlRpc(site, service, request.body)
  if (path === '/web/health') return health(site, request)
  if (site.version >= 19 && path.startsWith('/json/2/')) return jsonTwo(site, request)
  if (site.version >= 19 && (path === '/web/version' || path === '/json/version')) {
    return Promise.resolve(json({ version_info: versionInfo(site.version), version: releases[site.version] }))
  }
  if (path === '/web/login') return Promise.resolve(html(200, 'Login'))
  // 18 takes /json/2 for a page of its own, which wants a session.
  const wantsSession = path === '/' || path === '/web' || (site.version === 18 && path.startsWith('/json/'))
  if (wantsSession) return Promise.resolve({ ...html(303, '303 See Other'), headers: { Location: '/web/login' } })
  return Promise.resolve(html(404, '404 Not Found'))
}
