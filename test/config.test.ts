import { describe, expect, test } from 'vitest'
import { type Config, formatProblem, parseConfig, targetsOf } from '../src/config.ts'
import { app, collectors, db } from './support/collectors.ts'

const parse = (text: string, tenants: Readonly<Record<string, string>> = {}) =>
  parseConfig(
    { file: 'odoo-pulse.yaml', text },
    Object.entries(tenants).map(([file, text]) => ({ file, text })),
    collectors,
  )

const problemsOf = (text: string, tenants: Readonly<Record<string, string>> = {}): readonly string[] => {
  const { config, problems } = parse(text, tenants)
  expect(config === undefined).toBe(problems.length > 0)
  return problems.map(formatProblem)
}

const configOf = (text: string, tenants: Readonly<Record<string, string>> = {}): Config => {
  const { config, problems } = parse(text, tenants)
  expect(problems.map(formatProblem)).toEqual([])
  if (config === undefined) throw new Error('no problem, and no configuration')
  return config
}

const SERVER = `servers:
  pg-main:
    db_cluster: main
    db: { host: db1 }
`

describe('what a configuration means', () => {
  test('an empty file is the defaults', () => {
    for (const text of ['', '# nothing yet\n', 'servers:\ntenants:\ncollectors:\npolling:\n', '{}']) {
      expect(configOf(text)).toEqual({
        listen: '127.0.0.1:18069',
        servers: [],
        tenants: [],
        calendar: [],
        timezone: 'UTC',
        flows: [],
        polling: { share: 0.01 },
        logging: { level: 'info' },
        telemetry: { otlpEndpoint: undefined },
        oncall: undefined,
        links: undefined,
        ownFlows: [],
      })
    }
  })

  test('targets: a block each, with its label, its settings and its intervals', () => {
    const config = configOf(`
servers:
  one:
    db: { host: h, password: { env: PW } }
    collectors: { db: { intervals: { sizes: 1h30m } } }
  two: { db: { host: h }, collectors: { db: { enabled: false } } }
tiers:
  shared: { db_cluster: main, collectors: { app: { intervals: { requests: 10s, sizes: 2m } } } }
tenants:
  acme: { tier: shared, app: { url: 'http://acme' }, collectors: { app: { intervals: { sizes: 3m } } } }
  beta: { tier: dedicated, db_cluster: main, app: { url: 'http://beta' } }
collectors:
  db: { intervals: { sizes: 20m, requests: 5s } }
  app: { enabled: true }
`)
    expect(targetsOf(config, collectors)).toEqual([
      {
        name: 'one',
        collector: db,
        config: { host: 'h', port: 5432, password: { env: 'PW' } },
        labels: { server: 'one' },
        intervals: { sizes: 5_400_000, requests: 5000 },
      },
      {
        name: 'acme',
        collector: app,
        config: { url: 'http://acme' },
        labels: { tenant: 'acme' },
        intervals: { requests: 10_000, sizes: 180_000 },
      },
      { name: 'beta', collector: app, config: { url: 'http://beta' }, labels: { tenant: 'beta' }, intervals: {} },
    ])
  })

  test('a collector switched off for all can be switched on for one', () => {
    const config = configOf(
      'servers:\n  a: { db: { host: h } }\n  b: { db: { host: h }, collectors: { db: { enabled: true } } }\n' +
        'collectors: { db: { enabled: false } }',
    )
    expect(targetsOf(config, collectors).map((t) => t.name)).toEqual(['b'])
  })

  test('db_cluster: the own one, else that of the databases’ servers, else the tier’s; of a server: else its name', () => {
    const config = configOf(`
servers: { a: { db_cluster: main }, b: { db_cluster: main }, alone: {} }
tiers: { gold: { db_cluster: vault } }
tenants:
  own: { tier: gold, db_cluster: mine, databases: [{ server: a, datname: 1st }, { server: alone, datname: x }] }
  both: { tier: gold, databases: [{ server: a, datname: y }, { server: b, datname: y }] }
  alone: { tier: gold, databases: [{ server: alone, datname: z }] }
  none: { tier: gold }
`)
    expect(config.tenants.map((t) => [t.name, t.dbCluster])).toEqual([
      ['own', 'mine'],
      ['both', 'main'],
      ['alone', 'alone'],
      ['none', 'vault'],
    ])
  })

  test('any printable name', () => {
    const names = [`L'Été "1"`, 'a:b', 'constructor', 'toString', '株式会社', 'a b', '42', '~', '{x}', '🏭']
    const text = names.map((n) => `  ${JSON.stringify(n)}: { tier: shared, db_cluster: c }`).join('\n')
    expect(new Set(configOf(`tenants:\n${text}`).tenants.map((t) => t.name))).toEqual(new Set(names))
  })

  test('tenants in files of their own, in order', () => {
    const config = configOf(`${SERVER}tenants: { z: { tier: shared, db_cluster: x } }`, {
      'tenants.d/a.yaml': 'tenants: { y: { tier: shared, databases: [{ server: pg-main, datname: y }] } }',
      'tenants.d/b.yaml': '',
      'tenants.d/c.yaml': 'tenants: { b: { tier: shared, db_cluster: x } }',
    })
    expect(config.tenants.map((t) => t.name)).toEqual(['z', 'y', 'b'])
  })

  test('anchors, aliases and merges', () => {
    const config = configOf(`
servers:
  a: { db: &common { host: h, port: 1 } }
  b: { db: { <<: *common, port: 2 } }
  c: { db: *common }
  d: { db: { <<: [{ port: 4 }, *common] } }
`)
    expect(config.servers.map((s) => s.watched[0]?.config)).toEqual([1, 2, 1, 4].map((port) => ({ host: 'h', port })))
  })

  test('addresses to listen on', () => {
    for (const listen of [':18069', '[::1]:0', 'localhost:1', '0.0.0.0:65535', '127.0.0.1:18069'])
      expect(configOf(`listen: '${listen}'`).listen).toBe(listen)
    for (const listen of ['18069', 'host', '::1:80', 'http://h:1', 'h:65536', '[::1]', 'h:1/x'])
      expect(problemsOf(`listen: '${listen}'`)).toHaveLength(1)
  })
})

