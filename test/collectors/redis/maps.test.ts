/**
 * What each map makes of replies: fixtures/redis/info.<case>.txt through all probes that read INFO, and
 * <probe>.<case>.json through that one → .prom. Recorded from 6.2, 7.0 and Valkey 8.0; 6.2-saving-fails is written by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RedisClient } from '../../../collectors/redis/client.ts'
import { redis } from '../../../collectors/redis/index.ts'
import { parseInfo } from '../../../collectors/redis/info.ts'
import { redisKeyMemory } from '../../../collectors/redis/keys.ts'
import { type Probe, Unsupported } from '../../../src/collector.ts'
import { createExposition, vet } from '../../../src/exposition.ts'
import type { MetricDescriptor, Sample } from '../../../src/metric.ts'
import { configOf, soon, theValue } from './support.ts'

const folder = join(import.meta.dirname, '../../fixtures/redis')
const files = readdirSync(folder)
const at = Date.UTC(2026, 10, 20, 12)
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
const BY_COMMANDS = ['slowlog', 'keys', 'streams', 'sessions']
const byInfo = redis.probes.filter(({ name }) => !BY_COMMANDS.includes(name))

const page = async (samples: readonly Sample[]): Promise<string> => {
  const exposition = createExposition(() => at)
  await exposition.put({ target: 'cache', collector: 'redis', part: 'all' }, samples, at + 1)
  const lines = exposition.page().text.toString().split('\n')
  return lines.filter((line) => !line.startsWith('# ')).join('\n')
}

const vetted = (samples: readonly Sample[], declared: readonly MetricDescriptor[]): readonly Sample[] => {
  const { samples: kept, dropped } = vet(samples, { server: 'cache' }, declared)
  expect(dropped).toEqual([])
  return kept
}

const ofText = (text: string): Pick<RedisClient, 'info' | 'config'> => ({
  config: configOf(6379),
  info: async () => parseInfo(text),
})

/** As the engine would: a probe that is unsupported gives nothing. */
const collect = async (probe: Probe<RedisClient, unknown>, text: string): Promise<readonly Sample[]> => {
  const raw = await probe.read(ofText(text) as RedisClient, soon()).catch((error: unknown) => {
    if (error instanceof Unsupported) return undefined
    throw error
  })
  return raw === undefined ? [] : vetted(probe.map(raw, at), probe.metrics)
}

test.for(files.filter((file) => file.endsWith('.txt')))('%s', async (file) => {
  const samples = await Promise.all(byInfo.map((probe) => collect(probe, read(file))))
  await expect(await page(samples.flat())).toMatchFileSnapshot(join(folder, file.replace(/txt$/, 'prom')))
})

test.for(files.filter((file) => file.endsWith('.json')))('%s', async (file) => {
  const probe = redis.probes.find(({ name }) => name === file.split('.')[0])
  if (probe === undefined) throw new Error(`no probe is named as ${file}`)
  const samples = vetted(probe.map(JSON.parse(read(file)), at), probe.metrics)
  await expect(await page(samples)).toMatchFileSnapshot(join(folder, file.replace(/json$/, 'prom')))
})

test('what a version lacks is unsupported, and says what it takes', async () => {
  const refusal = async (name: string, text: string): Promise<string> => {
    const probe = redis.probes.find((p) => p.name === name)
    return probe?.read(ofText(text) as RedisClient, soon()).catch((e: unknown) => {
      expect(e).toBeInstanceOf(Unsupported)
      return String(e)
    })
  }
  expect(await refusal('latency', read('info.6.2-saving-fails.txt'))).toContain('Redis 7.0')
  expect(await refusal('latency', 'redis_version:7.0.15\n# Latencystats\n')).toContain('latency-tracking yes')
  expect(await refusal('errors', '# Server\nredis_version:6.0.16\n')).toContain('6.2')
})

test('unknown is absent, never 0', async () => {
  const cutOff = read('info.7.0-replica-cut-off.txt')
  const all = (await Promise.all(byInfo.map((probe) => collect(probe, cutOff)))).flat()
  const byName = (name: string) => all.filter(({ metric }) => metric.name === name)
  expect(byName('redis_master_link_up').map(({ value }) => value)).toEqual([0])
  expect(byName('redis_master_last_io_seconds_ago')).toEqual([])
  expect(byName('redis_memory_used_bytes')).toEqual([])
  expect(byName('redis_db_keys')).toEqual([])
  expect(byName('redis_errors_total')).toEqual([])
})

test('a replica that waits for its first snapshot has no lag of 0', async () => {
  const replication = byInfo.filter(({ name }) => name === 'replication')
  const samples = (await Promise.all(replication.map((p) => collect(p, read('info.6.2-saving-fails.txt'))))).flat()
  const lags = samples.filter(({ metric }) => metric.name === 'redis_connected_slave_lag_seconds')
  expect(lags.map(({ labels }) => labels.slave_ip)).toEqual(['10.0.0.12'])
})

test('memory of a key only where there is one', () => {
  const probe = redis.probes.find(({ name }) => name === 'keys')
  const samples = probe?.map(JSON.parse(read('keys.several.json')), at) ?? []
  expect(theValue(samples, redisKeyMemory, { key: 'bloom' })).toBe(1024)
  expect(theValue(samples, redisKeyMemory, { key: 'queue' })).toBeUndefined()
})
