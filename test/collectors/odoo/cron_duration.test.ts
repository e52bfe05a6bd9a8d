/** How long a run took, from the dates that real Odoos leave behind. */
import { expect, test } from 'vitest'
import { type CronRuns, cronRuns, odooCronLastDuration } from '../../../collectors/odoo/cron_runs.ts'

const ended = {
  cron_id: [1, 'Slow'],
  timed_out_counter: 0,
  __count: 1,
  'id:max': 25,
  'create_date:max': '2026-11-20 18:12:38',
  'write_date:max': '2026-11-20 18:12:38',
}
const open = { ...ended, timed_out_counter: 1, 'id:max': 26 }

const durationOf = (lastcall: string, runs: CronRuns['runs']): unknown => {
  const cron = {
    id: 1,
    cron_name: 'Slow',
    active: true,
    failure_count: 0,
    first_failure_date: false,
    lastcall,
  } as const
  const samples = cronRuns.map({ crons: [cron], runs }, 0)
  return samples.find(({ metric }) => metric === odooCronLastDuration)?.value
}

test('18: the row is dated back to the begin of the run, lastcall is its end', () => {
  expect(durationOf('2026-11-20 18:13:03', [ended])).toBe(25)
  expect(durationOf('2026-11-20 18:13:03', [ended, open])).toBe(25)
})

test('19: the row is written at the end, lastcall is the begin', () => {
  const row = { ...ended, 'write_date:max': '2026-11-20 18:13:13' }
  expect(durationOf('2026-11-20 18:12:37', [row])).toBe(35)
})

test('where Odoo gave up on runs that were killed, lastcall is not the end of the one before', () => {
  expect(durationOf('2026-11-20 19:30:00', [ended, open, { ...open, timed_out_counter: 2, 'id:max': 27 }])).toBe(0)
})
