import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { logs, metrics, trace } from '@opentelemetry/api'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ownMetrics } from '../src/own_metrics.ts'
import { createTelemetry, type Telemetry, type TelemetryOptions } from '../src/telemetry.ts'
import { targetState } from './support/edge.ts'
import { eventually } from './support/eventually.ts'
import { needs } from './support/needs.ts'

const start = async (over: Partial<TelemetryOptions> = {}): Promise<Telemetry & { readonly log: () => string }> => {
  const lines: string[] = []
  const telemetry = await createTelemetry({
    version: '0.1.0',
    states: () => [],
    redact: (text) => text.replaceAll('s3cret', '[redacted]'),
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    ...over,
  })
  onTestFinished(() => telemetry.shutdown())
  return { ...telemetry, log: () => lines.join('') }
}

const sampleOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((l) => l.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

const CIRCUIT_OPEN = { open: true, since: 0, reason: 'timeout', message: 'no answer' } as const
const states = () => [
  targetState('db1', 'postgres', { busyRatio: 0.004, circuit: CIRCUIT_OPEN }),
  targetState(`L'Été "1"\\\n`, 'odoo'),
]

const exercised = async () => {
  const telemetry = await start({ states })
  telemetry.configRead(true)
  telemetry.sampleDropped('db1', 'postgres', 'locks', 'duplicate')
  telemetry.requestServed('/metrics', 200, 0.0007)
  await eventually(async () => expect(await telemetry.text()).toContain('odoo_pulse_event_loop_stall_seconds_count'))
  return telemetry
}

test('every metric of our own is there as declared, and promtool has nothing to say', async (context) => {
  needs(context, 'prometheus')
  const text = await (await exercised()).text()
  for (const { name, type, help, labels } of ownMetrics) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
    const first = text.split('\n').find((line) => line.startsWith(type === 'histogram' ? `${name}_count` : name))
    const written = [...(first ?? '').matchAll(/([a-z_]+)="/g)].map(([, label]) => label)
    expect([name, written]).toEqual([name, labels])
  }
  const declared = new Set(ownMetrics.map((m) => m.name))
  const told = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')
  expect(told.filter((name) => !declared.has(name))).toEqual([])
  expect(text).not.toMatch(/target_info|otel_scope|# UNIT/)
  expect(text.endsWith('\n')).toBe(true)
  execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] })
})

test('values are those of the process and of the targets; the unknown is absent', async () => {
  const telemetry = await start({ states })
  const before = await telemetry.text()
  expect(before).not.toContain('odoo_pulse_config_last_reload_successful')
  expect(before).not.toContain('odoo_pulse_dropped_samples_total')
  expect(sampleOf(before, 'odoo_pulse_target_circuit_open{target="db1",collector="postgres"}')).toBe(1)
  expect(sampleOf(before, 'odoo_pulse_target_busy_ratio{target="db1",collector="postgres"}')).toBe(0.004)
  expect(sampleOf(before, `odoo_pulse_target_circuit_open{target="L'Été \\"1\\"\\\\\\n",collector="odoo"}`)).toBe(0)
  const rss = sampleOf(before, 'process_resident_memory_bytes') ?? 0
  expect(Math.abs(rss / process.memoryUsage.rss() - 1)).toBeLessThan(0.5)
  expect(sampleOf(before, 'process_open_fds')).toBeGreaterThan(2)
  expect(sampleOf(before, 'process_cpu_seconds_total')).toBeGreaterThan(0)
  expect(Math.abs((sampleOf(before, 'process_start_time_seconds') ?? 0) * 1000 - performance.timeOrigin)).toBeLessThan(
    10,
  )

  telemetry.configRead(true)
  const read = sampleOf(await telemetry.text(), 'odoo_pulse_config_last_reload_success_timestamp_seconds')
  expect(Math.abs((read ?? 0) - Date.now() / 1000)).toBeLessThan(30)
  telemetry.configRead(false)
  telemetry.sampleDropped('db1', 'postgres', 'locks', 'duplicate')
  telemetry.sampleDropped('db1', 'postgres', 'locks', 'duplicate')
  const after = await telemetry.text()
  expect(sampleOf(after, 'odoo_pulse_config_last_reload_successful')).toBe(0)
  expect(sampleOf(after, 'odoo_pulse_config_last_reload_success_timestamp_seconds')).toBe(read)
  const dropped = 'odoo_pulse_dropped_samples_total{target="db1",collector="postgres",probe="locks",reason="duplicate"}'
  expect(sampleOf(after, dropped)).toBe(2)
})

test('a target that is gone takes its series with it', async () => {
  let names = ['a', 'b']
  const telemetry = await start({ states: () => names.map((name) => targetState(name, 'redis')) })
  expect(await telemetry.text()).toContain('target="b"')
  names = ['a']
  expect(await telemetry.text()).not.toContain('target="b"')
})

