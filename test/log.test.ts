import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from '../src/log.ts'
import { createRedactor, formsOf } from '../src/redact.ts'
import { startTracing } from '../src/tracing.ts'

interface Line {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly [field: string]: unknown
}

const SECRETS = ['hunter2-hunter2', `it's "quoted" \\ ö%/`, '12345678', 'line one of it\nline two of it', 'info']

const logger = (options: Partial<LoggerOptions> = {}) => {
  const redactor = createRedactor()
  for (const secret of SECRETS) redactor.add(secret, secret, 1)
  const written: string[] = []
  const log = createLogger({
    level: 'debug',
    redact: redactor.redact,
    destination: { write: (line) => written.push(line) },
    ...options,
  })
  return { log, written, lines: (): Line[] => written.map((line) => JSON.parse(line)) }
}

test('JSON lines with level, time, message and fields', () => {
  const { log, lines, written } = logger({ level: 'warn' })
  log.info('not written')
  log.warn({ target: 'pg-main', n: 1 }, 'slow')
  log.child({ collector: 'postgres' }).error('gone')
  expect(lines()).toEqual([
    { level: 'warn', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), target: 'pg-main', n: 1, msg: 'slow' },
    { level: 'error', time: expect.any(String), collector: 'postgres', msg: 'gone' },
  ])
  expect(written.every((line) => line.endsWith('}\n'))).toBe(true)
})

test('secrets planted everywhere come out nowhere, and every line stays JSON', () => {
  const { log, lines, written } = logger()
  for (const secret of SECRETS) {
    const url = new URL('postgres://user@host/db')
    url.password = secret
    const cause = Object.assign(new Error(`cause ${secret}`), { connectionParameters: { password: secret } })
    const error = new Error(`connect ${url} failed`, { cause })
    Object.assign(error, { code: '28P01', detail: secret, client: { password: secret }, toJSON: () => secret })
    log.info(`message ${secret}`)
    log.info('formatted %s %j', secret, { secret })
    log.info(
      { plain: secret, nested: { deep: [{ deeper: secret }] }, [secret]: 'a key', [`x ${secret} y`]: 1 },
      'fields',
    )
    log.info({ url, href: url.href, encoded: encodeURIComponent(secret), json: JSON.stringify({ secret }) }, 'encoded')
    log.info({ basic: `Basic ${Buffer.from(secret).toString('base64')}`, bytes: Buffer.from(secret) }, 'bytes')
    log.info({ bytes: { inner: new Uint8Array(Buffer.from(secret)) } }, 'bytes within')
    log.error(error)
    log.error({ err: error }, `failed: ${secret}`)
    log.error({ failure: error, list: [error] }, 'elsewhere')
    log.error({ err: new AggregateError([error, cause], `all failed ${secret}`) }, 'aggregate')
    log.error({ err: secret }, 'thrown text')
    log.child({ bound: secret, err: error }).warn('child')
  }
  log.info({ number: 12345678 }, 'a number')
  const output = lines() // each line is JSON
  expect(output).toHaveLength(SECRETS.length * 12 + 1)
  const all = written.join('')
  for (const form of SECRETS.filter((s) => s !== 'info').flatMap(formsOf)) expect(all).not.toContain(form)
  for (const secret of SECRETS) expect(all).not.toContain(JSON.stringify([...Buffer.from(secret)]))
  expect(all).not.toMatch(/"info"/)
  expect(all.match(/\[redacted\]/g)?.length).toBeGreaterThan(SECRETS.length * 12)
})

test('errors: name, message, code, stack and causes, nothing else they carry', () => {
  const { log, lines } = logger()
  const cause = Object.assign(new TypeError('inner'), { config: { host: 'h' } })
  log.error({ err: Object.assign(new Error('outer', { cause }), { code: 'E1', reason: 'auth', where: 'x' }) }, 'failed')
  expect(lines()[0]?.err).toEqual({
    type: 'Error',
    message: 'outer',
    code: 'E1',
    reason: 'auth',
    stack: expect.stringContaining('log.test.ts'),
    cause: { type: 'TypeError', message: 'inner', stack: expect.any(String) },
  })
})

test('what has no end, and what throws, does not stop the log', () => {
  const { log, lines } = logger()
  const ring: Record<string, unknown> = { name: 'ring' }
  ring.self = ring
  const error = new Error('loops')
  error.cause = error
  const hostile = {
    get trap(): string {
      throw new Error('no')
    },
  }
  log.info({ ring, big: 10n, many: Array(1000).fill(0) }, 'odd')
  log.error(error)
  log.info({ hostile }, 'hostile')
  expect(lines().map((line) => line.msg)).toEqual(['odd', 'loops', 'hostile'])
})

test('the ids of the active trace', async () => {
  const receiver = createServer((request, response) => request.resume().once('end', () => response.end()))
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  const { log, lines } = logger()
  const otlpEndpoint = `http://127.0.0.1:${port}`
  const tracing = await startTracing({ version: '1', otlpEndpoint, redact: (text) => text, log })
  try {
    const ids = await tracing.span('collect', {}, async (span) => {
      log.info('within')
      return span.spanContext()
    })
    log.info('without')
    expect(lines()[0]).toMatchObject({ msg: 'within', trace_id: ids.traceId, span_id: ids.spanId })
    expect(ids.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
    expect(Object.keys(lines()[1] ?? {})).toEqual(['level', 'time', 'msg'])
  } finally {
    await tracing.shutdown()
    receiver.close()
  }
})

test.each(['process.exit(0)', 'setTimeout(() => {}, 10)', 'process.exitCode = 0'])(
  'everything is written to stderr before the process ends (%s)',
  async (end) => {
    const script = `
      import { createLogger } from ${JSON.stringify(join(import.meta.dirname, '../src/log.ts'))}
      const log = createLogger({ level: 'info', redact: (t) => t.replaceAll('hunter2', '[redacted]') })
      for (let i = 0; i < 3000; i++) log.info({ i, password: 'hunter2' }, 'line')
      ${end}`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      maxBuffer: 10_000_000,
    })
    expect(stdout).toBe('')
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).i)).toEqual(Array.from({ length: 3000 }, (_, i) => i))
    expect(stderr).not.toContain('hunter2')
  },
)
