/** Which of Odoo's methods the flows call, and in how large pieces, by series and protocol. */
import { expect, test } from 'vitest'
import { clientOf } from '../../collectors/odoo/client.ts'
import { config } from '../../collectors/odoo/config.ts'
import { createDurations } from '../../collectors/odoo/durations.ts'
import { flowReader } from '../../collectors/odoo/flow_reader.ts'
import type { Call } from '../../collectors/odoo/protocol.ts'
import { wireOf } from '../../collectors/odoo/wire.ts'
import { datetimeText } from '../../src/flow/read/naive.ts'
import { resolveFlow } from '../../src/flow/spec/resolve.ts'
import { HOUR, MORNING } from './night.ts'
import { MODULES } from './readable.ts'
import { signal } from './reading.ts'
import { flowFiles, shipped } from './shipped.ts'
import { catalogueOf } from './stand_in.ts'

const DAY = 24 * HOUR

/** A reader whose questions are kept, and answered by nothing. */
const recording = async (series: number, protocol: 'xmlrpc' | 'json2', answer: (call: Call) => unknown = () => []) => {
  const calls: Call[] = []
  const settings = config.parse({
    url: 'http://127.0.0.1:1',
    database: 'odoo',
    user: 'pulse',
    api_key: { env: 'KEY' },
  })
  const client = clientOf({
    config: settings,
    wire: await wireOf(settings, async () => ''),
    series,
    protocol,
    uid: 6,
    durations: createDurations(),
    onRefused: () => undefined,
    call: async (call) => {
      calls.push(call)
      return answer(call)
    },
  })
  const catalogue = { ...catalogueOf(series < 19 ? 18 : 19), version: series }
  const currencies = { currencies: new Map<number, string>(), companyCurrencies: new Map<number, string>() }
  const flows = flowFiles.flatMap((file) => {
    const { flow } = shipped(file)
    const resolved = flow && resolveFlow(flow, { catalogue, modules: MODULES })
    return resolved && 'flow' in resolved ? [resolved.flow] : []
  })
  const reader = flowReader({ client: { ...client, now: () => MORNING }, catalogue, currencies })
  return { calls, reader, flows }
}

const askAll = async ({ reader, flows }: Awaited<ReturnType<typeof recording>>): Promise<void> => {
  for (const flow of flows) {
    await reader.present(flow, signal())
    await reader.documents(flow, 10, signal())
    if (!flow.slot) continue
    await reader.checksums([flow], MORNING - 30 * DAY, MORNING, signal())
    for await (const _ of reader.rows([flow], [MORNING - HOUR], signal()));
    await reader.changedSince([flow], MORNING - HOUR, MORNING - DAY, MORNING, 500, signal()).catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'Unsupported' })
    })
  }
}

test.for([
  [18, 'xmlrpc', 'read_group'],
  [19, 'json2', 'formatted_read_group'],
  [19, 'xmlrpc', 'formatted_read_group'],
  // Its read_group is another method.
  [20, 'json2', 'formatted_read_group'],
  [20, 'xmlrpc', 'formatted_read_group'],
] as const)('on %i by %s groups are asked by %s alone', async ([series, protocol, method]) => {
  const asked = await recording(series, protocol)
  expect(asked.flows).toHaveLength(flowFiles.length)
  await askAll(asked)
  const methods = new Set(asked.calls.map((call) => call.method))
  expect(methods).toEqual(new Set([method, 'search_read']))
  expect(asked.calls.filter((call) => call.method === method).length).toBeGreaterThan(flowFiles.length)
})

/** A day and a half of hours, whatever is asked, as either method gives them. */
const dense = ({ method }: Call): unknown =>
  Array.from({ length: 36 }, (_, i) => {
    const begins = datetimeText(MORNING - i * HOUR)
    const range = { __range: { 'scheduled_date:hour': { from: begins, to: begins } } }
    const label = method === 'read_group' ? '08:00 04 May' : [begins, '08:00 04 May']
    return { 'scheduled_date:hour': label, state: 'done', __count: 1, ...range }
  })

/** Which stretches of a month are asked for, one after the other. */
const stretchesOf = async (series: number, protocol: 'xmlrpc' | 'json2', answer: (call: Call) => unknown) => {
  const { calls, reader, flows } = await recording(series, protocol, answer)
  const picking = flows.find(({ name }) => name === 'picking')
  if (!picking) throw new Error('no picking')
  const [from, to] = [MORNING - 30 * DAY, MORNING]
  await reader.checksums([picking], from, to, signal())
  const bounds = calls.map(({ args }) => {
    const times = JSON.stringify(args).matchAll(/"scheduled_date","(?:>=|<)","([^"]+)"/g)
    const [begin = 0, end = 0] = [...times].map(([, time]) => Date.parse(`${time?.replace(' ', 'T')}Z`))
    return { begin, end }
  })
  expect(bounds[0]?.begin).toBe(from)
  expect(bounds.at(-1)?.end).toBe(to)
  for (const [i, { begin, end }] of bounds.entries()) {
    expect(end - begin).toBeGreaterThan(0)
    if (i > 0) expect(begin).toBe(bounds[i - 1]?.end)
  }
  return bounds.map(({ begin, end }) => end - begin)
}

test.for([
  // read_group repeats the whole domain in each group: a month at once is more than the largest reply.
  ['xmlrpc', 18, 4],
  ['json2', 19, 30],
] as const)('by %s on %i checksums are asked for %i days at once', async ([protocol, series, days]) => {
  const stretches = await stretchesOf(series, protocol, dense)
  for (const each of stretches) expect(each).toBeLessThanOrEqual(days * DAY)
  expect(stretches.length).toBe(days === 30 ? 1 : 8)
})

test('while few hours hold rows, more and more of them are asked for at once', async () => {
  const stretches = await stretchesOf(18, 'xmlrpc', () => [])
  expect(stretches.length).toBeLessThan(5)
  let few = true
  const turning = await stretchesOf(18, 'xmlrpc', (call) => {
    few = !few
    return few ? [] : dense(call)
  })
  for (const each of turning) expect(each).toBeLessThanOrEqual(8 * DAY)
})
