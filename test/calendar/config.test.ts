import { expect, test } from 'vitest'
import { parseDay, parseWall } from '../../src/calendar/window.ts'
import { formatProblem, parseConfig } from '../../src/config.ts'
import { collectors } from '../support/collectors.ts'

const TENANTS = 'tenants: { acme: { tier: shared, db_cluster: c }, globex: { tier: shared, db_cluster: c } }\n'
const parse = (calendar: string, tenantFile = '') =>
  parseConfig(
    { file: 'odoo-pulse.yaml', text: `${TENANTS}calendar:\n${calendar}` },
    tenantFile === '' ? [] : [{ file: 'tenants.d/a.yaml', text: tenantFile }],
    collectors,
  )
const problemsOf = (calendar: string) => parse(calendar).problems.map(formatProblem)

test('what a calendar means', () => {
  const { config, problems } = parse(
    `
  timezone: Europe/Paris
  holidays:
    fr: [12-25, { date: 2027-03-29, name: Lundi de Pâques }]
    company: [2026-12-24]
  windows:
    all-defaults: { kind: open, rrule: FREQ=DAILY }
    night: { kind: open, rrule: FREQ=DAILY, from: "22:00", to: "06:00", holidays: [fr, company] }
    weekend: { kind: freeze, rrule: FREQ=WEEKLY;BYDAY=FR, from: "18:00", to: "08:00", days: 3 }
    fortnight: { kind: maintenance, rrule: FREQ=WEEKLY;INTERVAL=2, start: 2026-11-01, timezone: UTC, sensitivity: 0.5 }
    peak:
      kind: peak
      dates: [{ from: 2026-11-27, to: 2026-11-30 }, { from: 2027-11-26T08:00, to: 2027-11-26T20:00 }]
      tenants: [acme, acme]
      warehouse: WH
      process: sales
`,
    'tenants: { late: { tier: shared, db_cluster: c } }',
  )
  expect(problems.map(formatProblem)).toEqual([])
  const daily = { rrule: 'FREQ=DAILY', start: undefined, from: 0, to: 1440, days: 0, holidays: [] }
  const all = {
    timezone: 'Europe/Paris',
    sensitivity: 1,
    tenants: ['acme', 'globex', 'late'],
    warehouse: '',
    process: '',
  }
  const wall = (text: string, edge: 'from' | 'to') => parseWall(text, edge)
  expect(config?.calendar).toEqual([
    { ...all, name: 'all-defaults', kind: 'open', occurs: daily },
    {
      ...all,
      name: 'night',
      kind: 'open',
      occurs: { ...daily, from: 1320, to: 360, days: 1, holidays: ['12-25', '2027-03-29', '2026-12-24'] },
    },
    {
      ...all,
      name: 'weekend',
      kind: 'freeze',
      occurs: { ...daily, rrule: 'FREQ=WEEKLY;BYDAY=FR', from: 1080, to: 480, days: 3 },
    },
    {
      ...all,
      name: 'fortnight',
      kind: 'maintenance',
      timezone: 'UTC',
      sensitivity: 0.5,
      occurs: { ...daily, rrule: 'FREQ=WEEKLY;INTERVAL=2', start: parseDay('2026-11-01') },
    },
    {
      ...all,
      name: 'peak',
      kind: 'peak',
      tenants: ['acme'],
      warehouse: 'WH',
      process: 'sales',
      occurs: {
        dates: [
          { from: wall('2026-11-27', 'from'), to: wall('2026-11-30', 'to') },
          { from: wall('2027-11-26T08:00', 'from'), to: wall('2027-11-26T20:00', 'to') },
        ],
      },
    },
  ])
})

