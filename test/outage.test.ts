/** The whole engine over real servers that stop answering: the page stays as fast, the reasons are right, nothing leaks, all recovers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgres } from '../collectors/postgres/index.ts'
import { type PostgresServer, startPostgres, startStandby } from '../demo/postgres.ts'
import type { Target } from '../src/collector.ts'
import { createExposition } from '../src/exposition.ts'
import { createEngine, type Engine } from '../src/poll.ts'
import { holds, runnerDeps } from './support/collector.ts'
import { eventually } from './support/eventually.ts'
import { startTcpProxy, type TcpProxy } from './support/tcp_proxy.ts'

const PASSWORD = 'of the monitor'
let primary: PostgresServer
let standby: PostgresServer
let proxy: TcpProxy
let engine: Engine
const exposition = createExposition(Date.now)

const targetOf = (name: string, port: number): Target => ({
  name,
  collector: postgres,
  config: postgres.config.parse({ host: '127.0.0.1', port, user: 'pulse', password: { env: 'X' } }),
  labels: { server: name },
  // the slow ones visit databases: each second would be more than there is time for
  intervals: Object.fromEntries(postgres.probes.map((p) => [p.name, p.interval > 60_000 ? 5000 : 1000])),
})

beforeAll(async () => {
  primary = await startPostgres({ settings: { max_connections: '30' } })
  await primary.query(`create role pulse login password '${PASSWORD}' in role pg_monitor`)
  standby = await startStandby(primary)
  proxy = await startTcpProxy(primary.port)
  engine = createEngine({ ...runnerDeps(), exposition, secret: async () => PASSWORD })
  await engine.apply(
    [targetOf('primary', primary.port), targetOf('standby', standby.port), targetOf('proxied', proxy.port)],
    10,
  )
}, 120_000)

afterAll(async () => {
  await engine?.stop()
  await proxy?.close()
  await standby?.stop()
  await primary?.stop()
})

const isWell = (name: string): boolean => {
  const state = engine.states().find((s) => s.target.name === name)
  return state !== undefined && !state.circuit.open && state.probes.every((p) => p.success)
}
const NAMES = ['primary', 'standby', 'proxied']
const allWell = () => NAMES.every(isWell)
const isCutOff = (name: string): boolean => engine.states().some((s) => s.target.name === name && s.circuit.open)
/** Probes that did not fail, or for another reason than that nobody answers. */
const unmoved = () =>
  engine
    .states()
    .flatMap(({ target, probes }) =>
      probes
        .filter((p) => p.supported !== false && p.reason !== 'timeout' && p.reason !== 'circuit_open')
        .map((p) => `${target.name} ${p.name}: ${p.success ? `succeeded, every ${p.interval} ms` : p.message}`),
    )

const slowestPage = (): number => {
  const times = Array.from({ length: 50 }, () => {
    const begun = performance.now()
    exposition.page().text.toString()
    return performance.now() - begun
  })
  return times.toSorted((a, b) => a - b)[25] ?? Number.NaN
}

const sockets = (): number => process.getActiveResourcesInfo().filter((r) => r === 'TCPSocketWrap').length
const sessions = async (): Promise<number> => {
  const [row] = await primary.query(
    "select count(*)::int as n from pg_stat_activity where application_name = 'odoo-pulse'",
  )
  return Number(row?.n)
}

test('stopped servers and a proxy that swallows bytes: said with the right reason, and over when they are', {
  timeout: 120_000,
}, async () => {
  await holds('a healthy estate', allWell, 30_000)
  const before = { page: slowestPage(), sockets: sockets() }
  const settled = async () => sockets() <= before.sockets && (await sessions()) <= 4

  for (let round = 0; round < 3; round++) {
    primary.freeze()
    standby.freeze()
    proxy.swallow()
    await holds('open circuits', () => NAMES.every(isCutOff), 20_000)
    // The question nobody answered timed out; what fell due after it was not asked.
    await eventually(() => expect(unmoved()).toEqual([]))
    for (const state of engine.states()) expect(state.circuit).toMatchObject({ open: true, reason: 'timeout' })
    const page = exposition.page().text.toString()
    for (const server of NAMES) expect(page).toContain(`pg_up{server="${server}"} 0`)
    expect(slowestPage()).toBeLessThan(before.page * 5 + 5)
    await holds(
      'series that vanish',
      () => !exposition.page().text.toString().includes('pg_static{server="primary"'),
      20_000,
    )
    primary.thaw()
    standby.thaw()
    proxy.pass()
    await holds('recovery', allWell, 40_000)
    expect(exposition.page().text.toString()).toContain('pg_up{server="primary"} 1')
  }
  await holds('no more sockets than before', settled, 20_000)
})

test('a server that ends every session, and one that is gone, are told apart from one that hangs; both come back', {
  timeout: 120_000,
}, async () => {
  await holds('a healthy estate', allWell, 30_000)
  await primary.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'odoo-pulse'")
  await holds('new sessions', async () => (await sessions()) >= 2 && allWell(), 30_000)
  await standby.shutdown()
  await holds(
    'the refusal',
    () => engine.states().some((s) => s.target.name === 'standby' && s.circuit.open && s.circuit.reason === 'connect'),
    20_000,
  )
  await standby.start()
  await holds('recovery', allWell, 40_000)
})
