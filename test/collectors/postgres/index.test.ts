/** The collector as a whole, on a primary and its standby, by a role with LOGIN and pg_monitor, and by one with less. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close, type PostgresClient } from '../../../collectors/postgres/client.ts'
import { config } from '../../../collectors/postgres/config.ts'
import { postgres } from '../../../collectors/postgres/index.ts'
import { Unsupported } from '../../../src/collector.ts'
import { createExposition } from '../../../src/exposition.ts'
import { needs } from '../../support/needs.ts'
import { clientOf, type Estate, poll, startEstate, TENANT, versions, withSessions } from './statistics_support.ts'

/** What each probe came to: how many samples, or why none. */
const pollAll = async (client: PostgresClient): Promise<ReadonlyMap<string, string>> => {
  const outcomes = postgres.probes.map(async (probe): Promise<readonly [string, string]> => {
    try {
      await poll(probe, client)
      return [probe.name, 'works']
    } catch (error) {
      const kind = error instanceof Unsupported ? 'unsupported' : 'failed'
      return [probe.name, `${kind}: ${error instanceof Error ? error.message : error}`]
    }
  })
  return new Map(await Promise.all(outcomes))
}

describe.for(versions)('PostgreSQL %i', (version) => {
  let estate: Estate
  beforeAll(async () => {
    estate = await startEstate(version, { archive_mode: 'on', archive_command: 'true' }, {})
    await estate.primary.query('create table big (id int primary key)', undefined, TENANT)
    await estate.primary.query("create role plain login password 'of-the-monitor'")
  })
  afterAll(() => estate?.stop())

  test('with pg_monitor every probe works, or says what this server lacks and not the role', async () => {
    for (const client of [estate.onPrimary, estate.onStandby]) {
      const rest = [...(await pollAll(client))].filter(([, outcome]) => outcome !== 'works')
      for (const [, outcome] of rest) expect(outcome).toMatch(/^unsupported/)
      expect(rest.map(([, outcome]) => outcome).join()).not.toContain('GRANT')
    }
  })

  test('without pg_monitor nothing reads as peace: what a view would hide is unsupported, and named', async () => {
    const plain = await clientOf(estate.primary, { user: 'plain' })
    const outcomes = await pollAll(plain)
    await close(plain)
    for (const name of [
      'replication',
      'wal_senders',
      'wal_receiver',
      'locks',
      'activity',
      'connections',
      'odoo_processes',
    ]) {
      expect(outcomes.get(name)).toContain('GRANT pg_monitor TO "plain"')
    }
    expect(outcomes.get('server')).toBe('works')
    expect([...outcomes.values()].filter((outcome) => outcome.startsWith('failed'))).toEqual([])
  })

  test('an ACCESS EXCLUSIVE lock on a table delays no probe past its deadline, and none fails for it', () =>
    withSessions(estate.primary, 1, async (session) => {
      await session?.query('begin; lock table big in access exclusive mode')
      const outcomes = await pollAll(estate.onPrimary)
      expect([...outcomes].filter(([, outcome]) => outcome.startsWith('failed'))).toEqual([])
    }))

  test('promtool finds no fault but with names that are inherited', async (context) => {
    needs(context, 'prometheus')
    const exposition = createExposition(Date.now)
    for (const probe of postgres.probes) {
      const samples = await poll(probe, estate.onPrimary).catch(() => [])
      await exposition.put(
        { target: 'db1', collector: 'postgres', part: probe.name },
        samples,
        Number.POSITIVE_INFINITY,
      )
    }
    const inherited = postgres.probes.flatMap(({ metrics }) => metrics.flatMap((m) => (m.inherited ? [m.name] : [])))
    const complaints = promtool(exposition.page().text.toString())
    expect(complaints).toContainEqual(expect.stringContaining('pg_locks_count'))
    expect(complaints.filter((line) => !inherited.some((name) => line.startsWith(`${name} `)))).toEqual([])
  })
})

/** One line a complaint: its metric and what is wrong with it. */
const promtool = (page: string): readonly string[] => {
  const { stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' })
  if (error) throw error
  return `${stdout}${stderr}`.split('\n').filter(Boolean)
}

test('every file that declares a probe has it in the list', async () => {
  const folder = new URL('../../../collectors/postgres/', import.meta.url)
  const declared: string[] = []
  for (const file of readdirSync(folder)) {
    const exported: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href)
    for (const value of Object.values(exported)) {
      if (typeof value === 'object' && value !== null && 'read' in value && 'name' in value)
        declared.push(String(value.name))
    }
  }
  expect(declared.toSorted()).toEqual(postgres.probes.map(({ name }) => name).toSorted())
})

test('names of probes and of metrics are given once', () => {
  const names = postgres.probes.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const metrics = postgres.probes.flatMap((probe) => probe.metrics.map(({ name }) => name))
  expect(metrics.filter((name, i) => metrics.indexOf(name) !== i)).toEqual([])
})

test('probes with counters are asked at least every 15 s', () => {
  const slow = postgres.probes.filter((p) => p.interval > 15_000 && p.metrics.some(({ type }) => type === 'counter'))
  expect(slow.map(({ name }) => name)).toEqual([])
})

test('only: new leaves out what postgres_exporter gives', () => {
  const given = config.parse({ host: 'db1', user: 'pulse', only: 'new' })
  const left = postgres.probes.flatMap(({ metrics }) => metrics.filter((m) => !postgres.leavesOut?.(given, m)))
  expect(left.length).toBeGreaterThan(0)
  expect(left.filter((m) => m.inherited)).toEqual([])
})

test('settings are strict, and secrets never inline', () => {
  const problems = (input: unknown) => config.safeParse(input).error?.issues.map((issue) => issue.path.join('.')) ?? []
  expect(problems({ host: 'db1', user: 'pulse' })).toEqual([])
  expect(problems({ host: 'db1', user: 'pulse', password: 'of-the-monitor' })).toEqual(['password'])
  expect(problems({ host: 'db1', user: 'pulse', prot: 5432 })).toEqual([''])
  expect(problems({ host: '', port: 0, sslmode: 'maybe' })).toEqual(['host', 'port', 'user', 'sslmode'])
  expect(problems({ host: 'db1', user: 'pulse', sslcert: { file: '/a.pem' } })).toEqual([''])
})
