/** Chance that repeats: the same seeds give the same numbers on every machine. */

/** The next number, 0 ≤ n < 1. */
export type Random = () => number

/** Spreads a number over 32 bits (the finaliser of MurmurHash3). */
const mix = (value: number): number => {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A stream of its own for each tuple of whole numbers; the generator is mulberry32, period 2³². */
export const randomFrom = (...seeds: readonly number[]): Random => {
  let state = seeds.reduce((before, seed) => mix(before + mix(seed) + mix(Math.floor(seed / 2 ** 32)) + 1), 0)
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Evenly between the two. */
export const between = (random: Random, low: number, high: number): number => low + (high - low) * random()

/** How often something rare happens in a span in which it happens `mean` times on average. */
export const poisson = (random: Random, mean: number): number => {
  // The pauses between two are exponential.
  const pause = () => -Math.log(1 - random())
  let count = 0
  let passed = pause()
  while (passed < mean) {
    passed += pause()
    count += 1
  }
  return count
}
