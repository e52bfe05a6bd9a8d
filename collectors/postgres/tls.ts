/** `sslmode` and its files, as libpq means them: https://www.postgresql.org/docs/current/libpq-ssl.html */
import type { ConnectionOptions } from 'node:tls'
import type { ConnectContext } from '../../src/collector.ts'
import type { PostgresConfig } from './config.ts'

/** The PEM texts are read at each connect, so that renewed certificates are followed. */
export const tlsOptions = async (
  { sslmode, sslrootcert, sslcert, sslkey }: PostgresConfig,
  secret: ConnectContext['secret'],
): Promise<ConnectionOptions> => {
  const pem = async (ref: typeof sslrootcert) => (ref === undefined ? undefined : secret(ref))
  const [ca, cert, key] = [await pem(sslrootcert), await pem(sslcert), await pem(sslkey)]
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (sslmode === 'verify-full') return { ...files, rejectUnauthorized: true }
  // As in libpq, `require` with a root certificate at hand verifies it.
  if (sslmode === 'verify-ca' || (sslmode === 'require' && ca !== undefined)) {
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  }
  return { ...files, rejectUnauthorized: false }
}

/** Whether to try TLS at all; Unix sockets have none. */
export const wantsTls = (config: PostgresConfig): boolean =>
  config.sslmode !== 'disable' && !config.host.startsWith('/')
