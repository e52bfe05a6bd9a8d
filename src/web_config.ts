/**
 * TLS, headers and users of our own server, in the file form of the Prometheus exporter-toolkit
 * (https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md).
 *
 * The file and what it points to are followed: looked at when a connection or a request comes, at most
 * once a second. A broken new state is logged once and the old one stays in force.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { isMap, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type Duration, seconds } from './metric.ts'
import { type WebConfigFile, webConfigSchema } from './web_schema.ts'
import { type ClientPolicy, secureContextOf } from './web_tls.ts'

/** Above it one comparison takes seconds, in which other wrong guesses wait. */
const HIGH_BCRYPT_COST = 14
const LOOK_EVERY = seconds(1)

export interface TlsSettings extends ClientPolicy {
  readonly secureContext: SecureContextOptions
}

export interface WebConfig {
  /** undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined
  readonly headers: Readonly<Record<string, string>>
  /** User name → bcrypt hash; empty: no authentication. */
  readonly users: ReadonlyMap<string, string>
  /** One request per `interval`, with room for `burst`. */
  readonly rateLimit: { readonly interval: Duration; readonly burst: number } | undefined
  readonly warnings: readonly string[]
}

/** Each file read → what told its state when it was read. */
type Stamps = ReadonlyMap<string, string>

export type LoadedWebConfig =
  | { readonly ok: true; readonly config: WebConfig; readonly stamps: Stamps }
  | { readonly ok: false; readonly problems: readonly string[]; readonly stamps: Stamps }

const NOTHING: WebConfig = { tls: undefined, headers: {}, users: new Map(), rateLimit: undefined, warnings: [] }

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Collects problems and stamps while one state of the files is read. */
const createReader = () => {
  const problems: string[] = []
  const stamps = new Map<string, string>()
  /** What `make` throws becomes a problem, and undefined. */
  const attempt = <T>(at: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      problems.push(`${at}: ${messageOf(error)}`)
      return undefined
    }
  }
  const readFile = (at: string, file: string): string | undefined => {
    // taken before reading: what changes while we read then differs at the next look
    stamps.set(file, stampOf(file))
    return attempt(at, () => readFileSync(file, 'utf8'))
  }
  return { problems, stamps, attempt, readFile }
}
type Reader = ReturnType<typeof createReader>

const stampOf = (file: string): string => {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file)
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`
  } catch (error) {
    return messageOf(error)
  }
}

/** YAML → plain data. Messages hold no text of the file: keys and hashes may stand in it. */
const parseYaml = (text: string, { problems, attempt }: Reader): unknown => {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  for (const error of document.errors) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    problems.push(`line ${line}, column ${col}: not valid YAML (${error.code})`)
  }
  if (problems.length > 0 || document.contents === null) return {}
  if (isMap(document.contents)) return attempt('not valid YAML', () => document.toJS({ maxAliasCount: 100 }))
  problems.push('expected a mapping of tls_server_config, http_server_config, basic_auth_users, rate_limit')
  return {}
}

const explain = (issue: z.core.$ZodIssue): string => {
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
  return issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ${message}` : message
}

type TlsSection = NonNullable<WebConfigFile['tls_server_config']>

const loadTls = (section: TlsSection, folder: string, reader: Reader): TlsSettings | undefined => {
  const { problems, attempt, readFile } = reader
  const load = <T>(key: 'cert' | 'key' | 'client_ca', check: (pem: string) => T) => {
    const file = section[`${key}_file`]
    const at = `tls_server_config.${file === undefined ? key : `${key}_file`}`
    const pem = file === undefined ? section[key] : readFile(at, resolve(folder, file))
    return { at, pem, checked: pem === undefined ? undefined : attempt(`${at}: not usable PEM`, () => check(pem)) }
  }
  const cert = load('cert', (pem) => new X509Certificate(pem))
  const key = load('key', (pem) => createPrivateKey(pem))
  const ca = load('client_ca', (pem) => new X509Certificate(pem))
  if (cert.checked && key.checked && !cert.checked.checkPrivateKey(key.checked)) {
    problems.push(`${key.at}: is not the key of the certificate in ${cert.at}`)
  }
  if (problems.length > 0) return undefined
  const secureContext = { ...secureContextOf(section), cert: cert.pem, key: key.pem, ca: ca.pem }
  attempt('tls_server_config', () => createSecureContext(secureContext))
  return { secureContext, clientAuth: section.client_auth_type, allowedSans: section.client_allowed_sans }
}

