/** Grafana's variables, each replaced by something of its kind and length, so that columns stay what they were. Pure. */

// https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/ : $name, ${name}, ${name:format}, [[name]]
const VARIABLE = /\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]|\$(\w+)/g

/** As Grafana works them out for the slowest scrape allowed for, and a panel of six hours. */
const BUILT_IN: Readonly<Record<string, string>> = {
  __rate_interval: '2m',
  __interval: '1m',
  __range: '6h',
  __interval_ms: '60000',
  __range_s: '21600',
  __range_ms: '21600000',
}

/** What stands before it in its quotes, its brackets, or neither. */
const standIn = (name: string, before: string): string => {
  const known = BUILT_IN[name]
  if (known !== undefined) return known
  const quotes = before.replace(/\\./g, '').match(/"/g)?.length ?? 0
  if (quotes % 2 === 1) return 'x'
  return /\[[^\]]*$/.test(before) || /offset\s+$/.test(before) ? '1m' : '1'
}

export const withoutVariables = (query: string): string =>
  query.replace(
    VARIABLE,
    (written, braced: string | undefined, bracketed: string | undefined, bare: string | undefined, at: number) => {
      const text = standIn(braced ?? bracketed ?? bare ?? '', query.slice(0, at))
      return text === 'x' ? 'x'.repeat(written.length) : text.padEnd(written.length)
    },
  )
