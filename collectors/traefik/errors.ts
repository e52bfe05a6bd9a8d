/** What a failed request means to us, and what to do about it. Pure. */
import { CollectError } from '../../src/collector.ts'
import type { TraefikConfig } from './config.ts'

const ADDRESS_ERRORS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused: does Traefik run, and serve metrics on this address and port?'],
  ['ECONNRESET', 'the connection was reset'],
  ['EPIPE', 'the connection was closed by the other side'],
  ['ENOTFOUND', 'no such host name'],
  ['EAI_AGAIN', 'the name server gave no answer'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ETIMEDOUT', 'no connection in time'],
])

/** Where we talk to, for people; a query may hold anything, and is left out. */
export const address = ({ url }: Pick<TraefikConfig, 'url'>): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isCertificate = (code: string, message: string): boolean =>
  /CERT|SELF_SIGNED|ISSUER|^ERR_(TLS|SSL|OSSL)/.test(code) || /certificate/i.test(message)

/** Any error of a request as one the engine knows; our own pass through. */
export const explain = (error: unknown, config: TraefikConfig): CollectError => {
  if (error instanceof CollectError) return error
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const at = address(config)
  const options = { cause: error }
  const known = ADDRESS_ERRORS.get(code)
  if (known !== undefined) return new CollectError('connect', `${at}: ${known}`, options)
  if (isCertificate(code, message)) {
    return new CollectError('connect', `${at}: TLS: ${code || message}; see traefik.ca`, options)
  }
  if (code === 'EPROTO') return new CollectError('connect', `${at}: does not speak TLS: use http://`, options)
  if (code.startsWith('HPE_')) return new CollectError('decode', `${at}: what answers is no HTTP (${code})`, options)
  return new CollectError('query', `${at}: ${code || message}`, options)
}

/** Undefined where the reply is what it should be: metrics, whose end can be told. */
export const refusal = (
  status: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  config: TraefikConfig,
): CollectError | undefined => {
  const at = address(config)
  if (status === 401 || status === 403) {
    const advice = config.user === undefined ? 'give traefik.user and traefik.password' : 'check user and password'
    return new CollectError('auth', `${at}: refused with status ${status}: ${advice}`)
  }
  if (status >= 300 && status < 400) {
    return new CollectError(
      'query',
      `${at}: redirects elsewhere (status ${status}), which we do not follow: give the last address`,
    )
  }
  if (status !== 200) {
    const advice = status === 404 ? ': is this where Traefik serves metrics (metrics.prometheus.entryPoint)?' : ''
    return new CollectError('query', `${at}: answers with status ${status}${advice}`)
  }
  const type = String(headers['content-type'] ?? '')
  if (!/^text\/plain\s*(;|$)/i.test(type) || /version=(?!0\.0\.4)/i.test(type)) {
    return new CollectError('decode', `${at}: what it sends is no Prometheus text 0.0.4 (by its Content-Type)`)
  }
  // Else a page cut short at a line's end would pass for a whole one, and series for dropped ones.
  if (headers['content-length'] === undefined && !/chunked/i.test(String(headers['transfer-encoding'] ?? ''))) {
    return new CollectError('decode', `${at}: the reply says neither its length nor where it ends`)
  }
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip') {
    return new CollectError('decode', `${at}: the reply is encoded in a way we did not ask for`)
  }
  return undefined
}
