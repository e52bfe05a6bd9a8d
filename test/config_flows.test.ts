/** Business flows in the configuration: what of them a tenant has, and what is wrong with what it says. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { check } from '../src/check.ts'
import { readShippedFlows } from '../src/config/files.ts'
import { type FlowSources, noFlows } from '../src/config/flow_files.ts'
import { type Config, formatProblem, loadConfig, parseConfig } from '../src/config.ts'
import type { TenantFlow } from '../src/flow/spec/tenant_flow.ts'
import { hours, minutes } from '../src/metric.ts'
import { flowCollectors, collectors as plain } from './support/collectors.ts'

const collectors = [...plain, ...flowCollectors]

let shipped: FlowSources = noFlows
beforeAll(async () => {
  const { sources, problems } = await readShippedFlows()
  expect(problems).toEqual([])
  shipped = { shipped: sources, own: [] }
})

interface Written {
  /** Under the tenant acme. */
  readonly tenant?: string
  readonly tier?: string
  /** At the top level. */
  readonly rest?: string
  readonly own?: Readonly<Record<string, string>>
}

const parse = ({ tenant = '', tier = '', rest = '', own = {} }: Written) =>
  parseConfig(
    {
      file: 'odoo-pulse.yaml',
      text: `tenants:
  acme: { tier: gold, db_cluster: c, odoo: {}${tenant === '' ? '' : `, ${tenant}`} }
  globex: { tier: dedicated, db_cluster: c, odoo: {}, odoo_sql: {} }
  plain: { tier: shared, db_cluster: c }
tiers: { gold: { ${tier} } }
${rest}`,
    },
    [],
    collectors,
    { ...shipped, own: Object.entries(own).map(([name, text]) => ({ file: `flows.d/${name}`, text })) },
  )

const configOf = (written: Written): Config => {
  const { config, problems } = parse(written)
  expect(problems.map(formatProblem)).toEqual([])
  if (config === undefined) throw new Error('no problem, and no configuration')
  return config
}

const flowsOf = (written: Written, tenant = 'acme'): ReadonlyMap<string, TenantFlow> => {
  const found = configOf(written).tenants.find(({ name }) => name === tenant)
  return new Map((found?.flows ?? []).map((flow) => [flow.flow.name, flow]))
}

const flowOf = (written: Written, flow = 'picking', tenant = 'acme'): TenantFlow => {
  const found = flowsOf(written, tenant).get(flow)
  if (!found) throw new Error(flow)
  return found
}

const problemsOf = (written: Written): readonly string[] => parse(written).problems.map(formatProblem)

