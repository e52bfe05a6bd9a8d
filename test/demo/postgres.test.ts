import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { type PostgresServer, startPostgres, startStandby } from '../../demo/postgres.ts'
import { POSTGRES_VERSIONS } from '../../demo/postgres-binaries.ts'
import { childrenOf, signalTo } from '../../demo/processes.ts'
import { eventually } from '../support/eventually.ts'

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const everyPid = (server: PostgresServer) => [server.pid, ...childrenOf(server.pid)]

test.for(POSTGRES_VERSIONS)(
  'PostgreSQL %i: a standby replicates; stopping leaves no process and no folder',
  async (version) => {
    const primary = await startPostgres({ version })
    const standby = await startStandby(primary, { slot: 'standby' })
    try {
      await primary.query('CREATE TABLE sale_order (id int); INSERT INTO sale_order VALUES (42)')
      await eventually(async () => expect(await standby.query('SELECT id FROM sale_order')).toEqual([{ id: 42 }]))
      const [row] = await primary.query('SHOW server_version_num')
      expect(Math.floor(Number(row?.server_version_num) / 10_000)).toBe(version)
      expect(await standby.query('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }])
      expect(await primary.query('SELECT slot_name, active FROM pg_replication_slots')).toEqual([
        { slot_name: 'standby', active: true },
      ])
      expect(childrenOf(primary.pid).length).toBeGreaterThan(2)
    } finally {
      const pids = [...everyPid(standby), ...everyPid(primary)]
      await standby.stop()
      await primary.stop()
      await eventually(async () => expect(pids.filter(alive)).toEqual([]))
    }
    expect(existsSync(dirname(primary.dir))).toBe(false)
    expect(existsSync(dirname(standby.dir))).toBe(false)
  },
)

test('a frozen server answers nobody, thawed it answers, restarted it keeps its port and data', async () => {
  const server = await startPostgres({ settings: { work_mem: '3MB' } })
  try {
    await server.query('CREATE TABLE t (a int)')
    server.freeze()
    const answer = server.query('SHOW work_mem').then((rows) => rows[0])
    const still = new Promise<string>((resolve) => setTimeout(resolve, 500, 'no answer'))
    expect(await Promise.race([answer, still])).toBe('no answer')
    server.thaw()
    expect(await answer).toEqual({ work_mem: '3MB' })
    const { pid, port } = server
    await server.shutdown()
    expect(alive(pid)).toBe(false)
    await server.start()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    expect(await server.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 0 }])
  } finally {
    server.freeze()
    const began = performance.now()
    await server.stop()
    expect(performance.now() - began).toBeLessThan(5000)
    expect(alive(server.pid)).toBe(false)
  }
})

test('a server that cannot start says why and leaves nothing', async () => {
  const failure = await startPostgres({ settings: { shared_buffers: 'plenty' } }).catch((error: unknown) => error)
  expect(String(failure)).toMatch(/PostgreSQL 18 primary did not start: it ended with exit code 1/)
  expect(String(failure)).toMatch(/invalid value for parameter "shared_buffers"/)
  await expect(startPostgres({ version: 13 })).rejects.toThrow('PostgreSQL 13 is not among 14, 15, 16, 17, 18')
})

test('when the parent is killed, the server ends and its folder is removed', async () => {
  const source = `import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, '../../demo/postgres.ts'))}
    const server = await startPostgres()
    console.log(JSON.stringify({ pid: server.pid, dir: server.dir }))
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve) => createInterface({ input: parent.stdout }).once('line', resolve))
  const { pid, dir }: { pid: number; dir: string } = JSON.parse(line)
  const pids = [pid, ...childrenOf(pid)]
  expect(pids.every(alive)).toBe(true)
  signalTo([parent.pid ?? 0], 'SIGKILL')
  await eventually(async () => {
    expect(pids.filter(alive)).toEqual([])
    expect(existsSync(dirname(dir))).toBe(false)
  })
})
