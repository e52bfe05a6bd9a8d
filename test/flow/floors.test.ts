import { expect, test } from 'vitest'
import { type FindDays, floors, type Span } from '../../src/flow/read/floors.ts'

const HOUR = 3_600_000
const day = (n: number) => n * 24 * HOUR

/** Each day has ids from a thousandfold of its number on, nine hundred of them. */
const daily =
  (asked: (readonly [from: number, above: number])[], newest: number): FindDays =>
  async (from, above) => {
    asked.push([from / day(1), above])
    const first = Math.max(from, day(60))
    const days = Array.from({ length: Math.max(0, newest - first / day(1) + 1) }, (_, i) => first / day(1) + i)
    return {
      days: days.map((n) => ({ day: day(n), first: n * 10_000, last: n * 10_000 + 900 })),
      newest: newest * 10_000 + 900,
    }
  }

const created = (from: number, to: number): Span => ({ table: 'a', from, to, earliest: day(70), isCreation: true })

test('a table is asked once a day, for all days at once', async () => {
  let now = day(100)
  const asked: (readonly [from: number, above: number])[] = []
  const bounds = floors(() => now)
  const ask = (from: number, to: number) => bounds(created(from, to), daily(asked, 100))
  // A thousand ids may not have been seen yet on either side.
  expect(await ask(day(99), day(100))).toEqual({ atLeast: 989_000, atMost: undefined })
  expect(await ask(day(70), day(101))).toEqual({ atLeast: 699_000, atMost: undefined })
  expect(await ask(day(80) + HOUR, day(80) + 2 * HOUR)).toEqual({ atLeast: 799_000, atMost: 801_900 })
  expect(await bounds({ ...created(day(99), day(100)), table: 'b' }, daily(asked, 100))).toMatchObject({
    atLeast: 989_000,
  })
  expect(asked).toEqual([
    [70, 0],
    [70, 0],
  ])
  // Further back than was thought.
  expect(await ask(day(65), day(66))).toEqual({ atLeast: 649_000, atMost: 651_900 })
  expect(asked.at(-1)).toEqual([65, 0])
  now += 25 * HOUR
  expect(await ask(day(80), day(81))).toEqual({ atLeast: 799_000, atMost: 801_900 })
  expect(asked.slice(3)).toEqual([[70, 649_000]])
})

test('where slots move, any id of the span may be of a day that is not over', async () => {
  const bounds = floors(() => day(100))
  const moving = { ...created(day(99), day(101)), isCreation: false }
  const asked: (readonly [from: number, above: number])[] = []
  expect(await bounds(moving, daily(asked, 100))).toEqual({ atLeast: 699_000, atMost: undefined })
  // Of one that is over only those that were found there.
  expect(await bounds({ ...moving, from: day(75) + HOUR, to: day(77) }, daily(asked, 100))).toEqual({
    atLeast: 750_000,
    atMost: 760_900,
  })
  // Of what was made lately alone: beyond all that was there before.
  expect(await bounds({ ...moving, madeFrom: day(95) }, daily(asked, 100))).toEqual({
    atLeast: 939_900,
    atMost: undefined,
  })
  expect(await bounds({ ...moving, madeFrom: day(60) }, daily(asked, 100))).toMatchObject({ atLeast: 699_000 })
  expect(asked).toHaveLength(1)
})

test('in an empty span only what is newer can come', async () => {
  const none = floors(() => day(100))
  expect(await none(created(day(99), day(100)), async () => ({ days: [], newest: 5_000 }))).toEqual({
    atLeast: 4_000,
    atMost: undefined,
  })
  const empty = floors(() => day(100))
  const nothing = { atLeast: 0, atMost: undefined }
  expect(await empty(created(day(99), day(100)), async () => ({ days: [], newest: 0 }))).toEqual(nothing)
})

test('a search that fails is made again', async () => {
  const bounds = floors(() => day(100))
  const failing = bounds(created(day(99), day(100)), async () => Promise.reject(new Error('gone')))
  await expect(failing).rejects.toThrow('gone')
  expect(await bounds(created(day(99), day(100)), daily([], 100))).toMatchObject({ atLeast: 989_000 })
})