describe('what a tenant has', () => {
  test('every flow, where an Odoo can be asked; its file’s target, objective and mode', () => {
    const config = configOf({})
    expect(config.flows).toHaveLength(14)
    expect(config.tenants.map(({ name, flows }) => [name, flows.length])).toEqual([
      ['acme', 14],
      ['globex', 14],
      ['plain', 0],
    ])
    expect(config.tenants[1]?.flows.map(({ flow }) => flow)).toEqual(config.flows)
    expect(flowOf({})).toMatchObject({
      off: undefined,
      narrow: [],
      group: undefined,
      targets: [{ since: 0, target: { within_open_hours: hours(1) } }],
      mode: 'observe',
      showsValue: false,
    })
  })

  test('the objective of its tier; a tier of one’s own as shared', () => {
    expect(flowOf({}).objective).toBe(0.95)
    expect(flowOf({}, 'picking', 'globex').objective).toBe(0.99)
  })

  test('all tenants, the tier, the tenant: the later says otherwise, key by key', () => {
    const settings = (text: string) => `flows: { picking: { ${text} } }`
    const rest = settings('target: { within: 1h }, mode: ticket, objective: 0.9, value: true')
    const tier = settings('mode: page, narrow: [{ field: partner_id, is: set }]')
    expect(flowOf({ rest, tier, tenant: settings('objective: 0.8, value: false') })).toMatchObject({
      targets: [{ since: 0, target: { within: hours(1) } }],
      mode: 'page',
      objective: 0.8,
      showsValue: false,
      narrow: [{ kind: 'field', field: 'partner_id', test: { operator: 'set' } }],
    })
    expect(flowOf({ rest, tier }, 'picking', 'globex')).toMatchObject({ mode: 'ticket', narrow: [], showsValue: true })
    const dated = 'dated: [{ target: { within: 2h } }, { since: 2026-12-01T00:00:00+01:00, target: { within: 1h } }]'
    const since = Date.parse('2026-11-30T23:00:00Z')
    expect(flowOf({ rest, tenant: settings(dated) }).targets).toEqual([
      { since: 0, target: { within: hours(2) } },
      { since, target: { within: hours(1) } },
    ])
    // A target of one's own takes the place of dated ones, too.
    expect(flowOf({ rest: settings(dated), tenant: settings('target: { within: 5m }') }).targets).toEqual([
      { since: 0, target: { within: minutes(5) } },
    ])
    expect(flowOf({ rest: 'flows: { picking: }' })).toEqual(flowOf({}))
    expect(flowOf({ tenant: settings('group: { dimension: partner, field: partner_id }') }).group).toEqual({
      dimension: 'partner',
      field: 'partner_id',
    })
  })

  test('off: switched off, or not narrowed by a field that says which rows are meant', () => {
    const off = (flow: string, settings: string) => flowOf({ tenant: `flows: { ${flow}: { ${settings} } }` }, flow).off
    expect([...flowsOf({}).values()].flatMap(({ flow, off }) => (off === undefined ? [] : [flow.name]))).toEqual([
      'order-confirmation',
      'order-import',
      'stock-sync',
    ])
    expect(off('picking', 'enabled: false')).toBe('switched off in the configuration')
    expect(off('picking', 'enabled: true')).toBeUndefined()
    expect(off('order-import', '')).toBe(
      'not narrowed yet: only you know which rows it is for; add a condition on channel to its `narrow`',
    )
    expect(off('order-import', 'narrow: [{ field: state, is: set }]')).toContain('not narrowed yet')
    expect(off('order-import', 'narrow: [{ field: channel, in: [root.import] }]')).toBeUndefined()
    expect(off('order-confirmation', "narrow: [{ field: team_id.name, '=': EDI }]")).toBeUndefined()
    expect(off('order-confirmation', 'narrow: [{ or: [{ field: origin, is: set }] }]')).toBeUndefined()
    // What only a variant of it is read from.
    expect(off('stock-sync', 'narrow: [{ field: channel, in: [root.stock] }]')).toBeUndefined()
  })

  test('in tenants.d as well', () => {
    const file = 'tenants.d/late.yaml'
    const text =
      'tenants: { late: { tier: shared, db_cluster: c, odoo: {}, flows: { picking: { mode: page }, pickin: {} } } }'
    const main = { file: 'odoo-pulse.yaml', text: '' }
    const put = (written: string) => parseConfig(main, [{ file, text: written }], collectors, shipped)
    expect(put(text).problems.map(formatProblem)).toEqual([
      `${file}:1:93 tenants.late.flows.pickin: no such flow; did you mean "picking"?`,
    ])
    const [tenant] = put(text.replace(', pickin: {}', '')).config?.tenants ?? []
    expect(tenant?.flows.find(({ flow }) => flow.name === 'picking')?.mode).toBe('page')
  })

  test('how they are read', () => {
    const reader = (tenant: string) => configOf({ tenant }).tenants[0]?.flowReader
    expect(reader('')).toBe('auto')
    expect(reader('flow_reader: rpc')).toBe('rpc')
    expect(reader('odoo_sql: {}, flow_reader: sql')).toBe('sql')
  })
})

const OWN = `title: An export is taken over
process: logistics
owner: integration
kind: journey
evidence: ledger
model: x_wms_export
base: []
start: create_date
open: [{ field: x_state, '=': new }]
done: { when: [{ field: x_state, '=': sent }], at: x_sent }
target: { within: 15m }
slot: { field: create_date }
horizon: 30d
unknowable: Nothing.
`

describe('flows of one’s own', () => {
  test('stand beside the shipped ones, and take the place of those of the same name', () => {
    const own = { 'wms-export.yaml': OWN, 'picking.yaml': OWN.replace('title: An', 'title: Another') }
    const config = configOf({ own, tenant: 'flows: { wms-export: { mode: page } }' })
    expect(config.flows.map(({ name }) => name)).toHaveLength(15)
    expect(flowOf({ own, tenant: 'flows: { wms-export: { mode: page } }' }, 'wms-export')).toMatchObject({
      mode: 'page',
      flow: { model: 'x_wms_export' },
    })
    expect(config.flows.find(({ name }) => name === 'picking')?.title).toBe('Another export is taken over')
  })

  test('what is wrong with one is said with all else', () => {
    const found = problemsOf({
      own: {
        'wms-export.yaml': OWN.replace('15m', '15'),
        'Wms.yaml': OWN,
        'late.yaml': OWN.replace('within: 15m', 'by: end_of_day, calendar: dock'),
        'picking.yaml': '{',
      },
      // It is there, though it can't be read: its name is no second problem.
      tenant: 'flows: { picking: { mode: shout } }',
    })
    expect(found).toEqual([
      'odoo-pulse.yaml:2:74 tenants.acme.flows.picking.mode: unknown value; known here: "observe", "ticket", "page"',
      'flows.d/wms-export.yaml:11:19 target.within: write a duration such as 15s, 5m or 1h30m',
      'flows.d/Wms.yaml: name the file <flow>.yaml: lower-case letters, digits and -',
      'flows.d/late.yaml:11:37 target.calendar: no such window of kind open under `calendar.windows`; none is given: add it there',
      'flows.d/picking.yaml:1:2: not valid YAML: Flow map must end with a }',
    ])
  })
})

