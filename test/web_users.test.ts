import { expect, onTestFinished, test } from 'vitest'
import { createBasicAuth } from '../src/basic_auth.ts'
import { ask, type Edge, startEdge } from './support/edge.ts'
import { eventually } from './support/eventually.ts'
import { basic, folderWith, hash } from './support/web_files.ts'

const startAuth = async (users: Readonly<Record<string, string>>) => {
  const folder = folderWith(`basic_auth_users: ${JSON.stringify(users)}\n`)
  return { ...folder, edge: await startEdge({ webConfigFile: folder.file }) }
}
const as = async (edge: Edge, credentials: string, path = '/metrics'): Promise<number> =>
  (await ask(edge.url + path, { headers: basic(credentials) })).status

test('who knows the password comes in; health needs none', async () => {
  const { edge } = await startAuth({ alice: hash('pä:ss'), 'Zoë 1': hash('x').replace('$2b$', '$2y$') })
  const anonymous = await ask(`${edge.url}/metrics`)
  expect(anonymous.status).toBe(401)
  expect(anonymous.headers['www-authenticate']).toMatch(/^Basic /)
  expect([await as(edge, 'alice:pä:ss'), await as(edge, 'Zoë 1:x')]).toEqual([200, 200])
  for (const wrong of ['alice:pass', 'alice:', ':', 'alice', 'bob:pä:ss', '__proto__:x', 'constructor:x']) {
    expect([wrong, await as(edge, wrong)]).toEqual([wrong, 401])
  }
  for (const Authorization of ['Bearer x', 'Basic', 'Basic !!!', 'Basic YWxpY2U=', 'basic  ']) {
    expect((await ask(`${edge.url}/metrics`, { headers: { Authorization } })).status).toBe(401)
  }
  for (const path of ['/', '/sd', '/probe', '/nothing', '/-/reload']) {
    expect((await ask(edge.url + path)).status).toBe(401)
  }
  for (const path of ['/-/healthy', '/-/ready']) expect((await ask(edge.url + path)).status).toBe(200)
  expect(edge.log()).not.toMatch(/pä:ss|YWxpY2U/)
})

test('a changed password and a removed user count within moments, though the old ones were remembered', async () => {
  const { edge, write } = await startAuth({ alice: hash('old'), bob: hash('bob') })
  expect([await as(edge, 'alice:old'), await as(edge, 'bob:bob')]).toEqual([200, 200])
  write('web.yml', `basic_auth_users: { alice: ${hash('new')} }\n`)
  await eventually(async () => expect(await as(edge, 'alice:old')).toBe(401))
  expect([await as(edge, 'alice:new'), await as(edge, 'bob:bob')]).toEqual([200, 401])
})

test('guessing is bounded, costs no one else their scrape, and leaves the event loop free', async () => {
  const { edge } = await startAuth({ alice: hash('right', 11) })
  expect(await as(edge, 'alice:right')).toBe(200)
  const guesses = Promise.all(Array.from({ length: 12 }, (_, i) => as(edge, `alice:guess ${i}`)))
  await eventually(() => expect(edge.served.some(([, code]) => code === 429)).toBe(true), 5_000, 5)
  const start = performance.now()
  expect(await as(edge, 'alice:right')).toBe(200)
  expect(performance.now() - start).toBeLessThan(150)
  const codes = await guesses
  expect(codes.filter((code) => code === 401)).toHaveLength(5)
  expect(codes.filter((code) => code === 429)).toHaveLength(7)
})

test('ten scrapers that begin together share one comparison', async () => {
  const { edge } = await startAuth({ alice: hash('right') })
  const codes = await Promise.all(Array.from({ length: 10 }, () => as(edge, 'alice:right')))
  expect(codes).toEqual(Array(10).fill(200))
})

test('an unknown user costs what a known one does', async () => {
  const auth = createBasicAuth()
  onTestFinished(() => auth.close())
  const users = new Map([['alice', hash('right', 10)]])
  const time = async (credentials: string): Promise<number> => {
    const start = performance.now()
    expect(await auth.check(users, basic(credentials).Authorization)).toBe('denied')
    return performance.now() - start
  }
  await time('alice:warm up')
  const best = async (user: string): Promise<number> => {
    const times: number[] = []
    for (const n of [1, 2, 3, 4, 5]) times.push(await time(`${user}:${n}`))
    return Math.min(...times)
  }
  const [known, unknown] = [await best('alice'), await best('mallory')]
  expect(unknown / known).toBeGreaterThan(0.6)
  expect(unknown / known).toBeLessThan(1.7)
})

test('rate_limit: a burst, then 429, but for health', async () => {
  const folder = folderWith('rate_limit: { interval: 1h, burst: 2 }\n')
  const edge = await startEdge({ webConfigFile: folder.file })
  const codes: number[] = []
  for (let i = 0; i < 3; i++) codes.push((await ask(`${edge.url}/metrics`)).status)
  expect(codes).toEqual([200, 200, 429])
  expect((await ask(`${edge.url}/-/healthy`)).status).toBe(200)
})

test('a file that is not usable keeps the server from starting, with all its problems', async () => {
  const { file } = folderWith('basic_auth_users: { a: plain }\nnonsense: 1\n')
  await expect(startEdge({ webConfigFile: file })).rejects.toThrow(/a: is not a bcrypt hash[\s\S]*nonsense/)
})
