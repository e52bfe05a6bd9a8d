/**
 * A reverse proxy in front of the stand-ins for Odoo, on loopback, that routes by Host, passes websockets on, and tells
 * of its real traffic as Traefik 3 does: the same families, labels and order.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type Duration, hours } from '../src/metric.ts'
import { type Counted, createIngressMetrics } from './ingress_metrics.ts'

export interface Route {
  /** Of the Host header, without port. */
  readonly host: string
  readonly tenant: string
  /** `http://127.0.0.1:PORT` */
  readonly upstream: string
  /** Where websockets go (Odoo's gevent port); default `upstream`. */
  readonly websockets?: string
}

export interface IngressOptions {
  readonly routes: readonly Route[]
}

export interface Ingress {
  readonly url: string
  /** What Odoo Pulse reads, at a port of its own. */
  readonly metricsUrl: string
  readonly faults: {
    /** Every answer takes this much longer; `off`: no more. */
    readonly slow: (by: Duration | 'off') => void
    /** The certificate of the first host was not renewed, and is good for less than three days; off: it is renewed. */
    readonly certificateExpiring: (on: boolean) => void
  }
  readonly stop: () => Promise<void>
}

/** As Traefik names what stands in a file. */
export const serviceOf = (tenant: string): string => `${tenant}@file`

const DAY = hours(24)
const CERTIFICATE_LASTS = 60 * DAY
const EXPIRING_LASTS = 3 * DAY - hours(1)
const UPSTREAM_TIMEOUT = 60_000

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(`http://127.0.0.1:${address.port}`)
    })
  })

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const hostOf = ({ headers }: IncomingMessage): string => (headers.host ?? '').replace(/:\d+$/, '').toLowerCase()

const forwarded = (incoming: IncomingMessage) => ({
  ...incoming.headers,
  'x-forwarded-for': incoming.socket.remoteAddress ?? '127.0.0.1',
  'x-forwarded-host': incoming.headers.host ?? '',
  'x-forwarded-proto': 'http',
})

const onward = (incoming: IncomingMessage, upstream: string) =>
  request(new URL(incoming.url ?? '/', upstream), {
    method: incoming.method,
    headers: forwarded(incoming),
    timeout: UPSTREAM_TIMEOUT,
  })

/** Answers as Traefik does where there is no such host, or nobody behind it. */
const refuse = (outgoing: ServerResponse, status: number, text: string): void => {
  if (outgoing.headersSent) outgoing.destroy()
  else outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

const proxy = (incoming: IncomingMessage, outgoing: ServerResponse, upstream: string): void => {
  const behind = onward(incoming, upstream)
  behind.once('response', (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(outgoing)
    reply.once('error', () => outgoing.destroy())
  })
  behind.once('timeout', () => {
    refuse(outgoing, 504, 'Gateway Timeout')
    behind.destroy()
  })
  behind.once('error', () => refuse(outgoing, 502, 'Bad Gateway'))
  outgoing.once('close', () => behind.destroy())
  incoming.pipe(behind)
}

/** `ended` is told the status, once: 0, as Traefik has it, of a websocket that came about. */
const upgrade = (
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: string,
  ended: (status: number) => void,
): void => {
  let status = 502
  const behind = onward(incoming, upstream)
  socket.once('close', () => {
    behind.destroy()
    ended(status === 101 ? 0 : status)
  })
  socket.on('error', () => socket.destroy())
  const answer = (reply: IncomingMessage): void => {
    status = reply.statusCode ?? 502
    const headers = reply.rawHeaders.flatMap((text, i, all) => (i % 2 === 0 ? [`${text}: ${all[i + 1]}\r\n`] : []))
    socket.write(`HTTP/1.1 ${status} ${reply.statusMessage ?? ''}\r\n${headers.join('')}\r\n`)
  }
  behind.once('upgrade', (reply, far, farHead) => {
    answer(reply)
    // Where one side has ended both are through: half-open is nothing a websocket knows.
    const over = (): void => {
      socket.destroy()
      far.destroy()
    }
    for (const end of [socket, far]) end.once('end', over).once('close', over).on('error', over)
    far.write(head)
    socket.write(farHead)
    far.pipe(socket)
    socket.pipe(far)
  })
  behind.once('response', (reply) => {
    answer(reply)
    reply.pipe(socket)
  })
  behind.once('timeout', () => behind.destroy())
  behind.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
  behind.end()
}

export const startIngress = async ({ routes }: IngressOptions): Promise<Ingress> => {
  const byHost = new Map(routes.map((route) => [route.host.toLowerCase(), route]))
  const expiring = Date.now() + EXPIRING_LASTS
  let slowBy = 0
  let isExpiring = false
  const open = new Set<Socket>()

  const counted = (incoming: IncomingMessage, protocol: Counted['protocol']): Counted => {
    const route = byHost.get(hostOf(incoming))
    return { service: route && serviceOf(route.tenant), method: incoming.method ?? 'GET', protocol }
  }
  const metrics = createIngressMetrics({
    openConnections: () => open.size,
    certificates: () =>
      routes.flatMap(({ host }, i) => [
        { cn: host, serial: String(1000 + i), notAfter: expiring },
        // Renewed: beside the new one Traefik goes on showing the old one's series.
        ...(isExpiring && i === 0
          ? []
          : [{ cn: host, serial: String(2000 + i), notAfter: expiring + CERTIFICATE_LASTS }]),
      ]),
  })

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const began = performance.now()
    const what = counted(incoming, /\btext\/event-stream\b/.test(incoming.headers.accept ?? '') ? 'sse' : 'http')
    outgoing.once('close', () => {
      // A client that left before the answer: Traefik's 499.
      const code = outgoing.writableFinished || outgoing.headersSent ? outgoing.statusCode : 499
      metrics.count(what, code, (performance.now() - began) / 1000)
    })
    if (slowBy > 0) await delay(slowBy)
    const route = byHost.get(hostOf(incoming))
    if (outgoing.destroyed) return
    if (route === undefined) refuse(outgoing, 404, '404 page not found\n')
    else proxy(incoming, outgoing, route.upstream)
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing))
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('upgrade', (incoming, socket, head) => {
    const began = performance.now()
    const what = counted(incoming, 'websocket')
    const route = byHost.get(hostOf(incoming))
    if (route === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
      return metrics.count(what, 404, 0)
    }
    upgrade(incoming, socket, head, route.websockets ?? route.upstream, (status) =>
      metrics.count(what, status, (performance.now() - began) / 1000),
    )
  })

  const own = createServer((incoming, outgoing) => {
    if (incoming.url !== '/metrics') return refuse(outgoing, 404, '404 page not found\n')
    outgoing.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' })
    outgoing.end(metrics.text())
  })
  const [url, metricsAddress] = await Promise.all([listen(server), listen(own)])
  return {
    url,
    metricsUrl: `${metricsAddress}/metrics`,
    faults: {
      slow: (by) => {
        slowBy = by === 'off' ? 0 : by
      },
      certificateExpiring: (on) => {
        isExpiring = on
      },
    },
    stop: async () => {
      for (const socket of open) socket.destroy()
      await Promise.all([closed(server), closed(own)])
    },
  }
}
