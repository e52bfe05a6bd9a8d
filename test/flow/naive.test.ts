import fc from 'fast-check'
import { expect, test } from 'vitest'
import { datetimeText, instantOf, wholeSeconds } from '../../src/flow/read/naive.ts'

test('a time is read as it is written, a fraction of a second left out', () => {
  const at = fc.integer({ min: Date.UTC(1, 0, 1) - 1, max: Date.UTC(9999, 11, 31) })
  const fraction = fc.constantFrom('', '.5', '.123456')
  fc.assert(
    fc.property(at, fraction, fc.constantFrom(' ', 'T'), (instant, after, between) => {
      const text = datetimeText(instant)
      fc.pre(/^\d{4}-/.test(text))
      const whole = Math.floor(instant / 1000) * 1000
      expect(instantOf(`${text.replace(' ', between)}${after}`)).toBe(whole)
      expect(wholeSeconds(`${text.replace(' ', between)}${after}`)).toBe(text)
      expect(instantOf(text.slice(0, 10))).toBe(Math.floor(instant / 86_400_000) * 86_400_000)
      expect(wholeSeconds(text.slice(0, 10))).toBe(text.slice(0, 10))
    }),
    { numRuns: 2_000 },
  )
  expect(instantOf('0050-02-28 00:00:00')).toBe(Date.parse('0050-02-28T00:00:00Z'))
})

test.each([
  '2026-02-30',
  '2026-13-01 00:00:00',
  '2026-00-10',
  '2026-04-31 10:00:00',
  '2026-04-30 24:00:00',
  '2026-04-30 10:60:00',
  '2026-04-30 10:00:60',
  '2026-04-30 10:00',
  '2026-4-3',
  '2026-04-30 10:00:00Z',
  '',
])('%s is none', (text) => {
  expect(instantOf(text)).toBeUndefined()
})
