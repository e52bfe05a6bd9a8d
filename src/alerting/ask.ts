/**
 * A figure for an alert's text, asked of Prometheus when the alert is written. Each `%q` of the query is one of the
 * values, quoted, since a name may hold quotes; `shown` is a template over the answer, `otherwise` stands where there is
 * none.
 */
export const askBy = (query: string, values: readonly string[], shown: string, otherwise: string): string =>
  `{{ with printf ${JSON.stringify(query)} ${values.join(' ')} | query }}${shown}{{ else }}${otherwise}{{ end }}`

/** By values of the alert's labels. */
export const ask = (query: string, labels: readonly string[], shown: string, otherwise: string): string =>
  askBy(
    query,
    labels.map((label) => `$labels.${label}`),
    shown,
    otherwise,
  )
