/** Grafana's variables, each replaced by something of its kind and length, so that columns stay what they were. Pure. */

import { formatDuration } from '../../config/duration.ts'
import type { Duration } from '../../metric.ts'
import { ANYTHING } from '../promql/series.ts'
import { READINGS } from './ranges.ts'
import { SCRAPE } from './world.ts'

// https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/ : $name, ${name}, ${name:format}, [[name]]
const VARIABLE = /\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]|\$(\w+)/g

/** As Grafana works them out for a panel of six hours. */
const BUILT_IN: Readonly<Record<string, string>> = {
  __interval: '1m',
  __range: '6h',
  __interval_ms: '60000',
  __range_s: '21600',
  __range_ms: '21600000',
}

/** What stands before it in its quotes, its brackets, or neither. */
const standIn = (name: string, before: string, scrape: Duration): string => {
  const known = name === '__rate_interval' ? formatDuration(READINGS * scrape) : BUILT_IN[name]
  if (known !== undefined) return known
  const quotes = before.replace(/\\./g, '').match(/"/g)?.length ?? 0
  if (quotes % 2 === 1) return ANYTHING
  return /\[[^\]]*$/.test(before) || /offset\s+$/.test(before) ? '1m' : '1'
}

/** `scrape`: how often the panel takes the metrics to be scraped, its least interval; else the slowest allowed for. */
export const withoutVariables = (query: string, scrape: Duration = SCRAPE): string =>
  query.replace(
    VARIABLE,
    (written, braced: string | undefined, bracketed: string | undefined, bare: string | undefined, at: number) => {
      const text = standIn(braced ?? bracketed ?? bare ?? '', query.slice(0, at), scrape)
      return text === ANYTHING ? text.repeat(written.length) : text.padEnd(written.length)
    },
  )
