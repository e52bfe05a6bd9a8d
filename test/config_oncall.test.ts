import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/index.ts'
import { readConfigFiles } from '../src/config/files.ts'
import { formatProblem, parseConfig } from '../src/config.ts'

const ESTATE = `
servers:
  pg-main: { db_cluster: main, postgres: { host: db1, user: u, password: { file: x } } }
tenants:
  acme: { tier: dedicated, databases: [{ server: pg-main, datname: acme }] }
`
const shipped = (await readConfigFiles(join(import.meta.dirname, '../odoo-pulse.example.yaml'))).flows

const parse = (text: string) =>
  parseConfig({ file: 'odoo-pulse.yaml', text: ESTATE + text }, [], collectors, { ...shipped, own: [] })
const problemsOf = (text: string): readonly string[] => parse(text).problems.map(formatProblem)

const RECEIVERS = `
oncall:
  receivers:
    night: { pagerduty: { routing_key_file: /k } }
    office: { slack: { api_url_file: /s, channel: "#erp" } }
  page: night
`

test('the least there is: one receiver that is told of everything', () => {
  const { config, problems } = parse(RECEIVERS)
  expect(problems).toEqual([])
  expect(config?.oncall).toMatchObject({ page: 'night', alertmanager_version: '0.25', routes: [], hours: {} })
})

test('without it there is none', () => {
  expect(parse('').config?.oncall).toBeUndefined()
})

test('a route names one or several; both mean a list', () => {
  const { config } = parse(`${RECEIVERS}  routes: [{ process: sales, tier: [dedicated, shared], ticket: office }]\n`)
  expect(config?.oncall?.routes).toEqual([{ process: ['sales'], tier: ['dedicated', 'shared'], ticket: 'office' }])
})

test('everything that is wrong is told at once, each at its place', () => {
  const text = `${RECEIVERS.replace('page: night', 'page: nihgt')}  ticket: offices
  telemetry: nobody-there
  ticket_hours: office-hours
  routes:
    - { ticket: office }
    - { tenant: acmee, page: night }
    - { tier: [gold], process: saels, db_cluster: mian, page: night, ticket: x }
    - { tenant: acme }
`
  expect(problemsOf(text)).toEqual([
    'odoo-pulse.yaml:11:9 oncall.page: no such receiver under `oncall.receivers`; did you mean "night"?',
    'odoo-pulse.yaml:12:11 oncall.ticket: no such receiver under `oncall.receivers`; did you mean "office"?',
    expect.stringMatching(/^odoo-pulse.yaml:13:14 oncall.telemetry: no such receiver/),
    expect.stringMatching(/^odoo-pulse.yaml:14:17 oncall.ticket_hours: no such hours under `oncall.hours`/),
    expect.stringMatching(/^odoo-pulse.yaml:16:7 oncall.routes\[0\]: it fits every alert/),
    'odoo-pulse.yaml:17:17 oncall.routes[1].tenant: no such tenant under `tenants`; did you mean "acme"?',
    expect.stringMatching(/oncall.routes\[2\].tier\[0\]: no such tier under `tiers`/),
    expect.stringMatching(/oncall.routes\[2\].process: no such process of a flow; did you mean "sales"\?/),
    expect.stringMatching(/oncall.routes\[2\].db_cluster: no such machine group; did you mean "main"\?/),
    expect.stringMatching(/oncall.routes\[2\].ticket: no such receiver/),
    expect.stringMatching(/^odoo-pulse.yaml:19:7 oncall.routes\[3\]: it tells nobody/),
  ])
})

const receiver = (block: string, more = '') => `\noncall:\n  receivers:\n    r: ${block}\n  page: r\n${more}`

test.each([
  [
    'a URL by file before 0.26',
    receiver('{ webhook: { url_file: /u } }'),
    'oncall.receivers.r.webhook.url_file: needs Alertmanager 0.26',
  ],
  [
    'an Alertmanager that is too old',
    receiver('{ slack: { api_url_file: /s, channel: c } }', '  alertmanager_version: "0.24"\n'),
    '0.25 is the oldest',
  ],
  ['a webhook without a URL', receiver('{ webhook: {} }'), 'give one of `url` and `url_file`'],
  [
    'a webhook with two',
    receiver('{ webhook: { url: "https://a", url_file: /u } }', '  alertmanager_version: "0.27"\n'),
    'give one of `url` and `url_file`',
  ],
  ['a secret in the query', receiver('{ webhook: { url: "https://a/b?token=abc" } }'), 'a password in a URL'],
  [
    'a user without a password',
    receiver('{ email: { to: a@b, from: c@d, smarthost: "m:25", auth_username: u } }'),
    'need one another',
  ],
  ['a receiver that tells nobody', receiver('{}'), 'it tells nobody'],
  ['an inline secret', receiver('{ slack: { api_url: "https://hooks.example.com/x", channel: c } }'), 'unknown key'],
  [
    'hours that are none',
    receiver(
      '{ pagerduty: { routing_key_file: /k } }',
      '  hours: { h: [{ times: [{ start_time: "8", end_time: "18:00" }] }] }\n',
    ),
    'write a time such as "08:00"',
  ],
  [
    'a link that is none',
    '\nlinks: { grafana: grafana.example.com }\n',
    'links.grafana: write an http:// or https:// URL',
  ],
])('%s is refused', (_, text, message) => {
  expect(problemsOf(text).join('\n')).toContain(message)
})

test('a URL by file is taken by an Alertmanager that knows it', () => {
  expect(problemsOf(receiver('{ webhook: { url_file: /u } }', '  alertmanager_version: "0.26.1"\n'))).toEqual([])
})

test('no message holds what was written', () => {
  const text = receiver('{ webhook: { url: "https://u:hunter2@a/b" } }')
  expect(problemsOf(text).join('\n')).not.toContain('hunter2')
})
