/** `sslmode` and its files, as libpq means them: https://www.postgresql.org/docs/current/libpq-ssl.html */
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { CollectError } from '../../src/collector.ts'
import type { PostgresConfig } from './config.ts'

const pem = async (config: PostgresConfig, key: 'sslrootcert' | 'sslcert' | 'sslkey'): Promise<string | undefined> => {
  const path = config[key]
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CollectError('auth', `postgres.${key}: ${path} can't be read`, { cause })
  }
}

/** The files are read at each connect, so that renewed certificates are followed. */
export const tlsOptions = async (config: PostgresConfig): Promise<ConnectionOptions> => {
  const [ca, cert, key] = [await pem(config, 'sslrootcert'), await pem(config, 'sslcert'), await pem(config, 'sslkey')]
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (config.sslmode === 'verify-full') return { ...files, rejectUnauthorized: true }
  // As in libpq, `require` with a root certificate at hand verifies it.
  if (config.sslmode === 'verify-ca' || (config.sslmode === 'require' && ca !== undefined)) {
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  }
  return { ...files, rejectUnauthorized: false }
}

/** Whether to try TLS at all; Unix sockets have none. */
export const wantsTls = (config: PostgresConfig): boolean =>
  config.sslmode !== 'disable' && !config.host.startsWith('/')
