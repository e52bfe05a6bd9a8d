import { expect, test } from 'vitest'
import { type Asker, type Gate, rightOf } from '../src/right.ts'

const open: Gate = { users: new Map(), tls: undefined }
const here: Asker = { address: '127.0.0.1', headers: { host: '127.0.0.1:18069' }, certified: false }
const isGranted = (asker: Partial<Asker>, gate: Gate = open): boolean => rightOf({ ...here, ...asker }, gate).granted

test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])(
  '%s is this machine',
  (address) => {
    expect(isGranted({ address })).toBe(true)
  },
)

test.each([
  '10.0.0.7',
  '192.168.1.1',
  '::ffff:10.0.0.7',
  'fe80::1',
  '128.0.0.1',
  '::2',
  '127.0.0.1.evil',
  '',
  undefined,
])('%s is elsewhere', (address) => {
  expect(isGranted({ address })).toBe(false)
})

test.each(['localhost', 'LocalHost:18069', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:18069'])(
  'Host: %s is a loopback one',
  (host) => {
    expect(isGranted({ headers: { host } })).toBe(true)
  },
)

// A page of elsewhere may have had its name resolved to this machine.
test.each([
  'evil.example',
  'evil.example:18069',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '127.0.0.1@evil.example',
  'localhost:80:80',
  '[::1',
  '[::1]evil:80',
  '10.0.0.7',
  '',
  undefined,
])('Host: %s is not', (host) => {
  expect(isGranted({ headers: { host } })).toBe(false)
})

test.each([
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'x-cluster-client-ip',
])('%s tells of a proxy', (header) => {
  const right = rightOf({ ...here, headers: { ...here.headers, [header]: '127.0.0.1' } }, open)
  expect(right).toEqual({ granted: false, why: expect.stringContaining(`the header ${header} says`) })
})

test('where a password is asked for, whoever came past it may see', () => {
  const gate = { ...open, users: new Map([['alice', 'hash']]) }
  expect(
    isGranted({ address: '10.0.0.7', headers: { host: 'pulse.example', 'x-forwarded-for': '10.0.0.8' } }, gate),
  ).toBe(true)
})

test('a verified certificate proves who asks, one that any public authority may give does not', () => {
  const from = { address: '10.0.0.7' }
  const tls = (clientAuth: NonNullable<Gate['tls']>['clientAuth'], ca: string | undefined): Gate => ({
    ...open,
    tls: { clientAuth, allowedSans: undefined, secureContext: { ca } },
  })
  expect(isGranted({ ...from, certified: true }, tls('RequireAndVerifyClientCert', 'CA'))).toBe(true)
  expect(isGranted({ ...from, certified: true }, tls('VerifyClientCertIfGiven', 'CA'))).toBe(true)
  expect(isGranted({ ...from, certified: false }, tls('VerifyClientCertIfGiven', 'CA'))).toBe(false)
  expect(isGranted({ ...from, certified: true }, tls('RequireAndVerifyClientCert', undefined))).toBe(false)
  expect(isGranted({ ...from, certified: true }, tls('RequireAnyClientCert', 'CA'))).toBe(false)
})

test('why not is said with a remedy', () => {
  expect(rightOf({ ...here, address: '10.0.0.7' }, open)).toEqual({
    granted: false,
    why: expect.stringMatching(/ask from elsewhere: .*basic_auth_users/),
  })
})
