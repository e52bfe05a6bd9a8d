import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from '../../../collectors/traefik/exposition_format.ts'
import { changeOf } from '../../../collectors/traefik/process.ts'
import { isLike, readsRouters, tenantsOf } from '../../../collectors/traefik/tenants.ts'
import { countersOf, createFollower, histogramsOf } from '../../../collectors/traefik/traffic.ts'
import type { Histogram } from '../../../src/metric.ts'

const source = (key: string, value: number | Histogram) => ({ key, labels: new Map([['service', key]]), value })

describe('increments of a series', () => {
  const steps = (...values: readonly (readonly [number | undefined, boolean?])[]) => {
    const { follow } = createFollower()
    return values.map(([value, isRestarted = false]) => {
      const [increment] = follow(value === undefined ? [] : [source('a', value)], isRestarted)
      return increment?.value
    })
  }

  test('there at the beginning: from what it then had', () => expect(steps([5], [5], [7])).toEqual([0, 0, 2]))
  test('come since: from 0', () => expect(steps([undefined], [5], [6])).toEqual([undefined, 5, 1]))
  test('less than before: it began anew', () => expect(steps([5], [9], [3], [4])).toEqual([0, 4, 3, 1]))
  test('dropped and back: it began anew, even with more than before', () =>
    expect(steps([5], [undefined], [6])).toEqual([0, undefined, 6]))
  test('the process restarted: it began anew, even with more than before', () =>
    expect(steps([5], [6, true], [8])).toEqual([0, 6, 2]))

  test('a histogram is followed as a whole: where one of its numbers fell, all began anew', () => {
    const h = (low: number, count: number, sum: number): Histogram => ({ buckets: new Map([[1, low]]), sum, count })
    const { follow } = createFollower()
    follow([source('a', h(3, 4, 10))], false)
    expect(follow([source('a', h(4, 6, 12))], false)[0]?.value).toEqual(h(1, 2, 2))
    expect(follow([source('a', h(1, 7, 13))], false)[0]?.value).toEqual(h(1, 7, 13))
    const other: Histogram = { buckets: new Map([[2, 8]]), sum: 14, count: 8 }
    expect(follow([source('a', other)], false)[0]?.value).toEqual(other)
  })
})

/** Traefik as it counts: requests come, services go and come back, the process restarts; and we look now and then. */
type Event =
  | { readonly kind: 'request'; readonly service: string; readonly n: number }
  | { readonly kind: 'drop'; readonly service: string }
  | { readonly kind: 'restart' }
  | { readonly kind: 'look' }

const service = fc.constantFrom('a', 'b', 'c')
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('request' as const), service, n: fc.nat({ max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), service }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
)

test.for([true, false])(
  'whatever happens, the sum never falls, and grows by no more than was counted (restarts told: %s)',
  (isTold) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { follow } = createFollower()
        const counters = new Map<string, number>()
        let hasLooked = false
        let isRestarted = false
        let sinceLook = 0
        let wasLost = false
        for (const e of events) {
          if (e.kind === 'request') {
            counters.set(e.service, (counters.get(e.service) ?? 0) + e.n)
            sinceLook += e.n
          } else if (e.kind === 'drop') {
            wasLost ||= counters.has(e.service)
            counters.delete(e.service)
          } else if (e.kind === 'restart') {
            wasLost ||= counters.size > 0
            counters.clear()
            isRestarted = true
          } else {
            const seen = follow(
              [...counters].map(([key, value]) => source(key, value)),
              isTold && isRestarted,
            )
            const grown = seen.reduce((sum, { value }) => sum + Number(value), 0)
            expect(grown).toBeGreaterThanOrEqual(0)
            expect(grown).toBeLessThanOrEqual(hasLooked ? sinceLook : 0)
            if (hasLooked && !wasLost) expect(grown).toBe(sinceLook)
            ;[hasLooked, isRestarted, sinceLook, wasLost] = [true, false, 0, false]
          }
        }
      }),
      { numRuns: 500 },
    )
  },
)

