/** The reading of INFO's text: what is printed is read back, and no text throws or gives what is no number. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RedisClient } from '../../../collectors/redis/client.ts'
import { redis } from '../../../collectors/redis/index.ts'
import { decimal, groupsOf, type Info, numberOf, okOf, pairsOf, parseInfo } from '../../../collectors/redis/info.ts'
import { commonPrefix, literally } from '../../../collectors/redis/sessions.ts'
import { Unsupported } from '../../../src/collector.ts'
import { soon } from './support.ts'

const field = fc.stringMatching(/^[a-z_|0-9]{1,20}$/)
const value = fc.stringMatching(/^[^\r\n]{0,40}$/)
const section = fc.stringMatching(/^[A-Z][a-z]{1,12}$/)

test('what is printed is read back, whatever the values hold', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(section, fc.dictionary(field, value))), (sections) => {
      const text = sections
        .map(
          ([name, fields]) =>
            `# ${name}\r\n${Object.entries(fields)
              .map((f) => `${f.join(':')}\r\n`)
              .join('')}\r\n`,
        )
        .join('')
      const info = parseInfo(text)
      const wanted = new Map(sections.flatMap(([, fields]) => Object.entries(fields)))
      expect(new Map(info.fields)).toEqual(wanted)
      expect([...info.sections].sort()).toEqual([...new Set(sections.map(([name]) => name.toLowerCase()))].sort())
    }),
  )
})

const FIELDS = ['used_memory', 'maxmemory', 'slave0', 'db0', 'db1', 'cmdstat_get', 'errorstat_ERR', 'evicted_keys']
const PARTS = ['keys', 'calls', 'usec', 'count', 'lag', 'offset', 'ip', 'state', 'avg_ttl', 'p50', '__proto__']
const pairs = fc.array(
  fc.tuple(fc.constantFrom(...PARTS), value).map((p) => p.join('=')),
  { maxLength: 5 },
)
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...FIELDS),
      fc.oneof(
        value,
        pairs.map((p) => p.join(',')),
      ),
    )
    .map((l) => l.join(':')),
  fc.constantFrom('# Errorstats', '# Latencystats', '# Keyspace', 'role:slave', 'master_link_status:up'),
  fc.string(),
)

test('no text makes a probe throw anything but Unsupported, or give what is no finite number', async () => {
  const byInfo = redis.probes.filter(({ name }) => !['slowlog', 'keys', 'streams', 'sessions'].includes(name))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      const info: Info = parseInfo(lines.join('\n'))
      const client = { info: async () => info } as unknown as RedisClient
      for (const probe of byInfo) {
        const raw = await probe.read(client, soon()).catch((error: unknown) => {
          if (error instanceof Unsupported) return undefined
          throw error
        })
        const samples = raw === undefined ? [] : probe.map(raw, 0)
        for (const { value } of samples) expect(Number.isFinite(value)).toBe(true)
      }
    }),
  )
})

test.for([
  ['12', 12],
  ['-1', -1],
  ['0.85', 0.85],
  ['9007199254740993', 9007199254740992],
  ...['', '1M', 'nan', 'inf', '0x10', '1e3', ' 1', 'ok'].map((text) => [text, undefined] as const),
] as const)('%o as a number: %o', ([text, wanted]) => {
  expect(decimal(text)).toBe(wanted)
  expect(numberOf(parseInfo(`f:${text}`), 'f')).toBe(wanted)
})

test('ok, any other word, and none', () => {
  const info = parseInfo('a:ok\nb:err\nc:')
  expect(['a', 'b', 'c', 'd'].map((name) => okOf(info, name))).toEqual([1, 0, undefined, undefined])
})

test('parts and groups', () => {
  expect([...pairsOf('ip=fd00::1,port=6379,x,=y')]).toEqual([
    ['ip', 'fd00::1'],
    ['port', '6379'],
  ])
  const info = parseInfo('cmdstat_client|list:calls=1\ncmdstat_:calls=2\ncmdstat:calls=3')
  expect(groupsOf(info, 'cmdstat_').map(([name]) => name)).toEqual(['client|list'])
})

test('a pattern for SCAN matches its prefix and nothing else', () => {
  expect(literally('se*s[i]o\\n?:')).toBe('se\\*s\\[i\\]o\\\\n\\?:')
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
      const common = commonPrefix(texts)
      expect(texts.every((text) => text.startsWith(common))).toBe(true)
      const longer = (texts[0] ?? '').slice(0, common.length + 1)
      expect(longer === common || !texts.every((text) => text.startsWith(longer))).toBe(true)
    }),
  )
})
