/**
 * A figure for an alert's text, asked of Prometheus when the alert is written. Each `%q` of the query is a label's
 * value, quoted, since a name may hold quotes; `shown` is a template over the answer, `otherwise` stands where there is none.
 */
export const ask = (query: string, labels: readonly string[], shown: string, otherwise: string): string =>
  `{{ with printf ${JSON.stringify(query)} ${labels.map((l) => `$labels.${l}`).join(' ')} | query }}${shown}{{ else }}${otherwise}{{ end }}`