describe('what counts', () => {
  const family = (text: string, name: string) => parse(text).get(name)

  test.for(['NaN', '-1', '+Inf'])('a counter of %s is none', (value) => {
    expect(() => countersOf(family(`c ${value}\n`, 'c'))).toThrow('a counter that is no count')
  })

  const histogram = (lines: string) => () => histogramsOf(family(`# TYPE h histogram\n${lines}`, 'h'))

  test('a histogram in any order, by its other labels', () => {
    const text =
      'h_count{a="x"} 3\nh_bucket{a="x",le="+Inf"} 3\nh_bucket{le="5",a="x"} 2\nh_bucket{a="x",le="0.1"} 0\nh_sum{a="x"} 9\n'
    const [only] = histogram(text)()
    expect(only?.value).toEqual({
      buckets: new Map([
        [0.1, 0],
        [5, 2],
      ]),
      sum: 9,
      count: 3,
    })
    expect(JSON.stringify(typeof only?.value === 'object' && [...only.value.buckets])).toBe('[[0.1,0],[5,2]]')
  })

  test.for([
    ['no sum', 'h_bucket{le="+Inf"} 3\nh_count 3\n'],
    ['no count', 'h_bucket{le="+Inf"} 3\nh_sum 3\n'],
    ['no last bucket', 'h_bucket{le="5"} 3\nh_sum 3\nh_count 3\n'],
    ['a last bucket that is not the count', 'h_bucket{le="+Inf"} 2\nh_sum 3\nh_count 3\n'],
    ['buckets that fall', 'h_bucket{le="1"} 3\nh_bucket{le="5"} 2\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n'],
    ['a bucket without bound', 'h_bucket 2\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n'],
    ['a bound that is no number', 'h_bucket{le="x"} 2\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n'],
    ['a bucket of NaN', 'h_bucket{le="1"} NaN\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n'],
  ])('a histogram with %s is none', ([, lines = '']) => expect(histogram(lines)).toThrow(/^h/))
})

describe('which process answers', () => {
  const at = (started: number | undefined, answered: number | undefined = 1000) => ({ started, answered })
  test.for([
    [at(500), at(500, 1010), 'same'],
    [at(500.5), at(501.5, 1010), 'same'],
    [at(undefined), at(500, 1010), 'same'],
    [at(500), at(undefined, 1010), 'same'],
    [at(500), at(1004, 1010), 'restarted'],
    [at(500), at(999, 1010), 'restarted'],
    [at(500), at(900, 1010), 'another'],
    [at(500), at(400, 1010), 'another'],
    [{ started: 500, answered: undefined }, at(900), 'restarted'],
  ] as const)('%j, then %j: %s', ([before, now, change]) => expect(changeOf(before, now)).toBe(change))
})

describe('whose a series is', () => {
  test.for([
    ['acme', 'acme', true],
    ['acme', 'acme2', false],
    ['ac*', 'acme', true],
    ['*me', 'acme', true],
    ['a*e', 'ae', true],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'aXcYb', false],
    ['a*b*b', 'ab', false],
    ['*', '', true],
    ['**', 'x', true],
    ['a.c', 'abc', false],
    ['', '', true],
  ] as const)('%s is like %s: %s', ([pattern, name, is]) => expect(isLike(pattern, name)).toBe(is))

  test('as a regular expression would have it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (pattern, given) => {
        const name = given.replaceAll('*', 'c')
        const regex = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`)
        expect(isLike(pattern, name)).toBe(regex.test(name))
      }),
      { numRuns: 2000 },
    )
  })

  test('no pattern can make it slow', () => {
    const start = performance.now()
    expect(isLike(`${'*a'.repeat(99)}b`, 'a'.repeat(30_000))).toBe(false)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  const of = (tenants: Record<string, { services?: string[]; routers?: string[] }>) =>
    Object.fromEntries(
      Object.entries(tenants).map(([t, { services = [], routers = [] }]) => [t, { services, routers }]),
    )

  test('the first that fits; without @, of any provider; what fits none is no one’s', () => {
    const tenantOf = tenantsOf(
      of({ acme: { services: ['acme'] }, globex: { services: ['gl*@docker'] }, rest: { services: ['a*'] } }),
    )
    const named = (name: string) => tenantOf(new Map([['service', name]]))
    expect(['acme@file', 'acme', 'acme2@file', 'globex@docker', 'globex@file', 'x@a'].map(named)).toEqual([
      ...['acme', 'acme', 'rest', 'globex', '', ''],
    ])
    expect(tenantOf(new Map())).toBe('')
  })

  test('by router, where tenants share a service', () => {
    const tenants = of({ acme: { routers: ['acme-*'] }, globex: { services: ['odoo'] } })
    expect([readsRouters(tenants), readsRouters(of({ acme: { services: ['a'] } }))]).toEqual([true, false])
    const tenantOf = tenantsOf(tenants)
    expect(
      tenantOf(
        new Map([
          ['router', 'acme-web@file'],
          ['service', 'odoo@file'],
        ]),
      ),
    ).toBe('acme')
    expect(
      tenantOf(
        new Map([
          ['router', 'globex-web@file'],
          ['service', 'odoo@file'],
        ]),
      ),
    ).toBe('globex')
  })
})
