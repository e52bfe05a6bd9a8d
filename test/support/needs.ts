import type { TestContext } from 'vitest'
import { lackingParts, type Part } from '../../tools/debian.ts'

/**
 * Called first in a test that needs parts from Debian: skips it, naming what is lacking; with CI=true it throws
 * instead, so that the test fails.
 */
export const needs = (context: Pick<TestContext, 'skip'>, ...parts: readonly Part['name'][]): void => {
  const lacking = lackingParts().filter((part) => parts.includes(part.name))
  if (lacking.length === 0) return
  const text = `lacks ${lacking.map((part) => part.package).join(', ')} (Debian)`
  if (process.env.CI === 'true') throw new Error(text)
  context.skip(text)
}
