import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRedactor, REDACTED } from '../src/redact.ts'
import { secretRef } from '../src/secret.ts'
import { secretsBeside } from '../src/secrets.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-secret-'))
})
afterEach(() => rm(dir, { recursive: true }))

const secrets = (env: Readonly<Record<string, string>> = {}) => secretsBeside(join(dir, 'odoo-pulse.yaml'), env)
const redacting = (...values: readonly string[]) => {
  const redactor = createRedactor()
  for (const value of values) redactor.add(value, value, 1)
  return redactor.redact
}

test('a file: relative to the configuration, one line end trimmed, read anew each time', async () => {
  const { read } = secrets()
  await writeFile(join(dir, 'pw'), ' first pass \r\n')
  expect(await read({ file: 'pw' })).toBe(' first pass ')
  await writeFile(join(dir, 'pw'), 'second\n\n')
  expect(await read({ file: 'pw' })).toBe('second\n')
  expect(await read({ file: join(dir, 'pw') })).toBe('second\n')
})

test('an environment variable', async () => {
  expect(await secrets({ PW: 'hunter2' }).read({ env: 'PW' })).toBe('hunter2')
})

test('what is wrong names the reference, never the value', async () => {
  const { read } = secrets({ EMPTY: '', SHORT: 'abc' })
  await writeFile(join(dir, 'empty'), '\n')
  await writeFile(join(dir, 'large'), 'x'.repeat(70_000))
  await writeFile(join(dir, 'bytes'), Buffer.from([0xff, 0xfe, 0x00, 0x41, 0x42]))
  const why = (ref: { file: string } | { env: string }) =>
    read(ref).then(
      () => 'read',
      (error: Error) => error.message,
    )
  expect(await why({ env: 'NONE' })).toBe('environment variable NONE is not set')
  expect(await why({ env: 'toString' })).toBe('environment variable toString is not set')
  expect(await why({ env: 'EMPTY' })).toBe('environment variable EMPTY is empty')
  expect(await why({ env: 'SHORT' })).toMatch(/^environment variable SHORT holds fewer than 4 characters/)
  expect(await why({ file: 'none' })).toBe('secret file none: no such file')
  expect(await why({ file: '.' })).toBe('secret file .: a directory, where a file is expected')
  expect(await why({ file: 'empty' })).toBe('secret file empty is empty')
  expect(await why({ file: 'large' })).toBe('secret file large: larger than 65536 bytes')
  expect(await why({ file: 'bytes' })).toBe('secret file bytes: not UTF-8 text: save it as UTF-8')
})

test('a reference holds one thing and no value', () => {
  expect(secretRef.safeParse({ file: 'x' }).success).toBe(true)
  for (const bad of ['hunter2', {}, { file: '' }, { file: 'a', env: 'B' }, { env: 'not a name' }, { value: 'x' }])
    expect(secretRef.safeParse(bad).success).toBe(false)
})

test('old values stay redacted after a rotation, up to a bound', async () => {
  const { read, redact } = secrets()
  const values = Array.from({ length: 12 }, (_, i) => `password-number-${String.fromCharCode(97 + i)}`)
  for (const value of values) {
    await writeFile(join(dir, 'pw'), value)
    await read({ file: 'pw' })
  }
  expect(values.map((value) => redact(`<${value}>`) === `<${REDACTED}>`)).toEqual(values.map((_, i) => i >= 4))
})

test('what was derived from a secret is known once it is said', () => {
  const { also, redact } = secrets()
  const basic = Buffer.from('admin:hunter2').toString('base64')
  expect(redact(`Basic ${basic}`)).toContain(basic)
  also(basic)
  expect(redact(`Basic ${basic}`)).toBe(`Basic ${REDACTED}`)
})

test('every form of a value', () => {
  const value = `p@ss "w\\rd" 'ö/?&=%\n+~`
  const redact = redacting(value)
  const url = new URL('postgres://h')
  url.password = value
  const forms = [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase().replace('%c3%b6', '%c3%b6'),
    new URLSearchParams({ value }).toString().slice(6),
    url.password,
    JSON.stringify(value),
    JSON.stringify(JSON.stringify({ value })),
    JSON.stringify({ [value]: 1 }),
    JSON.stringify(encodeURIComponent(value)),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
    `'${value.replaceAll("'", "''")}'`,
  ]
  for (const form of forms) {
    const shown = redact(`before ${form} after`)
    expect(shown).toMatch(/^before \W*(value\W*)?\[redacted\]\W*1?\W* after$/)
  }
})

test('a short value counts where it stands alone: names that hold it stay readable', () => {
  const redact = redacting('odoo', '1234')
  expect(redact('odoo_up{odoo="odoo"} 1 odoo:odoo@host /odoo')).toBe(
    `odoo_up{${REDACTED}="${REDACTED}"} 1 ${REDACTED}:${REDACTED}@host /${REDACTED}`,
  )
  expect(redact('{"time":171234567,"id":1234,"x":"%20odoo\\nodoo"}')).toBe(
    `{"time":171234567,"id":${REDACTED},"x":"%20${REDACTED}\\n${REDACTED}"}`,
  )
})

test('the lines of a key are secrets of their own', () => {
  const pem = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQE\nFAASCBKcwggSjAgEAAoIBAQC7VJ\n-----END KEY-----'
  const redact = redacting(pem)
  expect(redact('bad line FAASCBKcwggSjAgEAAoIBAQC7VJ!')).toBe(`bad line ${REDACTED}!`)
})

test('wherever a value stands, however many there are, it does not come out', () => {
  const value = fc.string({ minLength: 8, maxLength: 40, unit: 'binary' })
  const wrap = fc.constantFrom<(v: string) => string>(
    (v) => v,
    (v) => encodeURIComponent(v.toWellFormed()),
    (v) => JSON.stringify(v).slice(1, -1),
    (v) => JSON.stringify(JSON.stringify(v)),
    (v) => Buffer.from(v).toString('base64'),
    (v) => Buffer.from(v).toString('hex'),
  )
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 5 }),
      wrap,
      fc.string(),
      fc.string(),
      (values, form, a, b) => {
        const redact = redacting(...values)
        for (const v of values) {
          const text = redact(a + form(v) + b)
          if (!(a + b).includes(form(v))) expect(text.includes(form(v)) && !REDACTED.includes(form(v))).toBe(false)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('thousands of secrets cost a log line little', () => {
  const redact = redacting(...Array.from({ length: 3000 }, (_, i) => `api-key-of-tenant-${i}-${(i * 7919) % 65_537}`))
  const line = JSON.stringify({ level: 'info', message: 'probe failed: api-key-of-tenan connection refused'.repeat(4) })
  redact(line)
  const before = performance.now()
  for (let i = 0; i < 1000; i++) redact(line)
  expect((performance.now() - before) / 1000).toBeLessThan(1)
})