const ZONED = '  timezone: Europe/Paris\n  holidays: { fr: [12-25] }\n  windows:\n    w: '
const W = 'odoo-pulse.yaml:6'
test.each([
  ['{ kind: open }', `${W}:5 calendar.windows.w: give \`rrule\`, the days it recurs on, or \`dates\``],
  [
    '{ kind: open, rrule: FREQ=DAILY, dates: [{ from: 2026-11-27, to: 2026-11-27 }] }',
    `${W}:41 calendar.windows.w.dates: \`rrule\` and \`dates\` exclude one another: keep one`,
  ],
  ['{ kind: opne, rrule: FREQ=DAILY }', `${W}:16 calendar.windows.w.kind: unknown value; did you mean "open"?`],
  [
    '{ kind: open, rrule: FREQ=HOURLY }',
    `${W}:29 calendar.windows.w.rrule: FREQ takes DAILY, WEEKLY, MONTHLY or YEARLY; times are given by \`from\` and \`to\``,
  ],
  [
    '{ kind: open, rrule: FREQ=MONTHLY }',
    `${W}:29 calendar.windows.w.rrule: this rule needs \`start\`, its first day: it counts from it, or takes weekday or date from it`,
  ],
  [
    '{ kind: open, rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 }',
    `${W}:29 calendar.windows.w.rrule: no day ever matches this rule`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, from: "25:00" }',
    `${W}:47 calendar.windows.w.from: write a time such as "16:00", up to "24:00"`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, to: 16 }',
    `${W}:45 calendar.windows.w.to: write a time such as "16:00", up to "24:00"`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, from: "18:00", to: "08:00", days: 0 }',
    `${W}:75 calendar.windows.w.days: ends before it begins: \`to\` is not after \`from\``,
  ],
  [
    '{ kind: cut-off, rrule: FREQ=DAILY, from: "08:00" }',
    `${W}:5 calendar.windows.w: a cut-off needs \`to\`: the time that is the deadline`,
  ],
  [
    '{ kind: peak, dates: [{ from: 2026-11-30, to: 2026-11-27 }] }',
    `${W}:54 calendar.windows.w.dates[0].to: ends before it begins: \`to\` must be after \`from\``,
  ],
  [
    '{ kind: peak, dates: [{ from: 2026-11-27T08:00, to: 2026-11-27T08:00 }] }',
    `${W}:60 calendar.windows.w.dates[0].to: ends before it begins: \`to\` must be after \`from\``,
  ],
  [
    '{ kind: peak, dates: [{ from: 2026-02-30, to: 2026-03-01 }] }',
    `${W}:38 calendar.windows.w.dates[0].from: write a date such as 2026-11-27, or with a time 2026-11-27T16:00`,
  ],
  [
    '{ kind: peak, dates: [{ from: 2026-11-27, to: 2026-11-27 }], holidays: [fr] }',
    `${W}:69 calendar.windows.w.holidays: goes with \`rrule\`; in \`dates\` write each from and to in full`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, tenants: [acme, globx] }',
    `${W}:57 calendar.windows.w.tenants[1]: no such tenant under \`tenants\`; did you mean "globex"?`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, holidays: [fra] }',
    `${W}:52 calendar.windows.w.holidays[0]: no such list under \`calendar.holidays\`; did you mean "fr"?`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, timezone: Europe/Pari }',
    `${W}:51 calendar.windows.w.timezone: write an IANA time zone such as Europe/Paris`,
  ],
  [
    '{ kind: open, rrule: FREQ=DAILY, timezone: "+01:00" }',
    `${W}:51 calendar.windows.w.timezone: write an IANA time zone such as Europe/Paris`,
  ],
  ['{ kind: open, rule: FREQ=DAILY }', `${W}:22 calendar.windows.w.rule: unknown key; did you mean "rrule"?`],
  ['{ kind: open, rrule: FREQ=DAILY, sensitivity: 0 }', `${W}:54 calendar.windows.w.sensitivity: must be at least 0.1`],
])('%s', (window, problem) => {
  expect(problemsOf(`${ZONED}${window}\n`)).toContain(problem)
})

test('everything wrong at once, each at its place', () => {
  expect(
    problemsOf(`
  timezone: Mars/Olympus
  holidays: { fr: [25-12, { date: 2026-12-25, nam: x }] }
  windows:
    a: { kind: open, rrule: FREQ=WEEKLY, from: noon, tenants: [acne] }
    b: { kind: cut-off, rrule: FREQ=DAILY;COUNT=0 }
`),
  ).toEqual([
    'odoo-pulse.yaml:4:13 calendar.timezone: write an IANA time zone such as Europe/Paris',
    'odoo-pulse.yaml:5:20 calendar.holidays.fr[0]: write a date such as 2026-12-25, or 12-25 for every year',
    'odoo-pulse.yaml:5:47 calendar.holidays.fr[1].nam: unknown key; did you mean "name"?',
    'odoo-pulse.yaml:7:29 calendar.windows.a.rrule: this rule needs `start`, its first day: it counts from it, or takes weekday or date from it',
    'odoo-pulse.yaml:7:48 calendar.windows.a.from: write a time such as "16:00", up to "24:00"',
    'odoo-pulse.yaml:7:64 calendar.windows.a.tenants[0]: no such tenant under `tenants`; did you mean "acme"?',
    'odoo-pulse.yaml:8:5 calendar.windows.b: a cut-off needs `to`: the time that is the deadline',
    'odoo-pulse.yaml:8:32 calendar.windows.b.rrule: COUNT takes 1 to 9999',
  ])
})

test('a window without a time zone, and too many windows', () => {
  expect(problemsOf('  windows: { w: { kind: open, rrule: FREQ=DAILY } }')).toEqual([
    'odoo-pulse.yaml:3:14 calendar.windows.w: its time zone is unknown: give `timezone` here or under `calendar`',
  ])
  const many = Array.from({ length: 51 }, (_, i) => `    w${i}: { kind: open, rrule: FREQ=DAILY }\n`).join('')
  expect(problemsOf(`  timezone: UTC\n  windows:\n${many}`)).toEqual([
    expect.stringMatching(/^odoo-pulse.yaml:\d+:\d+ calendar.windows: at most 50 windows$/),
  ])
})

test('in tenants.d there is no calendar', () => {
  const { problems } = parse('  timezone: UTC\n', 'calendar: { timezone: UTC }')
  expect(problems.map(formatProblem)).toEqual([expect.stringMatching(/^tenants.d\/a.yaml:1:1 calendar: unknown key/)])
})
