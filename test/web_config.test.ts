import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadWebConfig } from '../src/web_config.ts'
import { sansOf } from '../src/web_tls.ts'
import { tempFolder } from './support/edge.ts'
import { client, folderWith, hash, server, TLS } from './support/web_files.ts'

const problemsOf = (yaml: string): readonly string[] => {
  const { file, path } = folderWith(yaml)
  const loaded = loadWebConfig(file)
  if (loaded.ok) throw new Error('taken without complaint')
  for (const problem of loaded.problems) expect(problem.startsWith(`${file}: `)).toBe(true)
  return loaded.problems.map((problem) => problem.slice(file.length + 2).replaceAll(path, '.'))
}

test('all keys, defaults, paths from its own folder', () => {
  const { file } = folderWith(`${TLS}
  client_ca_file: ca.crt
  client_auth_type: RequireClientCert
  client_allowed_sans: [client]
  min_version: TLS12
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256, X25519]
  prefer_server_cipher_suites: false
http_server_config:
  http2: true
  headers: { X-Frame-Options: deny, X-XSS-Protection: "", Strict-Transport-Security: max-age=60 }
basic_auth_users: { alice: ${hash('a')} }
rate_limit: { interval: 1m0.5s, burst: 3 }
`)
  const loaded = loadWebConfig(file)
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'))
  const { tls, headers, users, rateLimit, warnings } = loaded.config
  expect(tls?.clientAuth).toBe('RequireAnyClientCert')
  expect(tls?.secureContext).toMatchObject({
    cert: server.cert,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ecdhCurve: 'P-256:X25519',
    honorCipherOrder: false,
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
  })
  expect(headers).toEqual({ 'X-Frame-Options': 'deny', 'Strict-Transport-Security': 'max-age=60' })
  expect([...users.keys()]).toEqual(['alice'])
  expect(rateLimit).toEqual({ interval: 60_500, burst: 3 })
  expect(warnings).toEqual([expect.stringContaining('HTTP/2 is not spoken here')])
})

test.each(['', '# nothing\n', 'basic_auth_users:\ntls_server_config:\n'])(
  '%j means plain HTTP for everyone',
  (yaml) => {
    const loaded = loadWebConfig(folderWith(yaml).file)
    expect(loaded).toMatchObject({ ok: true, config: { tls: undefined, headers: {}, users: new Map() } })
  },
)

test('every problem at once, each with its path, none with a value', () => {
  const problems = problemsOf(`
tls_server_config:
  cert_file: server.crt
  cert: inline
  client_ca_file: ca.crt
  client_allowed_sans: [a]
  min_version: TLS13
  max_version: TLS12
  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]
  curve_preferences: [secp]
  client_auth_typ: x
http_server_config:
  http2: yep
  headers: { X-Frame-Options: allow, Server: mine, Content-Security-Policy: "a\\nb" }
basic_auth_users:
  alice: hunter2
  "a:b": ${hash('x')}
rate_limit: { interval: soon }
more: 1
`)
  const starts = [
    'tls_server_config.cert_file: give either cert_file or cert, not both',
    'tls_server_config.key_file: give key_file or key',
    'tls_server_config.client_auth_type: a client CA is given',
    'tls_server_config.client_allowed_sans: needs client_auth_type',
    'tls_server_config.min_version: is above max_version',
    'tls_server_config.cipher_suites.0: ',
    'tls_server_config.curve_preferences.0: ',
    'tls_server_config: Unrecognized key: "client_auth_typ"',
    'http_server_config.http2: ',
    'http_server_config.headers.X-Frame-Options: ',
    'http_server_config.headers: Unrecognized key: "Server"',
    'http_server_config.headers.Content-Security-Policy: ',
    'basic_auth_users.alice: is not a bcrypt hash',
    'basic_auth_users.a:b: a user name holds no colon',
    'rate_limit.interval: expected a duration',
    'Unrecognized key: "more"',
  ]
  const told = starts.filter((start) => problems.some((p) => p.startsWith(start)))
  expect(told).toEqual(starts)
  expect(problems).toHaveLength(starts.length)
  expect(problems.join()).not.toContain('hunter2')
})

test('files that are absent, no PEM, or do not go together', () => {
  expect(problemsOf('tls_server_config: { cert_file: no.crt, key_file: no.key }')).toEqual([
    expect.stringMatching(/^tls_server_config.cert_file: ENOENT.*no\.crt/),
    expect.stringMatching(/^tls_server_config.key_file: ENOENT.*no\.key/),
  ])
  expect(problemsOf('tls_server_config: { cert_file: web.yml, key_file: web.yml }')).toEqual([
    expect.stringMatching(/^tls_server_config.cert_file: not usable PEM/),
    expect.stringMatching(/^tls_server_config.key_file: not usable PEM/),
  ])
  const indented = client.key.trim().replaceAll(/\r?\n/g, '\n    ')
  expect(problemsOf(`tls_server_config:\n  cert_file: server.crt\n  key: |\n    ${indented}\n`)).toEqual([
    'tls_server_config.key: is not the key of the certificate in tls_server_config.cert_file',
  ])
  expect(loadWebConfig('/nonexistent/web.yml')).toMatchObject({ ok: false })
})

test('broken YAML is told by its place and without its text', () => {
  const problems = problemsOf(`basic_auth_users:\n  alice: "${hash('x')}\n  bob: [`)
  expect(problems.join()).toMatch(/line \d+, column \d+: not valid YAML/)
  expect(problems.join()).not.toContain('$2b$')
  expect(problemsOf('basic_auth_users: {a: x, a: y}').join()).toContain('DUPLICATE_KEY')
  expect(problemsOf('- a').join()).toContain('expected a mapping')
})

test('whatever is written, it is an answer and never an exception', () => {
  const folder = tempFolder()
  const key = fc.constantFrom('tls_server_config', 'http_server_config', 'basic_auth_users', 'rate_limit', 'x')
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })), (config) => {
      const loaded = loadWebConfig(folder.write('web.yml', JSON.stringify(config)))
      expect(loaded.ok || loaded.problems.length > 0).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('names of a certificate, also those that try to pass for two', () => {
  expect(sansOf('DNS:a.example, IP Address:0:0:0:0:0:0:0:1, email:a@b, URI:spiffe://x/y')).toEqual([
    'a.example',
    '::1',
    'a@b',
    'spiffe://x/y',
  ])
  expect(sansOf('DNS:"evil, DNS:admin", othername:<unsupported>')).toEqual(['evil, DNS:admin'])
  expect(sansOf(undefined)).toEqual([])
})
