/** Writes every generated file, or with --check says which are not fresh (exit code 1). */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { ruleFiles } from '../alert-rules/index.ts'
import { collectors } from '../collectors/index.ts'
import { dashboards } from '../dashboards/index.ts'
import { buildDashboard, renderDashboard } from '../dashboards/parts/dashboard.ts'
import { PREFIX } from '../dashboards/parts/links.ts'
import { checks } from '../src/alerting/lint/checks.ts'
import { RELATIVE, renderRuleFile } from '../src/alerting/render.ts'
import { calendarMetrics } from '../src/calendar/metrics.ts'
import { formatProblem } from '../src/config/problem.ts'
import { schemaText } from '../src/config/schema.ts'
import { flowMetrics } from '../src/flow/metrics.ts'
import { flowSchemaText, parseFlow } from '../src/flow/spec/spec_file.ts'
import { healthMetrics } from '../src/health.ts'
import { ownMetrics } from '../src/own_metrics.ts'
import { tenantMetrics } from '../src/tenants.ts'
import { configMaps } from './dashboards/config_maps.ts'
import { flowsPage } from './flows-page.ts'
import { lintPage } from './lint-page.ts'
import { metricsPage } from './metrics-page.ts'

const root = join(import.meta.dirname, '..')
/** In these folders everything is generated: what is no longer made is removed. */
const WHOLLY_GENERATED = ['alert-rules/generated', 'dashboards/generated']

const flows = readdirSync(join(root, 'slo'))
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .flatMap((name) => {
    const file = `slo/${name}`
    const { flow, problems } = parseFlow({ file, text: readFileSync(join(root, file), 'utf8') })
    if (flow === undefined) throw new Error(problems.map(formatProblem).join('\n'))
    return flow
  })

const built = dashboards.map(buildDashboard)
const dashboardFile = ({ uid = '' }: (typeof built)[number]): string =>
  `dashboards/generated/${uid.slice(PREFIX.length)}.json`

const files = new Map<string, string>([
  ['odoo-pulse.schema.json', schemaText(collectors)],
  ['slo/schema.json', flowSchemaText()],
  ['docs/flows.md', flowsPage(flows)],
  ['docs/lint.md', lintPage(checks)],
  [
    'docs/metrics.md',
    metricsPage(collectors, flowMetrics, [...tenantMetrics, ...calendarMetrics, ...healthMetrics, ...ownMetrics]),
  ],
  ...built.map((d): [string, string] => [dashboardFile(d), renderDashboard(d)]),
  ['deploy/kubernetes/dashboards.yaml', configMaps(built)],
  ...ruleFiles.map((f): [string, string] => [`alert-rules/generated/${f.subject}.yaml`, renderRuleFile(f, RELATIVE)]),
])

const current = (path: string): string | undefined => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}

const stale = [...files].filter(([path, text]) => current(path) !== text).map(([path]) => path)
const leftOver = WHOLLY_GENERATED.flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !files.has(path)),
)

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
if (values.check) {
  for (const path of [...stale, ...leftOver]) console.error(`${path} is not fresh: run \`npm run generate\``)
  process.exitCode = stale.length + leftOver.length > 0 ? 1 : 0
} else {
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), files.get(path) ?? '')
    console.log(`wrote ${path}`)
  }
  for (const path of leftOver) {
    rmSync(join(root, path))
    console.log(`removed ${path}`)
  }
}
