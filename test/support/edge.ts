/** Our HTTP edge on loopback with a page of its own making, for the tests of server and web configuration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { FAILURES, type Failure } from '../../src/collector.ts'
import type { Page } from '../../src/exposition.ts'
import type { ProbeState, TargetState } from '../../src/poll.ts'
import { type RunningServer, type ServerDeps, startServer } from '../../src/server.ts'

export const probeState = (over: Partial<ProbeState> = {}): ProbeState => ({
  name: 'locks',
  interval: 15_000,
  success: true,
  supported: true,
  duration: 12,
  lastSuccess: Date.now() - 4_000,
  failures: Object.fromEntries(FAILURES.map((f) => [f, 0])) as Record<Failure, number>,
  message: undefined,
  reason: undefined,
  ...over,
})

export const targetState = (name: string, collector: string, over: Partial<TargetState> = {}): TargetState => ({
  target: {
    name,
    collector: {
      name: collector,
      up: { name: `${collector}_up`, type: 'gauge', unit: 'bool', help: 'Up.', labels: ['server'], maxSeries: 1 },
      probes: [],
      connect: () => Promise.reject(new Error('not in this test')),
      check: () => Promise.reject(new Error('not in this test')),
      close: () => Promise.resolve(),
    } as unknown as TargetState['target']['collector'],
    config: {},
    labels: {},
    intervals: {},
  },
  circuit: { open: false },
  busyRatio: 0.003,
  probes: [probeState()],
  ...over,
})

export const pageOf = (text: string): Page => ({
  text: Buffer.from(text),
  gzip: () => promisify(gzip)(Buffer.from(text), { level: 1 }),
})

/** A folder of the test's own, gone when it ends. */
export const tempFolder = (): { readonly path: string; readonly write: (name: string, text: string) => string } => {
  const path = mkdtempSync(join(tmpdir(), 'odoo-pulse-edge-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    write: (name, text) => {
      const file = join(path, name)
      writeFileSync(file, text)
      return file
    },
  }
}

export interface Edge extends RunningServer {
  readonly port: number
  /** Every log line so far. */
  readonly log: () => string
  readonly served: readonly (readonly [handler: string, code: number, seconds: number])[]
}

export const startEdge = async (over: Partial<ServerDeps> = {}): Promise<Edge> => {
  const lines: string[] = []
  const served: [string, number, number][] = []
  const server = await startServer({
    listen: '127.0.0.1:0',
    page: (exclude) => Promise.resolve(pageOf(`pulse_excluded ${exclude.length}\n`)),
    probe: () => Promise.resolve('unknown_target'),
    states: () => [targetState('db1', 'postgres')],
    ready: () => true,
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    redact: (text) => text.replaceAll('s3cret', '[redacted]'),
    version: '0.1.0',
    onServed: (...entry) => void served.push(entry),
    ...over,
  })
  onTestFinished(() => server.close(0))
  return { ...server, port: Number(new URL(server.url).port), log: () => lines.join(''), served }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

/** One request on a connection of its own, nothing decoded. Rejects where no reply comes. */
export const ask = (url: string, options: RequestOptions = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest
    request(url, { agent: false, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const body = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() })
      })
    })
      .once('error', reject)
      .end()
  })