/** Each line of problems exactly: place, path, what is wrong and what to do. */
const CASES: readonly (readonly [name: string, text: string, problems: readonly string[]])[] = [
  [
    'unknown key',
    'servers:\n  a:\n    db:\n      host: h\n      prot: 1',
    [':5:7 servers.a.db.prot: unknown key; did you mean "port"?'],
  ],
  ['unknown key at the top', 'tenats: {}', [':1:1 tenats: unknown key; did you mean "tenants"?']],
  ['nothing like it', 'polling: { zzz: 1 }', [':1:12 polling.zzz: unknown key; known here: "share"']],
  [
    'unknown probe',
    'collectors: { db: { intervals: { size: 1m } } }',
    [':1:34 collectors.db.intervals.size: unknown key; did you mean "sizes"?'],
  ],
  [
    'a collector in the wrong place',
    'servers: { a: { app: {} } }',
    [':1:17 servers.a.app: unknown key; app watches tenants: it stands at tenants.NAME.app'],
  ],
  [
    '…and its settings',
    'servers: { a: { collectors: { app: {} } } }',
    [':1:31 servers.a.collectors.app: unknown key; app watches tenants: it stands at tenants.NAME.collectors.app'],
  ],
  ['missing', 'servers:\n  a:\n    db: { port: 1 }', [':3:5 servers.a.db.host: missing: Where it is.']],
  [
    'nothing written',
    'servers:\n  a:\n    db:\n      host:',
    [':4:7 servers.a.db.host: nothing is written here: Where it is.'],
  ],
  [
    'text for a number',
    "servers: { a: { db: { host: h, port: '1' } } }",
    [':1:38 servers.a.db.port: expected a number, got text'],
  ],
  [
    'a number for text',
    'servers: { a: { db: { host: 1 } } }',
    [':1:29 servers.a.db.host: expected text, got a number: put it in quotes'],
  ],
  ['text for a mapping', 'servers: yes', [':1:10 servers: expected a mapping, got text']],
  ['a list for a mapping', '- a', [':1:1: expected a mapping, got a list']],
  [
    'text for a list',
    'servers: { a: { db: { host: h, tables: x } } }',
    [':1:40 servers.a.db.tables: expected a list, got text'],
  ],
  ['out of bounds', 'polling: { share: 7 }', [':1:19 polling.share: must be at most 0.5']],
  [
    'not whole',
    'servers: { a: { db: { host: h, port: 1.5 } } }',
    [':1:38 servers.a.db.port: expected a whole number, got a number'],
  ],
  [
    'unknown value',
    'logging: { level: warning }',
    [':1:19 logging.level: unknown value; known here: "debug", "info", "warn", "error"'],
  ],
  [
    'unknown value, nearly right',
    'servers: { a: { db: { host: h, mode: plein } } }',
    [':1:38 servers.a.db.mode: unknown value; did you mean "plain"?'],
  ],
  [
    'a secret inline',
    'servers: { a: { db: { host: h, password: hunter2 } } }',
    [':1:42 servers.a.db.password: a secret is given as {file: PATH} or {env: NAME}, never inline'],
  ],
  [
    'within alternatives',
    'servers: { a: { db: { host: h, auth: { user: 1, key: { env: K } } } } }',
    [':1:46 servers.a.db.auth.user: expected text, got a number: put it in quotes'],
  ],
  [
    'no duration',
    'collectors: { db: { intervals: { sizes: 10 } } }',
    [':1:41 collectors.db.intervals.sizes: write a duration such as 15s, 5m or 1h30m'],
  ],
  [
    'no duration either',
    'collectors: { db: { intervals: { sizes: 5min } } }',
    [':1:41 collectors.db.intervals.sizes: write a duration such as 15s, 5m or 1h30m'],
  ],
  [
    'too short',
    'collectors: { db: { intervals: { sizes: 10ms } } }',
    [':1:41 collectors.db.intervals.sizes: too short: at least 1s'],
  ],
  [
    'a counter polled too slowly',
    'collectors: { db: { intervals: { requests: 16s } } }',
    [
      ':1:44 collectors.db.intervals.requests: too long: at most 15s: it gives counters (requests_total), whose rates a slower poll would falsify',
    ],
  ],
  [
    'dangling tier',
    'tenants: { a: { tier: dedicatd, db_cluster: c } }',
    [':1:23 tenants.a.tier: no such tier under `tiers`; did you mean "dedicated"?'],
  ],
  [
    'dangling server',
    `${SERVER}tenants: { a: { tier: shared, databases: [{ server: pg-mian, datname: a }] } }`,
    [':5:53 tenants.a.databases[0].server: no such server under `servers`; did you mean "pg-main"?'],
  ],
  [
    'a database of two tenants',
    `${SERVER}tenants:
  a: { tier: shared, databases: [{ server: pg-main, datname: x }] }
  b: { tier: shared, databases: [{ server: pg-main, datname: x }] }`,
    [
      ':7:34 tenants.b.databases[0]: tenants.a (odoo-pulse.yaml:6) has this database already: a database belongs to one tenant',
    ],
  ],
  [
    'a database twice',
    `${SERVER}tenants:
  a: { tier: shared, databases: [{ server: pg-main, datname: x }, { server: pg-main, datname: x }] }`,
    [':6:67 tenants.a.databases[1]: this tenant has this database already: keep one'],
  ],
  [
    'no machine group',
    'tenants: { a: { tier: shared } }',
    [':1:12 tenants.a: its machine group is unknown: give its `databases`, or `db_cluster`'],
  ],
  [
    'several machine groups',
    `servers: { a: {}, b: {} }
tenants: { t: { tier: shared, databases: [{ server: a, datname: x }, { server: b, datname: x }] } }`,
    [':2:12 tenants.t: its databases stand on several machine groups (a, b): say with `db_cluster` which is its own'],
  ],
  ['a key twice', 'servers: {}\nservers: {}', [':2:1 servers: key given twice: keep this or the one on line 1']],
  [
    'a tenant twice',
    'tenants:\n  a: { tier: shared, db_cluster: c }\n  a: { tier: shared, db_cluster: c }',
    [':3:3 tenants.a: key given twice: keep this or the one on line 2'],
  ],
  [
    'a blank name',
    'tenants: { " a": { tier: shared, db_cluster: c } }',
    [':1:12 tenants[" a"]: a name has 1 to 200 printable characters, no blanks at either end'],
  ],
  [
    'an unprintable name',
    'servers: { "a\\u202eb": {} }',
    [':1:12 servers["a\\u{202e}b"]: a name has 1 to 200 printable characters, no blanks at either end'],
  ],
  [
    'a reserved name',
    'servers: { __proto__: { db: { host: h } } }',
    [':1:12 servers: "__proto__" is a reserved word: choose another name'],
  ],
  [
    'a password in a URL',
    'telemetry: { otlp_endpoint: "http://u:p@h" }',
    [
      ':1:29 telemetry.otlp_endpoint: a password in a URL ends in logs and process lists: take it out, and give it as {file: …} or {env: …}',
    ],
  ],
  [
    '…of a collector',
    'servers: { a: { db: { host: "postgres://u:p/w@h/d" } } }',
    [
      ':1:29 servers.a.db.host: a password in a URL ends in logs and process lists: take it out, and give it as {file: …} or {env: …}',
    ],
  ],
  [
    '…in its query',
    'servers: { a: { db: { host: "postgres://h/d?password=p" } } }',
    [
      ':1:29 servers.a.db.host: a password in a URL ends in logs and process lists: take it out, and give it as {file: …} or {env: …}',
    ],
  ],
  [
    'no URL',
    'telemetry: { otlp_endpoint: "h:4318" }',
    [':1:29 telemetry.otlp_endpoint: write an http:// or https:// URL'],
  ],
  ['a quote left open', 'listen: "x\nservers: {}\n', [':3:1: not valid YAML: Missing closing "quote']],
  ['a tab', 'servers:\n\ta: {}', [':2:1: not valid YAML: Tabs are not allowed as indentation']],
  [
    'two documents',
    'listen: ":1"\n---\nlisten: ":2"',
    [':2:1: not valid YAML: a second document (---) in one file: put it into a file of its own'],
  ],
  ['a tag', 'listen: !secret x', [':1:9: not valid YAML: tags (!name) have no meaning here: leave the tag out']],
  ['an alias of nothing', 'servers: *x', [':1:10 servers: this alias has no anchor before it: write the value out']],
  [
    'an alias of what holds it',
    'servers: &x { a: *x }',
    [':1:18 servers.a: this alias stands within what it repeats: write the value out'],
  ],
]

