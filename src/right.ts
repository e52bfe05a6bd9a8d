/** Who may see documents and money: who has said who they are, or sits at this machine. Pure. */
import { isIPv4 } from 'node:net'
import type { Right } from './flow/api.ts'
import type { TlsSettings } from './web_config.ts'

export interface Asker {
  readonly address: string | undefined
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Whether a certificate of the client's was verified. */
  readonly certified: boolean
}

export interface Gate {
  /** Of the web configuration: none, and no password is asked for. */
  readonly users: ReadonlyMap<string, string>
  readonly tls: Pick<TlsSettings, 'clientAuth' | 'allowedSans' | 'secureContext'> | undefined
}

const isLoopback = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}

/** The Host header, for a page of elsewhere may have its name resolved to this machine. */
const isLoopbackHost = (host: unknown): boolean => {
  if (typeof host !== 'string') return false
  const [, name] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host) ?? []
  if (name === undefined) return false
  return name.toLowerCase() === 'localhost' || isLoopback(name.replace(/^\[(.*)\]$/, '$1'))
}

/** Set by proxies: the one who asks sits somewhere else. */
const FORWARDING =
  /^(?:forwarded|via|x-real-ip|x-forwarded(?:-.*)?|x-(?:client|cluster-client|original)-.*|(?:cf-connecting|true-client)-ip)$/

/** A certificate of any public authority says nothing of who may come in. */
const provesWho = ({ clientAuth, secureContext, allowedSans }: NonNullable<Gate['tls']>): boolean =>
  clientAuth.includes('Verify') && (secureContext.ca !== undefined || allowedSans !== undefined)

const REMEDY = 'ask from this machine without a proxy, or configure basic_auth_users or client certificates'

/** For a request that has come past the password, where there is one. */
export const rightOf = ({ address, headers, certified }: Asker, { users, tls }: Gate): Right => {
  if (users.size > 0 || (tls && certified && provesWho(tls))) return { granted: true }
  const refused = (why: string): Right => ({ granted: false, why: `${why}: ${REMEDY}` })
  if (address === undefined || !isLoopback(address))
    return refused('nobody has to log in here, and you ask from elsewhere')
  if (!isLoopbackHost(headers.host))
    return refused('nobody has to log in here, and the Host header is not a loopback one')
  const forwarding = Object.keys(headers).find((name) => FORWARDING.test(name))
  return forwarding === undefined
    ? { granted: true }
    : refused(`nobody has to log in here, and the header ${forwarding} says that a proxy stands between`)
}
