/** docs/lint.md, from the checks. Pure. */
import type { Check } from '../src/alerting/lint/check.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

const INTRO = `Generated from the checks by \`npm run generate\`. \`odoo-pulse lint\` reads PromQL by Prometheus’ own grammar and knows
every metric the exporter may show, with its labels, values and unit, how often it is polled, and what is recorded. So it
finds what \`promtool check rules\` and \`amtool check-config\` let through: rules that can never fire, that fail for every
tenant once a second replica runs, that name the wrong tenant, and routes nobody is told by.`

const WHAT = `It checks what \`odoo-pulse generate\` writes for the configuration (rules, dashboards, routes and inhibitions; the
beginnings of runbooks for flows of your own), and the files given: \`--rules\`, \`--dashboards\`, \`--alertmanager\`, \`--runbooks\`,
\`--tests\`. A group of rules that is given takes the place of the generated one of its name, a dashboard that of the one of
its uid, an Alertmanager configuration that of the generated one. Rules of your own may read ours; metrics of other exporters are named by \`--foreign 'node_*'\`.
Without a configuration the files given are checked alone. Exit codes: 0 nothing is found, 1 something is, 2 a wrong command
line or configuration, or a file that can’t be read. \`--json\`: \`{valid, problems, findings: [{check, file, line, column, path,
message, near, fix}]}\`; \`problems\` are those of the configuration, \`line\`, \`column\` and \`near\` absent where a file as a whole
is meant.`

const NOT_SEEN = `What no reading of files can tell: whether a threshold suits the estate, whether a test would notice a changed rule, and
whether a label that flows are configured by should have been a rule’s to rely on.`

export const lintPage = (checks: readonly Check[]): string =>
  [
    '# Checks of alerts and dashboards',
    INTRO,
    WHAT,
    [
      '| check | what holds | else |',
      '| --- | --- | --- |',
      ...checks.map(({ id, what, fix }) => `| ${id} | ${cell(what)} | ${cell(fix)} |`),
    ].join('\n'),
    NOT_SEEN,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