const warningsOf = ({ tls_server_config: tls, http_server_config: http, basic_auth_users }: WebConfigFile) => {
  const anyAuthority =
    tls && /Verify/.test(tls.client_auth_type) && !tls.client_ca && !tls.client_ca_file && !tls.client_allowed_sans
  const slow = Object.entries(basic_auth_users ?? {}).filter(([, hash]) => Number(hash.slice(4, 6)) > HIGH_BCRYPT_COST)
  return [
    ...(http?.http2 ? ['http_server_config.http2: HTTP/2 is not spoken here; HTTP/1.1 is served'] : []),
    ...(anyAuthority
      ? ['tls_server_config: without client_ca_file a certificate of any public authority lets a client in']
      : []),
    ...slow.map(([user]) => `basic_auth_users.${user}: a bcrypt cost above ${HIGH_BCRYPT_COST} takes seconds to check`),
  ]
}

/** Reads the file and the PEM files it names (relative to its own folder). Gives all problems at once, each with its path. */
export const loadWebConfig = (file: string): LoadedWebConfig => {
  const reader = createReader()
  const { problems, stamps } = reader
  const failed = (): LoadedWebConfig => ({ ok: false, problems: problems.map((p) => `${file}: ${p}`), stamps })
  const text = reader.readFile('cannot be read', file)
  if (text === undefined) return failed()
  const parsed = webConfigSchema.safeParse(parseYaml(text, reader))
  if (!parsed.success) problems.push(...parsed.error.issues.map(explain))
  if (problems.length > 0 || !parsed.success) return failed()
  const { tls_server_config, http_server_config, basic_auth_users, rate_limit } = parsed.data
  const tls = tls_server_config ? loadTls(tls_server_config, dirname(resolve(file)), reader) : undefined
  if (problems.length > 0) return failed()
  const headers = Object.entries(http_server_config?.headers ?? {}).flatMap(([k, v]) => (v ? [[k, v] as const] : []))
  const config: WebConfig = {
    tls,
    headers: Object.fromEntries(headers),
    users: new Map(Object.entries(basic_auth_users ?? {})),
    rateLimit: rate_limit && rate_limit.interval > 0 ? rate_limit : undefined,
    warnings: warningsOf(parsed.data),
  }
  return { ok: true, config, stamps }
}

/** What a running server can't take over, as a reason; undefined: all of it can. */
const needsRestart = (started: WebConfig, next: WebConfig): string | undefined => {
  if (!started.tls !== !next.tls) return 'turning TLS on or off needs a restart'
  if (started.tls?.clientAuth === 'NoClientCert' && next.tls?.clientAuth !== 'NoClientCert') {
    return 'beginning to ask clients for certificates needs a restart'
  }
  return undefined
}

export interface FollowedWebConfig {
  /** What is in force, at most a second behind the files. */
  readonly current: () => WebConfig
}

/** Throws an Error that lists every problem if the first state is not usable. No file: plain HTTP for everyone. */
export const followWebConfig = (
  file: string | undefined,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): FollowedWebConfig => {
  if (file === undefined) return { current: () => NOTHING }
  const started = loadWebConfig(file)
  if (!started.ok) throw new Error(started.problems.join('\n'))
  const takeOver = (next: WebConfig): WebConfig => {
    for (const warning of next.warnings) log.warn(`${file}: ${warning}`)
    return next
  }
  let config = takeOver(started.config)
  let stamps = started.stamps
  let looked = performance.now()

  const look = (): void => {
    if ([...stamps].every(([path, stamp]) => stampOf(path) === stamp)) return
    const next = loadWebConfig(file)
    stamps = next.stamps
    const obstacle = next.ok ? needsRestart(started.config, next.config) : next.problems.join('; ')
    if (next.ok && obstacle === undefined) {
      config = takeOver(next.config)
      log.info(`${file}: the changed web configuration is in force`)
    } else
      log.error(
        { reason: obstacle },
        `${file}: the changed web configuration is not usable; the old one stays in force`,
      )
  }
  return {
    current: () => {
      if (performance.now() - looked >= LOOK_EVERY) {
        looked = performance.now()
        look()
      }
      return config
    },
  }
}