const CALENDAR = `calendar:
  timezone: Europe/Paris
  windows:
    dock: { kind: open, rrule: FREQ=DAILY, tenants: [globex] }
    rush: { kind: peak, rrule: FREQ=DAILY }
`
const AT = 'odoo-pulse.yaml:2'
const PICKING = 'tenants.acme.flows.picking'

describe('what is wrong', () => {
  test.each([
    ['an unknown flow', 'pickin: {}', `${AT}:57 tenants.acme.flows.pickin: no such flow; did you mean "picking"?`],
    [
      'an unknown key',
      'picking: { on: true }',
      `${AT}:68 ${PICKING}.on: unknown key; known here: "enabled", "narrow", "target", "dated", "objective", "mode", "value", "group"`,
    ],
    [
      'a target of another kind',
      'picking: { target: { at_most: 3 } }',
      `${AT}:76 ${PICKING}.target: a journey takes within, within_open_hours or by`,
    ],
    [
      '…among dated ones',
      'picking: { dated: [{ target: { within: 1h } }, { since: 2026-12-01T00:00:00Z, target: { periods: 2 } }] }',
      `${AT}:143 ${PICKING}.dated[1].target: a journey takes within, within_open_hours or by`,
    ],
    [
      'an objective that is none',
      'picking: { objective: 99 }',
      `${AT}:79 ${PICKING}.objective: must be at most 0.9999`,
    ],
    [
      'a calendar that is not there',
      'picking: { target: { within_open_hours: 1h, calendar: dok } }',
      `${AT}:111 ${PICKING}.target.calendar: no such window of kind open under \`calendar.windows\`; did you mean "dock"?`,
    ],
    [
      'a window of another kind',
      "picking: { target: { by: '16:00', calendar: rush } }",
      `${AT}:101 ${PICKING}.target.calendar: no such window of kind open under \`calendar.windows\`; known here: "dock"`,
    ],
    [
      'a window for others',
      "picking: { target: { by: '16:00', calendar: dock } }",
      `${AT}:101 ${PICKING}.target.calendar: this window is not for this tenant: add it to the window, or name another`,
    ],
    [
      'two targets',
      'picking: { target: { within: 1h }, dated: [{ target: { within: 1h } }] }',
      `${AT}:99 ${PICKING}.dated: \`target\` and \`dated\` exclude one another: keep one`,
    ],
    [
      'targets out of order',
      'picking: { dated: [{ since: 2026-12-01T00:00:00Z, target: { within: 1h } }, { since: 2026-11-01T00:00:00Z, target: { within: 2h } }] }',
      `${AT}:142 ${PICKING}.dated[1].since: not after the one before it: oldest first`,
    ],
    [
      'a second target that says not since when',
      'picking: { dated: [{ target: { within: 1h } }, { target: { within: 2h } }] }',
      `${AT}:104 ${PICKING}.dated[1]: missing: \`since\`; only the first can do without`,
    ],
    [
      'a day without a time zone',
      'picking: { dated: [{ since: 2026-12-01, target: { within: 1h } }] }',
      `${AT}:85 ${PICKING}.dated[0].since: write an instant such as 2026-12-01T00:00:00Z, or with an offset, 2026-12-01T00:00:00+01:00`,
    ],
    [
      'a day there is not',
      'picking: { dated: [{ since: 2026-02-30T00:00:00Z, target: { within: 1h } }] }',
      `${AT}:85 ${PICKING}.dated[0].since: write an instant such as 2026-12-01T00:00:00Z, or with an offset, 2026-12-01T00:00:00+01:00`,
    ],
    [
      'a condition that is none',
      'picking: { narrow: [{ field: state }] }',
      `${AT}:77 ${PICKING}.narrow[0]: say what is asked of the field: in, not_in, is, =, !=, <, <=, > or >=`,
    ],
    [
      'optional within or',
      'picking: { narrow: [{ or: [{ field: a, is: set, optional: true }] }] }',
      `${AT}:76 ${PICKING}.narrow: a is optional within \`or\` or \`not\`: leaving it out would change the meaning`,
    ],
  ])('%s', (_, settings, problem) => {
    expect(problemsOf({ tenant: `flows: { ${settings} }`, rest: CALENDAR })).toEqual([problem])
  })

  test('a reader that is not configured, and flows that nothing reads', () => {
    const main = (tenant: string) =>
      parseConfig(
        { file: 'odoo-pulse.yaml', text: `tenants: { a: { tier: shared, db_cluster: c, ${tenant} } }` },
        [],
        collectors,
        shipped,
      ).problems.map(formatProblem)
    expect(main('odoo: {}, flow_reader: sql')).toEqual([
      'odoo-pulse.yaml:1:69 tenants.a.flow_reader: needs `odoo_sql`: add that block, or leave this out',
    ])
    expect(main('odoo_sql: {}, flow_reader: rpc')).toEqual([
      'odoo-pulse.yaml:1:73 tenants.a.flow_reader: needs `odoo`: add that block, or leave this out',
    ])
    expect(main('flows: { picking: {} }')).toEqual([
      'odoo-pulse.yaml:1:46 tenants.a.flows: nothing reads its flows: add `odoo` or `odoo_sql`',
    ])
  })

  test('everything at once, wherever it stands', () => {
    const found = problemsOf({
      rest: 'flows: { piking: {}, picking: { target: { at_most: 1 }, objective: 2 } }',
      tier: 'flows: { paid-ordr: {} }',
      tenant: 'flow_reader: sql, flows: { stock-sync: { target: { within: 1 } } }',
    })
    expect(found.map((line) => line.split(' ')[1])).toEqual([
      'tenants.acme.flow_reader:',
      'tenants.acme.flows.stock-sync.target.within:',
      'tiers.gold.flows.paid-ordr:',
      'flows.piking:',
      'flows.picking.target:',
      'flows.picking.objective:',
    ])
  })
})

