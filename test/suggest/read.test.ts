/** Reading the past: the newest first, whole steps only, and rests between questions. */
import { expect, test } from 'vitest'
import { CollectError } from '../../src/collector.ts'
import { floorHour } from '../../src/flow/ledger/counts.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import type { Instant } from '../../src/metric.ts'
import { paced } from '../../src/suggest/pace.ts'
import { readPast } from '../../src/suggest/read.ts'
import { shipped } from '../flow/shipped.ts'
import { DAY, done, HOUR, MINUTE, NOW } from './histories.ts'

const flowOf = (name: string): ResolvedFlow => {
  const { flow } = shipped(`${name}.yaml`)
  if (!flow) throw new Error(name)
  const { variants: _variants, series: _series, ...own } = flow
  return own
}
const picking = flowOf('picking')

interface Far {
  readonly reader: FlowReader<ResolvedFlow>
  readonly models: Set<string>
  readonly hours: Instant[][]
}

/** Two items an hour, in pages of a hundred; `before` is told of each question. */
const far = (before: (rows: number) => void = () => {}): Far => {
  const models = new Set<string>()
  const asked: Instant[][] = []
  const item = (hour: Instant, n: number) => done(hour + n * MINUTE, MINUTE)
  const unused = () => Promise.reject(new Error('nobody asks this'))
  const reader: FlowReader<ResolvedFlow> = {
    checksums: async (flows, from, to) => {
      for (const { model } of flows) models.add(model)
      const hours = Array.from({ length: (to - from) / HOUR }, (_, i) => from + i * HOUR)
      return hours.map((hour) => ({ hour, count: 2, sum: '', newest: undefined }))
    },
    rows: async function* (_flow, hours) {
      before(asked.length)
      asked.push([...hours])
      for (let i = 0; i < hours.length; i += 50)
        yield [hours.slice(i, i + 50).flatMap((hour) => [item(hour, 1), item(hour, 2)])]
    },
    reaching: async function* () {},
    changedSince: unused,
    present: unused,
    documents: unused,
    groupNames: unused,
  }
  return { reader, models, hours: asked }
}

const read = ({ reader }: Far, flow = picking, abort = new AbortController()) => {
  const { signal } = abort
  return readPast({ reader, flow, now: NOW, ask: paced({ share: 1, signal }), signal, progress: () => {} })
}

test('all of thirty days, the newest first, none twice', async () => {
  const there = far()
  const { history, period, isCut } = await read(there)
  const first = floorHour(NOW - 30 * DAY) + HOUR
  expect({ period, isCut }).toEqual({ period: { from: first, to: NOW }, isCut: false })
  const hours = there.hours.flat()
  expect(new Set(hours).size).toBe(hours.length)
  expect([Math.max(...hours), Math.min(...hours)]).toEqual([floorHour(NOW), first])
  expect(history.size()).toBe(2 * hours.length)
  const batches = there.hours.map((batch) => Math.max(...batch))
  expect(batches).toEqual(batches.toSorted((a, b) => b - a))
})

test('no further back than Odoo remembers', async () => {
  const { period } = await read(far(), { ...picking, horizon: 7 * DAY })
  expect(period.from).toBe(floorHour(NOW - 7 * DAY) + HOUR)
})

test('rows of the other model are items as well', async () => {
  const there = far()
  const { history } = await read(there, flowOf('outgoing-mail'))
  expect(there.models).toEqual(new Set(['mail.mail', 'mail.notification']))
  expect(history.size()).toBe(2 * there.hours.flat().length)
})

test('cut short, it is whole as far back as it says', async () => {
  const abort = new AbortController()
  const { history, period, isCut } = await read(
    far((batches) => {
      if (batches === 3) abort.abort(new Error('time was up'))
    }),
    picking,
    abort,
  )
  expect(isCut).toBe(true)
  expect(period.from).toBe(floorHour(NOW) + HOUR - 3 * DAY)
  expect(history.size()).toBe(2 * 3 * 24)
})

test('what the reader says is passed on', async () => {
  const failing = far(() => {
    throw new CollectError('query', 'permission denied')
  })
  await expect(read(failing)).rejects.toThrow('permission denied')
})

test('it rests as long as its share asks for', async () => {
  const ask = paced({ share: 0.25, signal: new AbortController().signal })
  const begun = performance.now()
  await ask('it', () => new Promise((resolve) => setTimeout(resolve, 50)))
  expect(performance.now() - begun).toBeGreaterThan(4 * 45)
})

test('nothing is asked once it is to end, and a question under way is left', async () => {
  const abort = new AbortController()
  const ask = paced({ share: 0.001, signal: abort.signal })
  const hanging = ask('it', () => new Promise(() => {}))
  abort.abort(new Error('interrupted'))
  await expect(hanging).rejects.toThrow('interrupted')
  let asked = false
  const late = ask('it', async () => {
    asked = true
  })
  await expect(late).rejects.toThrow('interrupted')
  expect(asked).toBe(false)
})
