import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { collectors } from '../collectors/index.ts'
import { type JsonSchema, schemaText } from '../src/config/schema.ts'
import { formatProblem, loadConfig, targetsOf } from '../src/config.ts'
import { secretsBeside } from '../src/secrets.ts'
import { collectors as testCollectors } from './support/collectors.ts'

const root = join(import.meta.dirname, '..')
const EXAMPLE = join(root, 'odoo-pulse.example.yaml')
const example = readFileSync(EXAMPLE, 'utf8')
const schemaFile = readFileSync(join(root, 'odoo-pulse.schema.json'), 'utf8')
const schema: JsonSchema = JSON.parse(schemaFile)

/** Every key the schema knows, but for the probes: they are named by the editor. */
const keysOf = (node: JsonSchema): readonly string[] => {
  // The condition language is that of the flows' files: it is shown there.
  const defined = Object.entries(node.$defs ?? {}).filter(([name]) => name !== 'Condition')
  const within = [node.additionalProperties, ...(node.anyOf ?? []), ...defined.map(([, value]) => value)]
  const inner = Array.isArray(node.items) ? node.items : [node.items]
  const named = Object.entries(node.properties ?? {})
  return [
    ...named.flatMap(([key, value]) => [
      key,
      ...(key === 'intervals' || value === true ? [] : keysOf(value as JsonSchema)),
    ]),
    ...[...within, ...inner].flatMap((next) => (typeof next === 'object' ? keysOf(next) : [])),
  ]
}

describe('the example', () => {
  test('is valid, and watches what it names', async () => {
    const loaded = await loadConfig({ file: EXAMPLE, collectors })
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
    expect(targetsOf(loaded.config, collectors).map((t) => [t.name, t.collector.name])).toEqual([
      ['pg-main', 'postgres'],
      ['pg-standby', 'postgres'],
      ['cache', 'redis'],
      ['cache-ha', 'redis'],
      ['edge', 'traefik'],
      ['acme', 'odoo'],
      ['acme', 'odoo_sql'],
      ['L\'Été "1"', 'odoo'],
    ])
  })

  test('is complete', () => {
    const keys = new Set(keysOf(schema))
    expect(keys.size).toBeGreaterThan(30)
    const absent = [...keys].filter((key) => !new RegExp(`^(\\s|- )*[^#\\n]*(^|[\\s{])${key}:`, 'm').test(example))
    expect(absent).toEqual([])
  })
})

describe('the schema for editors', () => {
  test('is fresh', () => {
    expect(schemaFile).toBe(schemaText(collectors))
  })

  test('describes every key', () => {
    const undescribed = (node: JsonSchema, path: string): readonly string[] =>
      Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
        if (typeof value !== 'object') return []
        const target = schema.$defs?.[String(value.$ref).replace('#/$defs/', '')]
        const here = (value.description ?? target?.description) ? [] : [`${path}.${key}`]
        const each = value.additionalProperties
        return [
          ...here,
          ...undescribed(value, `${path}.${key}`),
          ...(typeof each === 'object' ? undescribed(each, `${path}.*`) : []),
        ]
      })
    const all = [schema, ...Object.values(schema.$defs ?? {})].flatMap((node) => undescribed(node, node.id ?? ''))
    expect(all).toEqual([])
  })

  test('accepts the example, and refuses what is wrong in it', () => {
    const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema)
    const accepts = (text: string) => validate(parse(text))
    expect(accepts(example), JSON.stringify(validate.errors)).toBe(true)
    for (const [from, to] of [
      ['port: 5432', 'prot: 5432'],
      ['port: 5432', 'port: "5432"'],
      ['sizes: 10m', 'sizes: 10 minutes'],
      ['sizes: 10m', 'size: 10m'],
      ['{ file: secrets/pg-main }', 'hunter2'],
      ['level: info', 'level: loud'],
      ['listen: 127.0.0.1:18069', 'listen: 127.0.0.1'],
      ['\n  acme:', '\n  " acme":'],
      ['share: 0.01', 'share: 1'],
      ['tier: dedicated', 'tear: dedicated'],
      ['mode: page', 'mode: shout'],
      ['within: 10m', 'within: 10'],
      ['in: [1, 4]', 'isin: [1, 4]'],
      ['since: 2026-12-01T00:00:00+01:00', 'since: 2026-12-01'],
    ] as const) {
      expect(example).toContain(from)
      expect(accepts(example.replace(from, to)), to).toBe(false)
    }
  })
})

