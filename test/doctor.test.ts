import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgres } from '../collectors/postgres/index.ts'
import { type PostgresServer, startPostgres } from '../demo/postgres.ts'
import { freePort } from '../demo/processes.ts'
import { CollectError } from '../src/collector.ts'
import { type DoctorResult, doctor } from '../src/doctor.ts'
import type { Finding } from '../src/doctor_report.ts'
import { examine } from '../src/examine.ts'
import { secretsBeside } from '../src/secrets.ts'
import { collectorOf, farSide, never, probeOf, targetOf } from './support/collector.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const PASSWORD = 'a-monitoring-password'
const WRONG = 'a-mistaken-password'

let server: PostgresServer
let dir: string
let deadPort: number
let hanging: ReturnType<typeof createServer>

const target = (port: number, password: string, user = 'odoo_pulse') =>
  `{ host: 127.0.0.1, port: ${port}, user: ${user}, password: { env: ${password} }, sslmode: disable }`

const portOf = (listener: ReturnType<typeof createServer>): number => {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return address.port
}

beforeAll(async () => {
  server = await startPostgres()
  await server.query(`create role odoo_pulse login password '${PASSWORD}'; grant pg_monitor to odoo_pulse;
    create role blind login password '${PASSWORD}'; create sequence public.invoice_seq`)
  deadPort = await freePort()
  hanging = createServer()
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
  dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-doctor-'))
  await writeFile(
    join(dir, 'odoo-pulse.yaml'),
    `servers:
  good: { postgres: ${target(server.port, 'GOOD')} }
  blind: { postgres: ${target(server.port, 'GOOD', 'blind')} }
  mistaken: { postgres: ${target(server.port, 'WRONG')} }
  dead: { postgres: ${target(deadPort, 'GOOD')} }
  hanging: { postgres: ${target(portOf(hanging), 'GOOD')} }
`,
  )
}, 60_000)

afterAll(async () => {
  await server.stop()
  hanging.close()
  await rm(dir, { recursive: true })
})

const examined = (json: boolean, ...targets: readonly string[]): Promise<DoctorResult> => {
  const file = join(dir, 'odoo-pulse.yaml')
  const secrets = secretsBeside(file, { GOOD: PASSWORD, WRONG })
  return doctor({ file, collectors: [postgres], secrets, json, targets, progress: () => {} })
}

const findingsOf = async (name: string): Promise<{ readonly code: number; readonly findings: readonly Finding[] }> => {
  const { out, code } = await examined(true, name)
  return { code, findings: JSON.parse(out).findings }
}

describe('a server that answers', () => {
  test('every probe is asked once: it works, or is unsupported with the very line that mends it', async () => {
    const { code, findings } = await findingsOf('good')
    expect(code).toBe(0)
    expect(findings.map(({ probe }) => probe)).toEqual(['connect', ...postgres.probes.map(({ name }) => name)])
    const sequences = findings.find(({ probe }) => probe === 'sequences')
    expect(sequences?.status).toBe('unsupported')
    expect(sequences?.message).toContain('GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "odoo_pulse"')
    const others = findings.filter(({ status }) => status !== 'works').map(({ probe }) => probe)
    expect(others).not.toContain('activity')
    expect(findings.find(({ probe }) => probe === 'activity')?.series).toBeGreaterThan(0)
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([])
  })

  test('the line, obeyed, mends it', async () => {
    const { findings } = await findingsOf('good')
    const message = findings.find(({ probe }) => probe === 'sequences')?.message ?? ''
    await server.query(message.slice(message.indexOf('GRANT')))
    const after = await findingsOf('good')
    expect(after.findings.find(({ probe }) => probe === 'sequences')?.status).toBe('works')
  })

  test('the table: a row a question, and what has one cause told once', async () => {
    const { out, code } = await examined(false, 'blind')
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(/^TARGET {3}COLLECTOR {3}PROBE +STATUS +TIME +SERIES$/)
    expect(lines[1]).toMatch(/^blind {4}postgres {4}connect +works +\d+ms +-$/)
    const grants = lines.filter((line) => line.includes('GRANT pg_monitor TO "blind"'))
    const unsupported = lines.filter((line) => /^blind +postgres +\S+ +unsupported /.test(line))
    expect(unsupported.length).toBeGreaterThan(grants.length)
    expect(grants.length).toBeGreaterThan(0)
    expect(out).toMatch(/\n\d+ work, \d+ unsupported, 0 failed\n$/)
  })
})

