/** The web configuration file's form: exporter-toolkit's, key by key, and the rules across keys. */
import { z } from 'zod'
import type { Duration } from './metric.ts'
import { CIPHER_SUITES, CLIENT_AUTH_TYPES, TLS_VERSIONS } from './web_tls.ts'

const BCRYPT_HASH = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

/** Go's time.ParseDuration, without signs. */
const goDuration = z
  .string()
  .regex(/^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/, { error: 'expected a duration such as 1s or 500ms' })
  .transform((text): Duration => {
    const unit = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 }
    return text
      .matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)
      .reduce((sum, [, n, u]) => sum + Number(n) * unit[u as keyof typeof unit], 0)
  })

const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, { error: 'a header value is one line of printable ASCII' })
const path = z.string().min(1)
const version = z.enum(Object.keys(TLS_VERSIONS) as [keyof typeof TLS_VERSIONS])

type TlsInput = Readonly<Record<string, unknown>>
/** A rule across keys: reported beside all other problems, therefore run on whatever was written. */
const rule = (at: string, error: string, holds: (input: TlsInput) => boolean) =>
  z.refine<TlsInput>((input) => typeof input !== 'object' || input === null || holds(input), {
    path: [at],
    error,
    when: () => true,
  })
const oneOf = (a: string, b: string) => [
  rule(a, `give ${a} or ${b}: without it nothing can be served by TLS`, (t) => a in t || b in t),
  rule(a, `give either ${a} or ${b}, not both`, (t) => !(a in t && b in t)),
]

const tlsSchema = z
  .strictObject({
    cert: path.optional(),
    key: path.optional(),
    client_ca: path.optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
    client_ca_file: path.optional(),
    // RequireClientCert is the older name, which exporter-toolkit still takes
    client_auth_type: z
      .preprocess(
        (v) => (v === '' ? undefined : v === 'RequireClientCert' ? 'RequireAnyClientCert' : v),
        z.enum(CLIENT_AUTH_TYPES).optional(),
      )
      .transform((v) => v ?? 'NoClientCert'),
    client_allowed_sans: z.array(z.string().min(1)).min(1).optional(),
    min_version: version.default('TLS12'),
    max_version: version.default('TLS13'),
    cipher_suites: z.array(z.enum(CIPHER_SUITES)).optional(),
    prefer_server_cipher_suites: z.boolean().default(true),
    curve_preferences: z.array(z.enum(['CurveP256', 'CurveP384', 'CurveP521', 'X25519'])).optional(),
  })
  .check(
    ...oneOf('cert_file', 'cert'),
    ...oneOf('key_file', 'key'),
    rule(
      'client_ca_file',
      'give either client_ca_file or client_ca, not both',
      (t) => !('client_ca_file' in t && 'client_ca' in t),
    ),
    rule(
      'client_auth_type',
      'a client CA is given, but no client is asked for a certificate: RequireAndVerifyClientCert?',
      (t) => !('client_ca_file' in t || 'client_ca' in t) || (t.client_auth_type ?? 'NoClientCert') !== 'NoClientCert',
    ),
    rule(
      'client_allowed_sans',
      'needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert: other types let in clients without a certificate',
      (t) => !('client_allowed_sans' in t) || /^Require/.test(String(t.client_auth_type)),
    ),
    rule(
      'min_version',
      'is above max_version',
      (t) => String(t.min_version ?? 'TLS12') <= String(t.max_version ?? 'TLS13'),
    ),
  )

/** Strict: an unknown key is a problem. A section without content counts as absent. */
export const webConfigSchema = z.strictObject({
  tls_server_config: tlsSchema.nullish(),
  http_server_config: z
    .strictObject({
      http2: z.boolean().optional(),
      headers: z
        .strictObject({
          'Content-Security-Policy': headerValue.optional(),
          'X-Frame-Options': z.enum(['deny', 'sameorigin', '']).optional(),
          'X-Content-Type-Options': z.enum(['nosniff', '']).optional(),
          'X-XSS-Protection': headerValue.optional(),
          'Strict-Transport-Security': headerValue.optional(),
        })
        .nullish(),
    })
    .nullish(),
  basic_auth_users: z
    .record(
      z.string().regex(/^[^:\p{Cc}]+$/u, { error: 'a user name holds no colon and no control character' }),
      z.string().regex(BCRYPT_HASH, { error: 'is not a bcrypt hash; make one with: htpasswd -nBC 10 ""' }),
    )
    .nullish(),
  rate_limit: z.strictObject({ interval: goDuration.default(0), burst: z.int().min(1).default(1) }).nullish(),
})
/** The file as written, defaults filled in. */
export type WebConfigFile = z.infer<typeof webConfigSchema>
