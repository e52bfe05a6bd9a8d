/** The demo's Redis: its sessions, its faults, and that they heal. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { check } from '../../collectors/redis/client.ts'
import {
  configOf,
  contextOf,
  failureOf,
  isLacking,
  startTestRedis,
  type TestRedis,
} from '../collectors/redis/support.ts'
import { needs } from '../support/needs.ts'

let server: TestRedis
beforeAll(async () => {
  if (!isLacking) server = await startTestRedis([], 120)
})
afterAll(() => server?.stop())
beforeEach((context) => needs(context, 'redis'))

const evicted = async (): Promise<number> =>
  Number(/evicted_keys:(\d+)/.exec(await server.admin.info('stats'))?.[1] ?? Number.NaN)

test('full: it goes on evicting until it is drained, and then stops', async () => {
  expect(await server.sessions()).toBe(120)
  await server.fill()
  expect(await server.sessions()).toBeLessThanOrEqual(30)
  const first = await evicted()
  expect(first).toBeGreaterThan(0)
  await expect.poll(evicted, { timeout: 10_000 }).toBeGreaterThan(first)
  await server.drain()
  expect(await server.sessions()).toBe(120)
  expect(await server.admin.dbsize()).toBe(120)
})

test('down: nobody listens; up: the same port, the same passwords, everybody signed in', async () => {
  const { pid } = server.process
  await server.down()
  expect((await failureOf(check(configOf(server.port), contextOf(server)))).reason).toBe('connect')
  await server.up()
  expect(server.process.pid).not.toBe(pid)
  await check(configOf(server.port), contextOf(server))
  expect(await server.sessions()).toBe(120)
})

test('full and down at once: each heals by itself', async () => {
  await server.fill()
  await server.down()
  await server.drain()
  await server.up()
  expect(await server.sessions()).toBe(120)
})

test('as it is shipped, nobody can sign in by the ACL line, and Redis takes it as a file', async () => {
  const line = (await readFile(join(import.meta.dirname, '../../deploy/redis/odoo_pulse.acl'), 'utf8')).trim()
  const [user = '', name = '', ...words] = line.split(' ')
  expect([user, name]).toEqual(['user', 'odoo_pulse'])
  await server.admin.call('ACL', 'SETUSER', 'shipped', ...words)
  for (const password of ['', 'x']) {
    const refused = check(configOf(server.port, { user: 'shipped' }), {
      ...contextOf(server),
      secret: async () => password,
    })
    expect((await failureOf(refused)).reason).toBe('auth')
  }
})
