import { expect, test } from 'vitest'
import { config } from '../../../collectors/odoo/config.ts'

const base = { url: 'https://erp.example.com', database: 'erp', user: 'pulse', api_key: { env: 'KEY' } }
const problems = (over: Readonly<Record<string, unknown>>): readonly string[] => {
  const { error } = config.safeParse({ ...base, ...over })
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

test('what is left out has its default', () => {
  expect(config.parse(base)).toEqual({ ...base, protocol: 'auto', insecure: false })
})

test.for([
  'http://erp.example.com',
  'http://10.0.0.1:8069',
  'http://127.0.0.1.example.com',
  'http://localhost.example.com',
  'http://[::2]:8069',
])('%s would carry the key in clear', (url) => {
  expect(problems({ url })).toEqual([expect.stringMatching(/^url: plain http .*insecure: true/)])
  expect(problems({ gevent_url: url })).toEqual([expect.stringMatching(/^gevent_url: plain http/)])
  expect(problems({ url, insecure: true })).toEqual([])
})

test.for(['http://127.0.0.1:8069', 'http://127.8.8.8', 'http://localhost:8069', 'http://[::1]:8069/odoo', 'https://x'])(
  '%s is fine',
  (url) => {
    expect(problems({ url })).toEqual([])
  },
)

test('an address with a password is refused, and not repeated', () => {
  const found = problems({
    url: 'https://pulse:hunter2@erp.example.com',
    gevent_url: 'https://hunter2@erp.example.com',
  })
  expect(found).toEqual([
    expect.stringMatching(/^url: no user or password in an address/),
    expect.stringMatching(/^gevent_url: no user or password in an address/),
  ])
  expect(found.join()).not.toContain('hunter2')
})

test.for([
  'erp.example.com',
  'ftp://erp.example.com',
  'https://erp.example.com/?db=x',
  'https://erp.example.com/#a',
  '',
])('"%s" is no address', (url) => {
  expect(problems({ url })).toHaveLength(1)
})

test('credentials: a key or a password, by reference, and the login for XML-RPC', () => {
  expect(problems({ api_key: undefined })).toEqual([expect.stringContaining('api_key: give api_key')])
  expect(problems({ password: { env: 'P' } })).toEqual([expect.stringContaining('not both')])
  expect(problems({ api_key: undefined, password: { file: 'p' } })).toEqual([])
  expect(problems({ api_key: undefined, password: { file: 'p' }, protocol: 'json2' })).toEqual([
    expect.stringContaining('JSON-2 takes an api_key'),
  ])
  expect(problems({ user: undefined })).toEqual([expect.stringContaining('give user')])
  expect(problems({ user: undefined, protocol: 'json2' })).toEqual([])
  const inline = problems({ api_key: 'hunter2' })
  expect(inline).toHaveLength(1)
  expect(inline.join()).not.toContain('hunter2')
})
