/**
 * A page that the demo's service once served, served again as if it were now: timestamps are moved, and every counter goes
 * on by about one each second, no two alike, so that rates are there and the highest are always the same.
 */

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { metrics } from './support.ts'

/** By every name a series of it can have: whether it holds a time, and whether it counts. */
const kinds = new Map(
  metrics.flatMap(({ name, type, unit }) => {
    const kind = { isTime: unit === 'timestamp', counts: type !== 'gauge' }
    return ['', '_bucket', '_sum', '_count'].map((part) => [`${name}${part}`, kind] as const)
  }),
)

interface Line {
  readonly series: string
  readonly value: number
  readonly isTime: boolean
  /** How much more each second. */
  readonly pace: number
}

const LINE = /^(([a-zA-Z_:]\w*)(?:\{.*\})?) (\S+)$/
/** What begins to be counted falls into buckets from one second on. */
const isLow = (series: string): boolean => Number(/le="([^"]+)"/.exec(series)?.[1] ?? Infinity) < 1

const lineOf = (text: string, index: number): Line => {
  const [, series = '', name = '', value = ''] = LINE.exec(text) ?? []
  const kind = kinds.get(name)
  if (kind === undefined) throw new Error(`of no metric: ${text}`)
  const ofHistogram = /_(bucket|sum|count)$/.test(name)
  const pace = kind.counts && !kind.isTime && !isLow(series) ? 1 + (ofHistogram ? 0 : index / 1000) : 0
  return { series, value: Number(value.replace('+Inf', 'Infinity')), isTime: kind.isTime, pace }
}

export interface Recorded {
  readonly lines: readonly Line[]
  /** When it was recorded, in seconds. */
  readonly at: number
}

/** `more` has lines that the demo can't give, or that stand in place of its own; its times are as if it were recorded at 0. */
export const readRecorded = (name: string, more = ''): Recorded => {
  const text = gunzipSync(
    readFileSync(join(import.meta.dirname, '../fixtures/dashboards', `${name}.prom.gz`)),
  ).toString()
  const [, at = '0'] = /^# at ([\d.]+)$/m.exec(text) ?? []
  const lines = (page: string) =>
    page
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(lineOf)
  const moved = lines(more).map((line) => (line.isTime ? { ...line, value: line.value + Number(at) } : line))
  const all = new Map([...lines(text), ...moved].map((line) => [line.series, line]))
  return { lines: [...all.values()], at: Number(at) }
}

/** Series that are told no longer, some seconds after it began. */
export interface Vanishing {
  readonly series: RegExp
  readonly after: number
}

/** The page as of now; `began` is when its counters stood as recorded. Seconds. */
export const pageOf = (
  { lines, at }: Recorded,
  began: number,
  now: number,
  { series: vanishing, after }: Vanishing = { series: /$^/, after: 0 },
): string =>
  lines
    .filter(({ series }) => now - began < after || !vanishing.test(series))
    .map(({ series, value, isTime, pace }) => `${series} ${isTime ? value + now - at : value + pace * (now - began)}`)
    .join('\n')
    .concat('\n')

const listening = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(`127.0.0.1:${address.port}`)
    })
  })

export interface Served {
  /** `host:port` */
  readonly targets: readonly string[]
  readonly stop: () => Promise<void>
}

/** Each replica on a port of its own. */
export const serve = async (replicas: readonly Recorded[], vanishing?: Vanishing): Promise<Served> => {
  const began = Date.now() / 1000
  const servers = replicas.map((recorded) =>
    createServer((_, response) => {
      const page = pageOf(recorded, began, Date.now() / 1000, vanishing)
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(page)
    }),
  )
  const targets = await Promise.all(servers.map(listening))
  const stop = async () => {
    for (const server of servers) server.closeAllConnections()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  return { targets, stop }
}
