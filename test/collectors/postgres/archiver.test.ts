import { expect, test } from 'vitest'
import { archiver } from '../../../collectors/postgres/archiver.ts'

const row = {
  archive_mode: 'on',
  standby: false,
  archived_count: 7,
  failed_count: 0,
  last_archive_age: 3,
  last_archived_time: 1_700_000_000,
  last_failed_time: null,
}

test('a standby archives with archive_mode = always only: else its counts are of another time', () => {
  expect(archiver.map({ ...row, standby: true }, 0)).toEqual([])
  expect(archiver.map({ ...row, standby: true, archive_mode: 'always' }, 0)).toHaveLength(4)
  expect(archiver.map(row, 0)).toHaveLength(4)
})