describe('loading', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-config-'))
    file = join(dir, 'odoo-pulse.yaml')
  })
  afterEach(() => rm(dir, { recursive: true }))

  const problems = async (options: { readonly env?: Readonly<Record<string, string>> } = {}) => {
    const secrets = options.env && secretsBeside(file, options.env)
    const loaded = await loadConfig({ file, collectors: testCollectors, secrets })
    return loaded.ok ? [] : loaded.problems.map((p) => formatProblem(p).replace(file, 'MAIN'))
  }

  test('no file, a folder, no text', async () => {
    expect(await problems()).toEqual([
      'MAIN: no such file; name it with --config FILE, and see odoo-pulse.example.yaml',
    ])
    await mkdir(file)
    expect(await problems()).toEqual([expect.stringMatching(/^MAIN: a directory, where a file is expected/)])
    await rm(file, { recursive: true })
    await writeFile(file, Buffer.from([0x61, 0x3a, 0xff]))
    expect(await problems()).toEqual([expect.stringMatching(/^MAIN: not UTF-8 text/)])
    await rm(file)
    await symlink('/dev/zero', file)
    expect(await problems()).toEqual([expect.stringMatching(/^MAIN: larger than 1048576 bytes/)])
  })

  test('tenants.d: by name, without what is hidden or of another kind; problems name the file', async () => {
    await writeFile(file, 'servers: { a: {} }')
    expect(await problems()).toEqual([])
    await mkdir(join(dir, 'tenants.d'))
    const tenant = (name: string) =>
      `tenants: { ${name}: { tier: shared, databases: [{ server: a, datname: ${name} }] } }`
    await writeFile(join(dir, 'tenants.d/b.yaml'), tenant('b'))
    await writeFile(join(dir, 'tenants.d/a.yml'), tenant('a'))
    await writeFile(join(dir, 'tenants.d/.c.yaml'), 'nonsense: 1')
    await writeFile(join(dir, 'tenants.d/d.yaml.bak'), 'nonsense: 1')
    const loaded = await loadConfig({ file, collectors: testCollectors })
    expect(loaded.ok && loaded.config.tenants.map((t) => t.name)).toEqual(['a', 'b'])
    await writeFile(join(dir, 'tenants.d/e.yaml'), 'tenants: { b: { tier: shard, db_cluster: x } }')
    expect(await problems()).toEqual([
      'tenants.d/e.yaml:1:12 tenants.b: this tenant stands in tenants.d/b.yaml:1 already: keep one',
      'tenants.d/e.yaml:1:23 tenants.b.tier: no such tier under `tiers`; did you mean "shared"?',
    ])
  })

  test('secrets are read when loading, each named where it stands, beside all else that is wrong', async () => {
    await writeFile(
      file,
      `servers:
  a: { db: { host: h, password: { env: PW } } }
  b: { db: { host: h, password: { file: pw } } }
  c: { db: { host: h, password: { env: NONE } } }
  d: { db: { host: h, prot: 1, auth: { user: u, key: { file: none } } } }
`,
    )
    await writeFile(join(dir, 'pw'), 'a-long-password')
    const found = await problems({ env: { PW: 'another-password' } })
    expect(found).toEqual([
      'MAIN:4:33 servers.c.db.password: environment variable NONE is not set',
      'MAIN:5:23 servers.d.db.prot: unknown key; did you mean "port"?',
      'MAIN:5:54 servers.d.db.auth.key: secret file none: no such file',
    ])
    expect(await problems()).toEqual(found.filter((p) => p.includes('prot')))
  })
})