test('three thousand targets are told one by one, also to scrapers that come together', async () => {
  const many = Array.from({ length: 3_000 }, (_, i) => targetState(`t${i}`, 'odoo'))
  const telemetry = await start({ states: () => many })
  const texts = await Promise.all([telemetry.text(), telemetry.text(), telemetry.text()])
  for (const text of texts) {
    expect(text.match(/^odoo_pulse_target_circuit_open\{/gm)).toHaveLength(3_000)
    expect(text).not.toContain('overflow')
  }
})

test('a stalled event loop shows', async () => {
  const telemetry = await start()
  await eventually(async () => expect(await telemetry.text()).toContain('stall_seconds_count'))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
  await eventually(async () => {
    const text = await telemetry.text()
    const fast = sampleOf(text, 'odoo_pulse_event_loop_stall_seconds_bucket{le="0.5"}') ?? 0
    expect(sampleOf(text, 'odoo_pulse_event_loop_stall_seconds_count')).toBeGreaterThan(fast)
  })
})

interface Receiver {
  readonly url: string
  readonly paths: readonly string[]
  /** The protobuf as it came: its strings and ids stand in it as bytes. */
  readonly bytes: () => Buffer
}

const receiver = async (answers = true): Promise<Receiver> => {
  const paths: string[] = []
  const bodies: Buffer[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    paths.push(`${request.method} ${request.url}`)
    bodies.push(await buffer(request))
    if (answers) response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end()
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return { url: `http://127.0.0.1:${address.port}`, paths, bytes: () => Buffer.concat(bodies) }
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')

test('spans reach the receiver with their parents and errors, and nothing else does', async () => {
  for (const signal of ['METRICS', 'LOGS', 'TRACES']) vi.stubEnv(`OTEL_${signal}_EXPORTER`, 'otlp')
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { url, paths, bytes } = await receiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  const telemetry = await start({ otlpEndpoint: `${url}/` })
  // what a library might tell the global providers
  metrics.getMeter('other').createCounter('other').add(1)
  logs.getLogger('other').emit({ body: 'other' })
  const ids: { readonly traceId: string; readonly spanId: string }[] = []
  const value = await telemetry.span('collect', { target: "L'Été" }, async (outer) => {
    ids.push(outer.spanContext())
    expect(trace.getActiveSpan()).toBe(outer)
    await expect(
      telemetry.span('query', {}, async (inner) => {
        ids.push(inner.spanContext())
        throw new Error('refused with s3cret')
      }),
    ).rejects.toThrow('refused with s3cret')
    return 42
  })
  expect(value).toBe(42)
  await telemetry.shutdown()

  expect(new Set(paths)).toEqual(new Set(['POST /v1/traces']))
  const [outer, inner] = ids
  expect(inner?.traceId).toBe(outer?.traceId)
  const sent = bytes()
  for (const { spanId } of ids) expect(sent.includes(bytesOf(spanId))).toBe(true)
  // the outer one's id stands there twice: its own, and as the parent of the inner one
  expect(sent.toString('latin1').split(bytesOf(outer?.spanId ?? '').toString('latin1'))).toHaveLength(3)
  for (const text of [
    'collect',
    'query',
    "L'Été",
    'refused with [redacted]',
    'odoo-pulse',
    '0.1.0',
    'deployment.environment.name',
  ]) {
    expect([text, sent.includes(text)]).toEqual([text, true])
  }
  const leaks = ['s3cret', 'process.', 'host.', 'os.', process.execPath, hostname(), 'vitest', '    at ']
  for (const leak of leaks) expect([leak, sent.includes(leak)]).toEqual([leak, false])
  expect(trace.getActiveSpan()).toBeUndefined()
})

test('without an endpoint nothing is traced, and a span is only its function', async () => {
  vi.stubEnv('OTEL_TRACES_EXPORTER', 'console')
  onTestFinished(() => void vi.unstubAllEnvs())
  const telemetry = await start()
  expect(await telemetry.span('a', {}, async (span) => span.isRecording())).toBe(false)
  await expect(telemetry.span('a', {}, () => Promise.reject(new Error('kept')))).rejects.toThrow('kept')
})

test('a receiver that hangs or is down holds up nobody, and the log says so', async () => {
  const hung = await start({ otlpEndpoint: (await receiver(false)).url })
  await hung.span('a', {}, async () => undefined)
  const began = performance.now()
  await hung.shutdown()
  expect(performance.now() - began).toBeLessThan(4_000)

  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50')
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300')
  onTestFinished(() => void vi.unstubAllEnvs())
  const closed = createServer()
  await once(closed.listen(0, '127.0.0.1'), 'listening')
  const address = closed.address()
  const port = typeof address === 'object' ? address?.port : 0
  closed.close()
  const down = await start({ otlpEndpoint: `http://127.0.0.1:${port}` })
  for (let i = 0; i < 3; i++) await down.span('a', {}, async () => undefined)
  await eventually(() => expect(down.log()).toContain('traces: '))
  expect(down.log().trim().split('\n')).toHaveLength(1)
  await down.shutdown()
})

test.each(['127.0.0.1:4318', 'grpc://x:4317', ''])(
  'the endpoint %j is refused with an example',
  async (otlpEndpoint) => {
    await expect(start({ otlpEndpoint })).rejects.toThrow('http://127.0.0.1:4318')
  },
)
