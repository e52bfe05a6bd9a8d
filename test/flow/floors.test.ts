import { expect, test } from 'vitest'
import { floors } from '../../src/flow/read/floors.ts'

const HOUR = 3_600_000
const day = (n: number) => n * 24 * HOUR

test('a floor is looked for once a day and flow, above what is known of earlier days', async () => {
  let now = day(100)
  const asked: (readonly [from: number, above: number])[] = []
  const floorOf = floors(() => now)
  const ask = (flow: string, from: number) =>
    floorOf(flow, from, async (at, above) => {
      asked.push([at / day(1), above])
      return at / day(1)
    })
  expect(await ask('a', day(70) + HOUR)).toBe(70)
  expect(await ask('a', day(99))).toBe(99)
  expect(await ask('a', day(80))).toBe(80)
  expect(await ask('b', day(99))).toBe(99)
  expect(asked).toEqual([
    [70, 0],
    [99, 70],
    [80, 70],
    [99, 0],
  ])
  now += 23 * HOUR
  expect(await ask('a', day(70) + 5 * HOUR)).toBe(70)
  expect(asked).toHaveLength(4)
  now += 2 * HOUR
  expect(await ask('a', day(99))).toBe(99)
  expect(asked.at(-1)).toEqual([99, 0])
})

test('a search that fails is made again', async () => {
  const floorOf = floors(() => 0)
  const failing = floorOf('a', 0, async () => Promise.reject(new Error('gone')))
  await expect(failing).rejects.toThrow('gone')
  expect(await floorOf('a', 0, async () => 7)).toBe(7)
})
