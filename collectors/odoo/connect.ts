/** The way to one Odoo: version, protocol, login. */
import { CollectError, type ConnectContext } from '../../src/collector.ts'
import { type Duration, seconds } from '../../src/metric.ts'
import { timed } from './careful.ts'
import { clientOf, type OdooClient } from './client.ts'
import type { OdooConfig } from './config.ts'
import { createDurations, type Durations } from './durations.ts'
import { json2Protocol, whoAmI } from './json2.ts'
import { createLogins, type Login, type Logins } from './login.ts'
import { areWorkersBusy } from './pages.ts'
import type { Protocol } from './protocol.ts'
import { askVersion, JSON_SINCE } from './version.ts'
import { type Wire, wireOf } from './wire.ts'
import { authenticate, xmlRpcProtocol } from './xmlrpc_protocol.ts'

/** For the version, where the gevent port may answer in its stead. */
const PATIENCE: Duration = seconds(2)
const secretOf = async ({ api_key, password }: OdooConfig, secret: ConnectContext['secret']): Promise<string> => {
  const ref = api_key ?? password
  if (ref === undefined) throw new CollectError('auth', 'no credentials: give odoo.api_key')
  return secret(ref)
}

/**
 * The version, or the one we know where the workers are all busy and the gevent port answers: an Odoo that is busy has
 * not gone. Without a login we have no business there.
 */
const reach = async (
  wire: Wire,
  protocol: OdooConfig['protocol'],
  login: Login | undefined,
  signal: AbortSignal,
): Promise<number> => {
  const likely = login?.series ?? (protocol === 'json2' ? JSON_SINCE : undefined)
  const ask = (until: AbortSignal) => askVersion(wire.http, likely, wire.exchange, until)
  if (wire.pages.gevent === undefined || login === undefined) return (await ask(signal)).series
  const patience = AbortSignal.timeout(PATIENCE)
  try {
    return (await ask(AbortSignal.any([signal, patience]))).series
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error
    if (await wire.pages.gevent(signal)) return login.series
    throw new CollectError('timeout', `no answer within ${PATIENCE / 1000} s, neither from the gevent port`)
  }
}

const protocolFor = (config: OdooConfig, series: number): OdooClient['protocol'] => {
  if (config.protocol === 'json2' && series < JSON_SINCE) {
    throw new CollectError('connect', `this is Odoo ${series}: JSON-2 begins with 19; set odoo.protocol: auto`)
  }
  if (config.protocol !== 'auto') return config.protocol
  return series >= JSON_SINCE && config.api_key !== undefined ? 'json2' : 'xmlrpc'
}

interface Way {
  readonly uid: number
  readonly call: Protocol
}

const loginBy = async (
  protocol: OdooClient['protocol'],
  { config, wire, secret, durations }: { config: OdooConfig; wire: Wire; secret: string; durations: Durations },
  kept: Login | undefined,
  signal: AbortSignal,
): Promise<Way> => {
  const access = { endpoint: wire.http, database: config.database, exchange: wire.exchange }
  const login = (work: () => Promise<number>) => kept?.uid ?? timed(durations, 'authenticate', work)
  if (protocol === 'json2') {
    const call = json2Protocol({ ...access, apiKey: secret })
    return { call, uid: await login(() => whoAmI(call, signal)) }
  }
  const { user } = config
  if (user === undefined) throw new CollectError('auth', 'XML-RPC wants the login: give odoo.user')
  const uid = await login(() => authenticate(access, user, secret, signal))
  return { uid, call: xmlRpcProtocol(access, uid, secret) }
}

const connectWith =
  (logins: Logins) =>
  async (config: OdooConfig, { secret: read, signal }: ConnectContext): Promise<OdooClient> => {
    const secret = await secretOf(config, read)
    logins.assertNotRefused(config, secret)
    const wire = await wireOf(config, read)
    const durations = createDurations()
    const kept = logins.kept(config, secret)
    const series = await timed(durations, 'version', () => reach(wire, config.protocol, kept, signal))
    const protocol = protocolFor(config, series)
    const { uid, call } = await loginBy(protocol, { config, wire, secret, durations }, kept, signal).catch(
      (error: unknown) => {
        if (error instanceof CollectError && error.reason === 'auth') logins.refuse(config, secret, error)
        throw error
      },
    )
    logins.keep(config, secret, { uid, series })
    const onRefused = (): void => logins.forget(config)
    return clientOf({ config, wire, series, protocol, uid, call, durations, onRefused })
  }

/**
 * Whether Odoo answers from its database and to us: with less, the circuit would close and open several times a second
 * while the database is down. A login that it takes is kept for the connection that follows; an Odoo whose workers are
 * all busy has not gone. Throws CollectError.
 */
const checkWith = (logins: Logins) => {
  const connect = connectWith(logins)
  return async (config: OdooConfig, context: ConnectContext): Promise<void> => {
    const { secret: read, signal } = context
    const secret = await secretOf(config, read)
    logins.assertNotRefused(config, secret)
    const { pages } = await wireOf(config, read)
    if (pages.gevent !== undefined && logins.kept(config, secret) !== undefined) {
      const areBusy = await areWorkersBusy(pages, signal)
      if (areBusy === undefined) throw new CollectError('timeout', 'neither the workers nor the gevent port answer')
      if (areBusy) return
    }
    const client = await connect(config, context)
    await client.searchCount('res.users', [['id', '=', client.uid]], 1, signal)
  }
}

/** `connect` and `check` share what is known of logins; see login.ts for why that must outlive a connection. */
export const createConnector = (logins: Logins = createLogins()) => ({
  connect: connectWith(logins),
  check: checkWith(logins),
})
