import { expect, test } from 'vitest'
import { config } from '../../../collectors/postgres/config.ts'
import { postgres } from '../../../collectors/postgres/index.ts'
import { notAllFailed } from '../../../collectors/postgres/visits.ts'
import { CollectError } from '../../../src/collector.ts'

const failed = { datname: 'a', result: new CollectError('timeout', 'too slow') }
const read = { datname: 'b', result: 1 }

test('a round stands while one database could be read, or there is none', () => {
  expect(notAllFailed([failed, read])).toEqual([failed, read])
  expect(notAllFailed([])).toEqual([])
})

test('a round in which all failed has failed, for the reason of the first', () => {
  expect(() => notAllFailed([failed, { datname: 'b', result: new CollectError('query', 'no') }])).toThrow(failed.result)
})

test('with only: new no database is visited for figures that postgres_exporter gives', () => {
  const only = config.parse({ host: 'db1', user: 'pulse', only: 'new' })
  const running = postgres.probes.filter((p) => p.metrics.some((metric) => !postgres.leavesOut?.(only, metric)))
  const names = running.map((p) => p.name)
  expect(names).toEqual(expect.arrayContaining(['database', 'sequences', 'xmin', 'wraparound']))
  expect(names.filter((name) => ['sizes', 'tables', 'waldir'].includes(name))).toEqual([])
})