test('a wrong password: one failure that says what to look at, exit code 1, and no password anywhere', async () => {
  const { out, err, code } = await examined(false, 'mistaken')
  expect(code).toBe(1)
  expect(out).toMatch(/^mistaken +postgres +connect +failed \(auth\)/m)
  expect(out).toContain('check user, password and pg_hba.conf')
  expect(out).toMatch(/\n0 work, 0 unsupported, 1 failed\n$/)
  expect(out + err).not.toContain(WRONG)
})

test('a dead port: told as such', async () => {
  const { code, findings } = await findingsOf('dead')
  expect(code).toBe(1)
  expect(findings).toMatchObject([{ probe: 'connect', status: 'failed', reason: 'connect' }])
  expect(findings[0]?.message).toContain(`127.0.0.1:${deadPort}: connection refused: is PostgreSQL running`)
})

test('a server that accepts and says nothing: given up at the deadline', async () => {
  const begun = performance.now()
  const { findings } = await findingsOf('hanging')
  expect(performance.now() - begun).toBeLessThan(10_000)
  expect(findings).toMatchObject([{ probe: 'connect', status: 'failed', reason: 'timeout' }])
}, 20_000)

test('a name that is not there: exit code 2, and those that are', async () => {
  expect(await examined(false, 'god')).toEqual({
    out: '',
    err: 'no collector watches god; there are: good, blind, mistaken, dead, hanging\n',
    code: 2,
  })
})

const command = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(process.execPath, [MAIN, 'doctor', ...args], { cwd: dir, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

test('the command: progress on stderr where it takes long, an end whatever hangs', async () => {
  const { code, out, err } = await command(['--target', 'hanging'], { GOOD: PASSWORD, WRONG })
  expect(code).toBe(1)
  expect(out).toMatch(/^hanging +postgres +connect +failed \(timeout\)/m)
  expect(err).toContain('0 of 1 targets done; asking hanging postgres connect\n')
}, 30_000)

test('the command: a configuration at fault is exit code 2, as check says it', async () => {
  const { code, out, err } = await command([], { GOOD: PASSWORD })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('servers.mistaken.postgres.password: environment variable WRONG is not set')
}, 30_000)

/** A collector whose connection is there, and whose answers stop. */
const fading = () => {
  const far = farSide()
  const answers = probeOf(async () => 1)
  const hangs = { ...probeOf(never), name: 'hangs', deadline: 30 }
  return { far, collector: collectorOf(far, [answers, hangs, { ...answers, name: 'after' }]) }
}

const reportOn = async (collector: ReturnType<typeof fading>['collector'], deadline = 5000) => {
  const findings = await examine(targetOf(collector), {
    secret: async () => '',
    redact: (text) => text,
    deadline,
    asking: () => {},
  })
  return findings.map(({ probe, status, reason, message }) => [probe, status, reason, message])
}

describe('a target that stops answering', () => {
  test('a question that hangs costs its own deadline, and the next is asked on a new connection', async () => {
    const { far, collector } = fading()
    expect(await reportOn(collector)).toEqual([
      ['connect', 'works', undefined, undefined],
      ['answer', 'works', undefined, undefined],
      ['hangs', 'failed', 'timeout', 'no answer to hangs within 0.03 s'],
      ['after', 'works', undefined, undefined],
    ])
    expect([far.connections, far.closed]).toEqual([2, 2])
  })

  test('where it cannot be reached again, the rest is not asked, and said not to be', async () => {
    const { far, collector } = fading()
    far.connect = async () => {
      if (far.connections > 1) throw new CollectError('connect', 'gone')
    }
    const probes = [...collector.probes, { ...probeOf(async () => 1), name: 'last' }]
    expect((await reportOn({ ...collector, probes })).slice(3)).toEqual([
      ['after', 'failed', 'connect', 'gone'],
      ['last', 'failed', 'connect', 'not asked: gone'],
    ])
    expect(far.connections).toBe(2)
  })

  test('all of it ends at the deadline', async () => {
    const { collector } = fading()
    const hangs = { ...probeOf(never), name: 'hangs', deadline: 60_000 }
    const begun = performance.now()
    const report = await reportOn({ ...collector, probes: [hangs, ...collector.probes] }, 200)
    expect(performance.now() - begun).toBeLessThan(2000)
    expect(report.slice(1, 3)).toEqual([
      ['hangs', 'failed', 'timeout', expect.stringMatching(/^no answer to hangs within 0\.\d+ s$/)],
      ['answer', 'failed', 'timeout', 'not asked: 0.2 s for one target were used up'],
    ])
  })
})