describe('what is wrong with it', () => {
  test.each(CASES)('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected.map((p) => `odoo-pulse.yaml${p}`))
  })

  test('everything at once, in the order of the lines', () => {
    const lines = problemsOf(
      'listen: x\nserverz: {}\nservers: { a: { db: {} } }\ntenants: { t: { tier: shard } }\n',
    ).map((line) => line.split(' ')[1])
    expect(lines).toEqual(['listen:', 'serverz:', 'servers.a.db.host:', 'tenants.t:', 'tenants.t.tier:'])
  })

  test('only tenants in tenants.d, each once', () => {
    const found = problemsOf('tenants:\n  a: { tier: shared, db_cluster: c }\n', {
      'tenants.d/1.yaml': 'servers: {}\n',
      'tenants.d/2.yaml': 'tenants:\n  a: { tier: shared, db_cluster: c }\n',
      'tenants.d/3.yaml': 'tenants: { b: { tier: nix, db_cluster: c } }\n',
      'tenants.d/4.yaml': '{',
    })
    expect(found).toEqual([
      'tenants.d/1.yaml:1:1 servers: unknown key; files of tenants.d hold `tenants` only: move it to the main file',
      'tenants.d/2.yaml:2:3 tenants.a: this tenant stands in odoo-pulse.yaml:2 already: keep one',
      'tenants.d/3.yaml:1:23 tenants.b.tier: no such tier under `tiers`; known here: "dedicated", "segmented", "shared"',
      'tenants.d/4.yaml:1:2: not valid YAML: Flow map must end with a }',
    ])
  })

  test('no value is ever shown: it may be a password', () => {
    const secret = 'hunter2hunter2'
    for (const text of [
      `listen: ${secret}`,
      `servers: ${secret}`,
      `servers: { a: { db: { host: h, password: ${secret} } } }`,
      `servers: { a: { db: { host: h, password: { env: '${secret}!' } } } }`,
      `servers: { a: { db: { host: h, mode: ${secret} } } }`,
      `servers: { a: { db: { host: "postgres://u:${secret}@h" } } }`,
      `logging: { level: ${secret} }`,
      `listen: x\n${secret}\n`,
      `listen: "x" ${secret}`,
      `listen: !${secret} x`,
      `listen: "\\q${secret}"`,
      `%${secret}\n---\n{}`,
      `listen: [x ${secret}: }`,
    ]) {
      const found = problemsOf(text)
      expect(found.length).toBeGreaterThan(0)
      expect(found.join('\n')).not.toContain(secret)
    }
  })
})

describe('bounds', () => {
  test('a billion laughs', () => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 30; i++)
      lines.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    const before = performance.now()
    expect(problemsOf(lines.join('\n'))).toEqual([
      'odoo-pulse.yaml:1:1: too large: more than 200000 values, aliases written out',
    ])
    expect(performance.now() - before).toBeLessThan(5000)
  })

  test('nested without end', () => {
    expect(problemsOf('['.repeat(200_000))).toHaveLength(1)
    const deep = `${'['.repeat(150)}${']'.repeat(150)}`
    expect(problemsOf(deep)).toEqual(['odoo-pulse.yaml:1:1: too large: more than 100 levels deep'])
  })

  test('many keys, many tenants', () => {
    const before = performance.now()
    const tenants = Array.from({ length: 3000 }, (_, i) => `  t${i}: { tier: shared, db_cluster: c }`)
    expect(configOf(`tenants:\n${tenants.join('\n')}`).tenants).toHaveLength(3000)
    const dangling = tenants.map((line) => line.replace('shared', 'shaded'))
    expect(problemsOf(`tenants:\n${dangling.join('\n')}`)).toHaveLength(3000)
    expect(performance.now() - before).toBeLessThan(20_000)
  })
})
