/**
 * When misses burn the error budget fast enough to call somebody: the multiwindow, multi-burn-rate pairs of the SRE
 * workbook for an objective over 30 days (https://sre.google/workbook/alerting-on-slos/, table 5-8). Pure data, the same
 * for whoever alerts and whoever replays.
 */
import { type Duration, minutes } from '../metric.ts'
import type { WindowName } from './ledger/windows.ts'

export const SEVERITIES = ['page', 'ticket'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface BurnRate {
  readonly severity: Severity
  /** How much has burnt, and whether it still burns: both must be above the threshold. */
  readonly long: WindowName
  readonly short: WindowName
  /** How many times faster than the budget allows. */
  readonly factor: number
  /** In the long window: fewer bad items call nobody, however few there were in all. */
  readonly leastBad: number
}

export const BURN_RATES: readonly BurnRate[] = [
  { severity: 'page', long: '1h', short: '5m', factor: 14.4, leastBad: 5 },
  { severity: 'page', long: '6h', short: '30m', factor: 6, leastBad: 5 },
  { severity: 'ticket', long: '1d', short: '2h', factor: 3, leastBad: 3 },
  { severity: 'ticket', long: '3d', short: '6h', factor: 1, leastBad: 3 },
]

/** Once firing it goes on above this share of its threshold; a short window without a verdict says nothing. */
export const RESOLVE_AT = 0.5
/** It stays so long after what it fires for has ended. */
export const KEEP_FIRING: Duration = minutes(15)
/** A share of misses above this is not to be waited for: a threshold stays below it. */
export const HIGHEST_THRESHOLD = 0.9

/**
 * The share of misses above which the pair fires: 0.9 where no share would reach the pair's own (14.4 × 10 % is 144 %),
 * which is the largest factor that can fire.
 */
export const thresholdOf = ({ factor }: Pick<BurnRate, 'factor'>, objective: number): number =>
  Math.min(factor * (1 - objective), HIGHEST_THRESHOLD)

export interface Counts {
  readonly good: number
  readonly bad: number
}

/** The share of misses; undefined where nothing was judged. */
const missed = ({ good, bad }: Counts): number | undefined => (good + bad === 0 ? undefined : bad / (good + bad))

/** Whether a pair fires, given whether it did a moment before. */
export const fires = (pair: BurnRate, objective: number, long: Counts, short: Counts, before: boolean): boolean => {
  const threshold = thresholdOf(pair, objective)
  const [inLong, inShort] = [missed(long) ?? 0, missed(short)]
  if (before) return inLong > threshold * RESOLVE_AT && (inShort ?? 1) > threshold * RESOLVE_AT
  return long.bad >= pair.leastBad && inLong > threshold && (inShort ?? 0) > threshold
}
