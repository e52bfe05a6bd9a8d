import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Sequence, usedRatio } from '../../../collectors/postgres/sequences.ts'

const sequence = (over: Partial<Sequence>): Sequence => ({
  oid: '1',
  schemaname: 'public',
  sequencename: 's',
  min: 1,
  max: 2 ** 31 - 1,
  ascending: true,
  columnTypes: [],
  readable: true,
  ...over,
})

test('what is not known has no share, what was never used has none used', () => {
  expect(usedRatio(sequence({}), undefined)).toBeUndefined()
  expect(usedRatio(sequence({}), null)).toBe(0)
})

test('a bigint sequence ends where the narrowest column it fills ends', () => {
  const wide = { max: 2 ** 63 }
  expect(usedRatio(sequence(wide), 2 ** 30)).toBeLessThan(1e-9)
  expect(usedRatio(sequence({ ...wide, columnTypes: ['bigint', 'integer'] }), 2 ** 31 - 1)).toBe(1)
  expect(usedRatio(sequence({ ...wide, columnTypes: ['integer', 'smallint'] }), 2 ** 15 - 1)).toBe(1)
  expect(usedRatio(sequence({ ...wide, columnTypes: ['numeric'] }), 2 ** 30)).toBeLessThan(1e-9)
})

test('the share goes from 0 at the first value to 1 at the last, either way', () => {
  const range = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1_000_000 }), fc.boolean())
  fc.assert(
    fc.property(range, fc.double({ min: 0, max: 1, noNaN: true }), ([min, length, ascending], share) => {
      const max = min + length
      const s = sequence({ min, max, ascending })
      expect(usedRatio(s, ascending ? min : max)).toBe(0)
      expect(usedRatio(s, ascending ? max : min)).toBe(1)
      const there = Math.round(length * share)
      expect(usedRatio(s, ascending ? min + there : max - there)).toBeCloseTo(there / length, 12)
    }),
  )
})
