import { expect, test } from 'vitest'
import { traefik } from '../../../collectors/traefik/index.ts'
import { formatProblem, parseConfig } from '../../../src/config.ts'

const problems = (block: string, tenants = 'tenants: { acme: { tier: dedicated, db_cluster: main } }') =>
  parseConfig(
    { file: 'p.yaml', text: `servers:\n  edge:\n    traefik: ${block}\n${tenants}\n` },
    [],
    [traefik],
  ).problems.map(formatProblem)

test('the least, and all there is', () => {
  expect(problems('{ url: http://edge.internal:8082/metrics }')).toEqual([])
  expect(
    problems(
      '{ url: https://edge.internal/metrics, user: pulse, password: { env: PW }, ca: { file: ca.pem }, max_bytes: 1048576, ' +
        'tenants: { acme: { services: [acme, "acme-*@docker"], routers: ["acme*"] } } }',
    ),
  ).toEqual([])
  expect(problems('{ url: "http://127.0.0.1:8082/metrics", user: u, password: { env: PW } }')).toEqual([])
  expect(problems('{ url: "http://edge/metrics", user: u, password: { env: PW }, insecure: true }')).toEqual([])
})

test.for([
  ['{}', 'url'],
  ['{ url: ftp://x }', 'write the whole address'],
  ['{ url: "http://" }', 'write the whole address'],
  ['{ url: "http://pulse@edge/metrics" }', 'does not stand in the address'],
  ['{ url: "http://edge/metrics", user: u }', 'user and password belong together'],
  [
    '{ url: "http://edge/metrics", user: u, password: { env: PW } }',
    'p.yaml:3:21 servers.edge.traefik.url: the password would travel in clear',
  ],
  ['{ url: "https://edge/metrics", user: "a:b", password: { env: PW } }', 'no colon'],
  ['{ url: "http://edge/metrics", max_bytes: 5 }', 'at least 65536'],
  ['{ url: "http://edge/metrics", tenants: { acme: {} } }', 'give `services` or `routers`'],
  ['{ url: "http://edge/metrics", tenants: { acme: { services: ["a b"] } } }', 'no blanks'],
  ['{ url: "http://edge/metrics", tenants: { acme: { services: [""] } } }', 'a pattern has'],
  ['{ url: "http://edge/metrics", tenants: { acme: { service: [a], routers: [b] } } }', 'did you mean "services"'],
] as const)('%s', ([block, said], { expect }) => {
  const found = problems(block)
  expect(found.length).toBe(1)
  expect(found[0]).toContain(said)
})

test('a tenant named there stands under tenants, in whatever file', () => {
  const block = '{ url: "http://edge/metrics", tenants: { acme: { services: [a] }, amce: { services: [b] } } }'
  expect(problems(block)).toEqual([
    'p.yaml:3:80 servers.edge.traefik.tenants.amce: no such tenant under `tenants`; did you mean "acme"?',
  ])
  expect(problems(block, '')[0]).toBe(
    'p.yaml:3:55 servers.edge.traefik.tenants.acme: no such tenant under `tenants`; none is given: add it there',
  )
  const elsewhere = {
    file: 'tenants.d/a.yaml',
    text: 'tenants: { amce: { tier: shared, db_cluster: main }, acme: { tier: shared, db_cluster: main } }',
  }
  const main = { file: 'p.yaml', text: `servers:\n  edge:\n    traefik: ${block}\n` }
  expect(parseConfig(main, [elsewhere], [traefik]).problems).toEqual([])
})
