/**
 * The HTTP edge: `/`, `/metrics`, `/probe`, `/sd`, `/flows`, `/api/v1/flows`, `/-/healthy`, `/-/ready`, `/-/reload`.
 *
 * Pages are made elsewhere: only /probe waits, for one named target and no longer than the scraper does, and the
 * details of a flow, five seconds at most, for its overdue documents. TLS, users and headers come from the web configuration.
 * `/-/healthy` and `/-/ready` need no password (unlike exporter-toolkit's), so that a container's or
 * balancer's check holds no credentials; they say nothing but yes or no. A client certificate they do need.
 */
import { TLSSocket } from 'node:tls'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import { type BasicAuth, createBasicAuth } from './basic_auth.ts'
import type { Right } from './flow/api.ts'
import { createFindFlow, flowDetails, flowHtml, flowList } from './flow_handlers.ts'
import { landing, metrics, probe, reload, type ServerDeps, say, serviceDiscovery } from './handlers.ts'
import { startListener } from './listen.ts'
import type { Duration } from './metric.ts'
import { type Asker, rightOf } from './right.ts'
import { type FollowedWebConfig, followWebConfig } from './web_config.ts'

export type { ReloadResult, ServerDeps } from './handlers.ts'

export interface RunningServer {
  /** `http://…` or `https://…`, with the port in use. */
  readonly url: string
  /** Stops accepting, lets running requests finish for up to `graceMs`, then cuts what is left. */
  readonly close: (graceMs: Duration) => Promise<void>
}

const FLOWS = '/api/v1/flows'
const FLOW = `${FLOWS}/:tenant/:flow`
const FLOW_PAGE = '/flows/:tenant/:flow'
const HANDLERS = ['/', '/metrics', '/probe', '/sd', FLOWS, '/-/healthy', '/-/ready', '/-/reload']
const HEALTH = ['/-/healthy', '/-/ready']

/** One request per interval, with room for a burst: a bucket that fills with time. */
const createLimiter = (web: FollowedWebConfig): RequestHandler => {
  let [tokens, filled] = [Number.POSITIVE_INFINITY, performance.now()]
  return (request, response, next) => {
    const limit = web.current().rateLimit
    if (!limit || HEALTH.includes(request.path)) return next()
    const now = performance.now()
    tokens = Math.min(limit.burst, tokens + (now - filled) / limit.interval)
    filled = now
    if (tokens < 1) return say(response, 429, 'Too many requests.')
    tokens -= 1
    next()
  }
}

/** From a closed set: it becomes a label. */
const handlerOf = (path: string): string => {
  if (HANDLERS.includes(path)) return path
  if (path.startsWith(`${FLOWS}/`)) return FLOW
  return path.startsWith('/flows/') ? FLOW_PAGE : 'other'
}

const askerOf = ({ socket, headers }: Request): Asker => ({
  address: socket.remoteAddress,
  headers,
  certified: socket instanceof TLSSocket && socket.authorized,
})

/** Notes what the request may see by the very configuration it was let in by. */
const authenticated =
  (web: FollowedWebConfig, auth: BasicAuth, rights: WeakMap<Request, Right>): RequestHandler =>
  async (request, response, next) => {
    const { users, tls } = web.current()
    rights.set(request, rightOf(askerOf(request), { users, tls }))
    if (users.size === 0 || HEALTH.includes(request.path)) return next()
    const verdict = await auth.check(users, request.get('Authorization'))
    if (verdict === 'allowed') return next()
    if (verdict === 'busy') {
      response.setHeader('Retry-After', '1')
      return say(response, 429, 'Too many passwords are being checked; try again.')
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="odoo-pulse", charset="UTF-8"')
    say(response, 401, 'Unauthorized')
  }

const observe =
  ({ onServed, log }: ServerDeps): RequestHandler =>
  (request, response, next) => {
    const start = performance.now()
    const handler = handlerOf(request.path)
    response.once('close', () => {
      const code = response.writableFinished ? response.statusCode : 499
      const duration = (performance.now() - start) / 1000
      onServed?.(handler, code, duration)
      log.debug({ handler, method: request.method, code, duration }, 'request')
    })
    next()
  }

/** The client learns the status alone; what happened is in the log. */
const failed =
  ({ log, redact }: ServerDeps): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500
    const code = status >= 400 && status < 500 ? status : 500
    if (code === 500)
      log.error({ handler: request.path }, redact(error instanceof Error ? `${error.stack}` : String(error)))
    if (response.headersSent) response.destroy()
    else say(response, code, code === 500 ? 'Internal error; the log says more.' : 'Bad request')
  }

const createApp = (deps: ServerDeps, web: FollowedWebConfig, auth: BasicAuth): Express => {
  const app = express()
  app.disable('x-powered-by')
  // hashing the page at each scrape costs more than sending it
  for (const off of ['etag', 'query parser']) app.set(off, false)
  for (const strict of ['case sensitive routing', 'strict routing']) app.enable(strict)
  app.use(observe(deps), (_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Cache-Control', 'no-store')
    for (const [name, value] of Object.entries(web.current().headers)) response.setHeader(name, value)
    next()
  })
  const rights = new WeakMap<Request, Right>()
  app.use(createLimiter(web), authenticated(web, auth, rights))
  const findFlow = createFindFlow(deps, (request) => rights.get(request) ?? { granted: false, why: 'not let in' })
  const scheme = web.current().tls ? 'https' : 'http'
  const gets: Readonly<Record<string, RequestHandler>> = {
    '/': landing(deps),
    '/metrics': metrics(deps),
    '/probe': probe(deps),
    '/sd': serviceDiscovery(deps, scheme),
    [FLOWS]: flowList(deps),
    [FLOW]: flowDetails(findFlow),
    [FLOW_PAGE]: flowHtml(deps, findFlow),
    '/-/healthy': (_request, response) => say(response, 200, 'Odoo Pulse is healthy.'),
    '/-/ready': (_request, response) =>
      deps.ready()
        ? say(response, 200, 'Odoo Pulse is ready.')
        : say(response, 503, 'Odoo Pulse is not ready: its first round is under way.'),
  }
  const only =
    (methods: string): RequestHandler =>
    (_request, response) => {
      response.setHeader('Allow', methods)
      say(response, 405, `Only ${methods} here.`)
    }
  for (const [path, handler] of Object.entries(gets)) app.route(path).get(handler).all(only('GET, HEAD'))
  app.route('/-/reload').post(reload(deps)).put(reload(deps)).all(only('POST, PUT'))
  app.use((_request, response) => say(response, 404, 'There is nothing here; / lists what there is.'))
  app.use(failed(deps))
  return app
}

/** Throws an Error for people if the address can't be had or the web configuration is not usable. */
export const startServer = async (deps: ServerDeps): Promise<RunningServer> => {
  const web = followWebConfig(deps.webConfigFile, deps.log)
  const auth = createBasicAuth()
  const { url, close } = await startListener(deps.listen, web, deps.log, createApp(deps, web, auth))
  return {
    url,
    close: async (graceMs) => {
      await close(graceMs)
      await auth.close()
    },
  }
}
