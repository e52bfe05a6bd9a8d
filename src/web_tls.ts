/**
 * The names of Go's crypto/tls, as exporter-toolkit's web configuration uses them, in the terms of Node's
 * tls; and the five client authentication policies of https://pkg.go.dev/crypto/tls#ClientAuthType.
 */
import { isIPv6 } from 'node:net'
import type { SecureContextOptions, TLSSocket } from 'node:tls'

export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number]

export const TLS_VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const
export type TlsVersion = keyof typeof TLS_VERSIONS

/** exporter-toolkit's names of curves → OpenSSL's groups. */
export const CURVES = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' } as const
export type Curve = keyof typeof CURVES

/** TLS 1.3 suites have the same name in both; neither Go nor we let them be chosen. */
export const TLS13_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
] as const

/** The suites of Go's tls.CipherSuites() up to TLS 1.2 → OpenSSL's names. */
export const TLS12_SUITES = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
} as const
export type CipherSuite = (typeof TLS13_SUITES)[number] | keyof typeof TLS12_SUITES

export const CIPHER_SUITES = [...TLS13_SUITES, ...(Object.keys(TLS12_SUITES) as (keyof typeof TLS12_SUITES)[])]

const opensslSuite = (name: CipherSuite): readonly string[] =>
  name in TLS12_SUITES ? [TLS12_SUITES[name as keyof typeof TLS12_SUITES]] : []

export interface TlsChoices {
  readonly min_version: TlsVersion
  readonly max_version: TlsVersion
  readonly prefer_server_cipher_suites: boolean
  readonly cipher_suites?: readonly CipherSuite[] | undefined
  readonly curve_preferences?: readonly Curve[] | undefined
}

/** What of a secure context follows from the choices; certificate, key and CA come beside it. */
export const secureContextOf = (c: TlsChoices): SecureContextOptions => ({
  minVersion: TLS_VERSIONS[c.min_version],
  maxVersion: TLS_VERSIONS[c.max_version],
  honorCipherOrder: c.prefer_server_cipher_suites,
  // Node takes a list without TLS 1.3 suites for a wish to do without TLS 1.3
  ...(c.cipher_suites?.length && { ciphers: [...TLS13_SUITES, ...c.cipher_suites.flatMap(opensslSuite)].join(':') }),
  ...(c.curve_preferences?.length && { ecdhCurve: c.curve_preferences.map((curve) => CURVES[curve]).join(':') }),
})

export interface ClientPolicy {
  readonly clientAuth: ClientAuthType
  /** One of these must be a subject alternative name of the client's certificate; undefined: any will do. */
  readonly allowedSans: readonly string[] | undefined
}

const canonicalIp = (name: string): string => (isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name)

/**
 * DNS names, addresses, e-mail addresses and URIs of `subjectAltName`. Node quotes a value that holds a comma
 * or a quote (https://nodejs.org/api/crypto.html#x509subjectaltname), so that a value can't pass for two.
 */
export const sansOf = (subjectAltName: string | undefined): readonly string[] =>
  (subjectAltName ?? '')
    .matchAll(/(?:^|, )(?:DNS|IP Address|URI|email):("(?:[^"\\]|\\.)*"|[^,]*)/g)
    .map(([, value = '']) => canonicalIp(value.startsWith('"') ? String(JSON.parse(value)) : value))
    .toArray()

/** Why this client may not come in; undefined if it may. For a socket whose handshake is done. */
export const refusal = (socket: TLSSocket, { clientAuth, allowedSans }: ClientPolicy): string | undefined => {
  if (clientAuth === 'NoClientCert') return undefined
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return clientAuth.startsWith('Require') ? 'no client certificate was sent' : undefined
  if (clientAuth.includes('Verify') && !socket.authorized) {
    return `the client certificate is not trusted: ${socket.authorizationError}`
  }
  if (!allowedSans) return undefined
  const allowed = new Set(allowedSans.map(canonicalIp))
  return sansOf(certificate.subjectAltName).some((san) => allowed.has(san))
    ? undefined
    : 'no subject alternative name of the client certificate is in client_allowed_sans'
}
