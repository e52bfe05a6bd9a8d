/** The dashboards as generated, all metrics there are, and what is wrong with a query by the checks of the alerts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as recordings from '../../alert-rules/recordings.ts'
import { collectors } from '../../collectors/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { polledMetrics } from '../../src/alerting/lint/metrics.ts'
import { lintQuery } from '../../src/alerting/lint/query.ts'
import { readRuleFile } from '../../src/alerting/lint/rule_yaml.ts'
import { SCRAPE, worldOf } from '../../src/alerting/lint/world.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { USUAL, type View } from '../../tools/dashboards/queries.ts'

export const root = resolve(import.meta.dirname, '../..')

export const metrics: readonly MetricDescriptor[] = [
  ...polledMetrics(collectors).map(({ metric }) => metric),
  ...Object.values(recordings),
]

export const textOf = (name: string): string => readFileSync(join(root, `dashboards/generated/${name}.json`), 'utf8')

export const generated: readonly Dashboard[] = dashboards.map(({ name }) => JSON.parse(textOf(name)))

const RULES = join(root, 'alert-rules/generated')
const rules = readdirSync(RULES).flatMap(
  (file) => readRuleFile({ file, text: readFileSync(join(RULES, file), 'utf8') }).rules,
)
const world = worldOf(polledMetrics(collectors), rules, Object.values(recordings))

/** Where Prometheus scrapes as seldom as the alerts allow for. */
export const SELDOM: View = { ...USUAL, scrape: SCRAPE }

/** Of a query as sent; empty where all is well. */
export const faultsIn = (sent: string): readonly string[] =>
  lintQuery(sent, { file: '', path: [] }, world).map(({ check, message }) => `${check}: ${message}`)
