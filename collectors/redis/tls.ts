/** The `tls` settings as Node's TLS takes them. */
import type { ConnectionOptions } from 'node:tls'
import type { ConnectContext } from '../../src/collector.ts'
import type { RedisConfig } from './config.ts'

/** Undefined where there is to be none. The PEM texts are read at each connect, so that renewed certificates are followed. */
export const tlsOptions = async (
  { tls }: Pick<RedisConfig, 'tls'>,
  secret: ConnectContext['secret'],
): Promise<ConnectionOptions | undefined> => {
  if (tls === undefined) return undefined
  const pem = async (ref: typeof tls.ca) => (ref === undefined ? undefined : secret(ref))
  const [ca, cert, key] = [await pem(tls.ca), await pem(tls.cert), await pem(tls.key)]
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (tls.verify === 'full') return { ...files, rejectUnauthorized: true }
  if (tls.verify === 'ca') return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { ...files, rejectUnauthorized: false }
}