describe('on disk', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-flows-'))
    file = join(dir, 'odoo-pulse.yaml')
    await writeFile(file, 'tenants: { acme: { tier: shared, db_cluster: c, odoo: {} } }')
    await mkdir(join(dir, 'flows.d'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const load = () => loadConfig({ file, collectors })

  test('flows.d beside the configuration is read anew each time', async () => {
    const flowsNow = async () => {
      const loaded = await load()
      return loaded.ok ? loaded.config.tenants[0]?.flows.length : loaded.problems.map(formatProblem)
    }
    expect(await flowsNow()).toBe(14)
    await writeFile(join(dir, 'flows.d/wms-export.yaml'), OWN)
    await writeFile(join(dir, 'flows.d/.hidden.yaml'), 'nonsense')
    await writeFile(join(dir, 'flows.d/wms-export.yaml.bak'), 'nonsense')
    expect(await flowsNow()).toBe(15)
    await writeFile(join(dir, 'flows.d/wms-export.yaml'), OWN.replace('kind: journey', 'kind: jurney'))
    expect(await flowsNow()).toEqual(['flows.d/wms-export.yaml:4:7 kind: unknown value; did you mean "journey"?'])
    await rm(join(dir, 'flows.d/wms-export.yaml'))
    await symlink('/dev/zero', join(dir, 'flows.d/endless.yaml'))
    expect(await flowsNow()).toEqual(['flows.d/endless.yaml: larger than 1048576 bytes'])
  })

  test('check counts and names them', async () => {
    await writeFile(join(dir, 'flows.d/wms-export.yaml'), OWN)
    const run = () => check({ file, collectors, json: false, secrets: undefined, webConfigFile: undefined })
    expect((await run()).out.split('\n')).toEqual([
      `SUCCESS: ${file} is valid`,
      'SUCCESS: flows.d/wms-export.yaml is valid',
      'SUCCESS: 0 servers, 1 tenant',
      'SUCCESS: 15 flows, read for 1 tenant',
      'SUCCESS: 1 target with 2 probes',
      'SUCCESS: 0 references to secrets, not read (--skip-secrets)',
      '',
    ])
    await writeFile(join(dir, 'flows.d/wms-export.yaml'), OWN.replace('slot:', 'slott:'))
    const { err, code } = await run()
    expect([err.split('\n').at(-2), code]).toEqual(['FAILED: 1 problem in 1 of 2 files', 2])
  })
})
