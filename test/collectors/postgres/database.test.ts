import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { database } from '../../../collectors/postgres/database.ts'

const recorded = join(import.meta.dirname, '../../fixtures/postgres/database.18-standby.json')
const [, acme] = JSON.parse(readFileSync(recorded, 'utf8'))
const times = (over: object) =>
  database
    .map([{ ...acme, ...over }], 0)
    .filter((s) => s.metric.name.includes('blk_'))
    .map((s) => [s.metric.name, s.value])

test('times of reading and writing are unknown while nobody measures them', () => {
  expect(times({ io_timing: false })).toEqual([])
  expect(times({ io_timing: true, blk_read_time: 1500 })).toEqual([
    ['pg_stat_database_blk_read_time', 1500],
    ['pg_stat_database_blk_write_time', 0],
    ['pg_stat_database_blk_read_time_seconds_total', 1.5],
    ['pg_stat_database_blk_write_time_seconds_total', 0],
  ])
})

test('they are known where some sessions measure them, though the server does not by default', () => {
  expect(times({ io_timing: false, blk_read_time: 1500 })).toHaveLength(4)
})
