import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { run } from '../src/cli.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const CONFIG = `servers:
  pg-main:
    db_cluster: main
    postgres: { host: 127.0.0.1, user: u, password: { env: PULSE_TEST_PASSWORD } }
tenants:
  acme: { tier: shared, databases: [{ server: pg-main, datname: acme }] }
`

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-cli-'))
  await writeFile(join(dir, 'odoo-pulse.yaml'), CONFIG)
  await writeFile(join(dir, 'bad.yaml'), CONFIG.replace('host:', 'hots:').replace('tier: shared', 'tier: shard'))
})
afterAll(() => rm(dir, { recursive: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const odooPulse = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: dir, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

/** In this process: fast. */
const inside = async (...argv: readonly string[]): Promise<Ended> => {
  const said = { out: '', err: '' }
  const code = await run(argv, {
    version: '1.2.3',
    env: {},
    signals: { on: () => {}, off: () => {} },
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    exit: () => {},
  })
  return { code, ...said }
}

test('--version is the package’s', async () => {
  expect(await odooPulse(['--version'])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' })
  expect((await inside('--version')).out).toBe('1.2.3\n')
})

test('check: what is well, and exit code 0', async () => {
  const { code, out, err } = await odooPulse(['check'], { PULSE_TEST_PASSWORD: 'a-long-password' })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.split('\n')).toEqual([
    'SUCCESS: odoo-pulse.yaml is valid',
    'SUCCESS: 1 server, 1 tenant',
    'SUCCESS: 14 flows, read for 0 tenants',
    expect.stringMatching(/^SUCCESS: 1 target with \d+ probes$/),
    'SUCCESS: 1 reference to secrets, readable',
    '',
  ])
})

test('check: every problem, and exit code 2', async () => {
  const { code, out, err } = await odooPulse(['check', '--config', 'bad.yaml'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err.split('\n').map((line) => line.replace(/(missing): .*/, '$1'))).toEqual([
    '  bad.yaml:4:5 servers.pg-main.postgres.host: missing',
    '  bad.yaml:4:17 servers.pg-main.postgres.hots: unknown key; did you mean "host"?',
    '  bad.yaml:4:53 servers.pg-main.postgres.password: environment variable PULSE_TEST_PASSWORD is not set',
    '  bad.yaml:6:17 tenants.acme.tier: no such tier under `tiers`; did you mean "shared"?',
    'FAILED: 4 problems in 1 of 1 file',
    '',
  ])
})

test('check --web.config.file: its problems with the others', async () => {
  const web = join(dir, 'web.yaml')
  await writeFile(web, 'basic_auth_users: { scraper: no-hash }\ntls_server_config: { cert_file: missing.crt }\n')
  const { code, err } = await inside(
    'check',
    '--skip-secrets',
    '--config',
    join(dir, 'bad.yaml'),
    '--web.config.file',
    web,
  )
  expect(code).toBe(2)
  expect(err).toContain(`${web}: basic_auth_users.scraper`)
  expect(err).toContain(`${web}: tls_server_config`)
  expect(err).toMatch(/FAILED: \d+ problems in 2 of 2 files\n$/)
  expect(err).not.toContain('no-hash')
})

test('check --json --skip-secrets', async () => {
  const good = await inside('check', '--json', '--skip-secrets', '--config', join(dir, 'odoo-pulse.yaml'))
  expect(good.code).toBe(0)
  expect(JSON.parse(good.out)).toEqual({ valid: true, files: [join(dir, 'odoo-pulse.yaml')], problems: [] })
  const bad = await inside('check', '--json', '--skip-secrets', '--config', join(dir, 'bad.yaml'))
  expect(bad.code).toBe(2)
  expect(JSON.parse(bad.out).problems[1]).toEqual({
    file: join(dir, 'bad.yaml'),
    line: 4,
    column: 17,
    path: 'servers.pg-main.postgres.hots',
    message: 'unknown key; did you mean "host"?',
  })
  expect(bad.err).toBe('')
})

test.each([
  [[], 'Usage: odoo-pulse'],
  [['serv'], 'Did you mean serve?'],
  [['serve', '--listen', 'here'], 'write HOST:PORT'],
  [['serve', '--log.level', 'loud'], 'Allowed choices are debug, info, warn, error'],
  [['serve', '--nix'], "unknown option '--nix'"],
  [['check', 'surplus'], 'too many arguments'],
  [['health', '--url', 'host:1'], 'write http(s)://HOST:PORT'],
  [['serve', '--config', '/nowhere/odoo-pulse.yaml'], '/nowhere/odoo-pulse.yaml: no such file'],
])('wrong usage %j: exit code 2, and what to do', async (argv, expected) => {
  const { code, out, err } = await inside(...argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(expected)
})

test('--help suffices: every command with its flags and an example', async () => {
  const top = await inside('--help')
  expect(top.code).toBe(0)
  const commands = [...top.out.matchAll(/^ {2}(\w+) \[/gm)].map((m) => m[1] ?? '').filter((name) => name !== 'help')
  expect(commands).toEqual(expect.arrayContaining(['serve', 'check', 'health']))
  for (const command of commands) {
    const { code, out } = await inside(command, '--help')
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`Examples?:\\n.*odoo-pulse ${command}`))
  }
  const { out } = await inside('serve', '--help')
  for (const flag of ['--config', '--listen', '--web.config.file', '--web.enable-lifecycle', '--log.level'])
    expect(out).toContain(flag)
})

test('health: 0 from a healthy service, else 1 and why', async () => {
  let status = 200
  const server = createServer((_, response) => response.writeHead(status).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await inside('health', '--url', url)).toEqual({ code: 0, out: 'healthy\n', err: '' })
  status = 500
  expect(await inside('health', '--url', url)).toEqual({ code: 1, out: '', err: `${url} answers 500\n` })
  await new Promise((resolve) => server.close(resolve))
  const { code, err } = await inside('health', '--url', url)
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('ECONNREFUSED') })
})
