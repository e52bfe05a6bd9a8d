/** The socket side of our server: address, TLS, limits against slow clients, draining. */
import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import { type Duration, minutes, seconds } from './metric.ts'
import type { FollowedWebConfig } from './web_config.ts'
import { refusal } from './web_tls.ts'

/** Our requests are a line and a few headers: who needs longer is broken or means harm. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: seconds(5),
  requestTimeout: seconds(10),
  connectionsCheckingInterval: seconds(2),
  // longer than Prometheus' usual intervals, so that it keeps its connection from scrape to scrape
  keepAliveTimeout: minutes(2),
  insecureHTTPParser: false,
}
const HANDSHAKE_TIMEOUT = seconds(10)
/** Of silence on a connection that owes or is owed something: a client that does not read what it asked for. */
const SILENCE_TIMEOUT = minutes(2)
const MAX_CONNECTIONS = 1000

/** `127.0.0.1:18069`, `[::1]:18069`, `localhost:0` (any free port), `:18069` (every address). Throws an Error. */
export const parseListen = (listen: string): { readonly host: string | undefined; readonly port: number } => {
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(listen) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new Error(`cannot listen on '${listen}': expected HOST:PORT such as 127.0.0.1:18069 or [::1]:18069`)
  }
  return { host: v6 ?? (name || undefined), port: Number(port) }
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it or choose another address',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'ports below 1024 need a privilege; choose a higher one',
  ENOTFOUND: 'the name is not known',
}

const bind = (server: Server, listen: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(new Error(`cannot listen on ${listen}: ${ADVICE[error.code ?? ''] ?? error.message}`, { cause: error }))
    server.once('error', failed)
    const { host, port } = parseListen(listen)
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.removeListener('error', failed)
      resolve()
    })
  })

/** New connections get what the file says now; who fails the client policy is cut off after the handshake. */
const createTlsServer = (web: FollowedWebConfig, log: Pick<Logger, 'debug'>, serve: RequestListener): Server => {
  const first = web.current().tls
  let inForce = first
  const server = createHttpsServer(
    {
      ...LIMITS,
      ...first?.secureContext,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      requestCert: first?.clientAuth !== 'NoClientCert',
      // refusal() decides: of Node's two answers neither fits three of the five policies
      rejectUnauthorized: false,
    },
    serve,
  )
  const refresh = (): void => {
    const { tls } = web.current()
    if (!tls || tls === inForce) return
    inForce = tls
    server.setSecureContext(tls.secureContext)
  }
  server.prependListener('connection', refresh)
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const reason = inForce && refusal(socket, inForce)
    if (reason === undefined) return
    log.debug({ client: socket.remoteAddress, reason }, 'TLS client refused')
    socket.destroy()
  })
  return server
}

export interface Listener {
  readonly url: string
  readonly tls: boolean
  /** Stops accepting, lets running requests finish for up to `graceMs`, then cuts what is left. */
  readonly close: (graceMs: Duration) => Promise<void>
}

/** Counts what runs, so that a draining server knows when it is done. */
const createDrain = (server: Server) => {
  const sockets = new Set<Socket>()
  let running = 0
  let draining = false
  let idle = (): void => {}
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const serve =
    (listener: RequestListener): RequestListener =>
    (request, response) => {
      running += 1
      response.once('close', () => {
        running -= 1
        if (running === 0) idle()
      })
      // nobody here reads a body: who sends one is not waited for to the end of it
      const hasBody = 'transfer-encoding' in request.headers || Number(request.headers['content-length']) > 0
      if (draining || hasBody) response.setHeader('Connection', 'close')
      listener(request, response)
    }
  const drain = async (graceMs: Duration): Promise<void> => {
    draining = true
    // http's own close() also cuts connections whose answer is given but not yet read
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
    if (running > 0) {
      const { promise: finished, resolve } = Promise.withResolvers<void>()
      idle = resolve
      const timer = setTimeout(resolve, graceMs)
      await finished
      clearTimeout(timer)
    }
    // idle and half-told connections, and what the grace did not suffice for
    for (const socket of sockets) socket.destroy()
    await closed
    server.close() // no longer listening: only ends its timers
  }
  return { serve, drain }
}

export const startListener = async (
  listen: string,
  web: FollowedWebConfig,
  log: Pick<Logger, 'debug' | 'warn' | 'error'>,
  listener: RequestListener,
): Promise<Listener> => {
  const tls = web.current().tls !== undefined
  // the drain needs the server and the server its listener: one of them comes first
  let serve: RequestListener = listener
  const entry: RequestListener = (request, response) => serve(request, response)
  const server = tls ? createTlsServer(web, log, entry) : createHttpServer(LIMITS, entry)
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(SILENCE_TIMEOUT)
  const drain = createDrain(server)
  serve = drain.serve(listener)
  let warned = Number.NEGATIVE_INFINITY
  server.on('drop', () => {
    if (performance.now() - warned < minutes(1)) return
    warned = performance.now()
    log.warn(`more than ${MAX_CONNECTIONS} connections: new ones are refused`)
  })
  await bind(server, listen)
  server.on('error', (error) => log.error({ err: error }, 'server'))
  const { address, family, port } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return { url: `${tls ? 'https' : 'http'}://${host}:${port}`, tls, close: drain.drain }
}
