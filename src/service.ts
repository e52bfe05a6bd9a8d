/** What runs: the engine, its page, this process's own telemetry, the HTTP server. */
import { followCalendar } from './calendar/follow.ts'
import { type AnyCollector, CollectError } from './collector.ts'
import { type Config, targetsOf } from './config.ts'
import { createExposition, type Exposition, type Page, pageOf } from './exposition.ts'
import type { Clock } from './flow/follow/clock.ts'
import { followFlows } from './flow/follow/follow.ts'
import { FLOWS, publisher } from './flow/follow/publish.ts'
import { type Cadence, defaultCadence } from './flow/ledger/ledger_state.ts'
import { type Instant, seconds } from './metric.ts'
import { createEngine, type Engine } from './poll.ts'
import type { SecretRef, Secrets } from './secret.ts'
import type { StartService } from './serve.ts'
import { type ServerDeps, startServer } from './server.ts'
import { createTelemetry } from './telemetry.ts'
import { tenantSamples } from './tenants.ts'

export interface ServiceOptions {
  readonly version: string
  readonly collectors: readonly AnyCollector[]
  readonly webConfigFile: string | undefined
  /** Whether POST /-/reload is answered. */
  readonly enableLifecycle: boolean
  /** The clock of the business calendar. Default: the system's. */
  readonly now?: () => Instant
  /** How business flows are followed. Default: by the system's clock, with a look each minute. */
  readonly flows?: { readonly clock?: Clock; readonly cadence?: Cadence }
}

/** This process's own telemetry changes with every look at it; it is made at most so often, and scrapes in between share a page. */
const OWN_EVERY = seconds(1)

/** What a scrape gets: the snapshots and this process's own telemetry, one page as long as neither changes. */
const pageMaker = (exposition: Exposition, ownText: () => Promise<string>): ServerDeps['page'] => {
  let own: { readonly text: Promise<string>; readonly at: Instant } | undefined
  let last: { readonly snapshots: Page; readonly own: string; readonly page: Page } | undefined
  return async (exclude) => {
    if (own === undefined || Date.now() - own.at >= OWN_EVERY) own = { text: ownText(), at: Date.now() }
    const text = await own.text
    if (exclude.length > 0) {
      return pageOf(exposition.page(({ collector }) => !exclude.includes(collector)).text, text)
    }
    const snapshots = exposition.page()
    if (last?.snapshots !== snapshots || last.own !== text)
      last = { snapshots, own: text, page: pageOf(snapshots.text, text) }
    return last.page
  }
}

/** Flows are read on a schedule of their own: what stands is served, nothing is asked. */
const probeOf =
  (engine: Engine, exposition: Exposition, hasFlows: (tenant: string) => boolean): ServerDeps['probe'] =>
  async (target, collector, signal) => {
    const page = () => exposition.page((source) => source.target === target && source.collector === collector)
    if (collector === FLOWS && hasFlows(target)) return page()
    const ofTarget = engine.states().filter((state) => state.target.name === target)
    if (ofTarget.length === 0) return 'unknown_target'
    if (!ofTarget.some((state) => state.target.collector.name === collector)) return 'unknown_collector'
    const aborted = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => aborted.resolve(), { once: true })
    if (!signal.aborted) await Promise.race([engine.refresh(target, collector), aborted.promise])
    return page()
  }

/** A secret that cannot be read keeps us from logging in. */
const secretOf =
  ({ read }: Secrets) =>
  (ref: SecretRef): Promise<string> =>
    read(ref).catch((error: Error) => {
      throw new CollectError('auth', error.message)
    })

/** Throws an Error for people where the address, the web configuration or the OTLP endpoint is not usable. */
export const composeService =
  (options: ServiceOptions): StartService =>
  async (config, { log, secrets, reload }) => {
    const { version, collectors, webConfigFile, enableLifecycle, now = Date.now } = options
    const { redact } = secrets
    const exposition = createExposition(Date.now)
    // Telemetry reads the engine's states at each scrape, the engine tells telemetry of drops: one must come first.
    let states: Engine['states'] = () => []
    const { otlpEndpoint } = config.telemetry
    const telemetry = await createTelemetry({ version, otlpEndpoint, redact, log, states: () => states() })
    const engine = createEngine({
      secret: secretOf(secrets),
      redact,
      log,
      exposition,
      onDropped: telemetry.sampleDropped,
      traced: telemetry.span,
    })
    states = engine.states
    const calendar = followCalendar({
      now,
      log,
      put: (part, samples, lifetime) =>
        exposition.put({ target: '', collector: '', part: `calendar ${part}` }, samples, Date.now() + lifetime),
    })
    const flows = followFlows({
      ...options.flows,
      engine,
      collectors,
      log,
      redact,
      publish: publisher({
        put: exposition.put,
        now: Date.now,
        interval: options.flows?.cadence?.fast ?? defaultCadence.fast,
        onError: (err) => log.error({ err }, 'flows could not be shown'),
      }),
      withdraw: (tenant) => exposition.drop(tenant, FLOWS),
    })
    let applied = false
    const apply = async (next: Config): Promise<void> => {
      await engine.apply(targetsOf(next, collectors), next.polling.share)
      const source = { target: '', collector: '', part: 'tenants' }
      await exposition.put(source, tenantSamples(next), Number.POSITIVE_INFINITY)
      await calendar.follow(next.calendar)
      await flows.follow(next)
      applied = true
    }
    const server = await startServer({
      listen: config.listen,
      page: pageMaker(exposition, telemetry.text),
      probe: probeOf(engine, exposition, (tenant) => flows.reports().some((report) => report.tenant === tenant)),
      states: engine.states,
      flows: { reports: flows.reports, overdue: flows.documents },
      ready: () => applied && engine.ready(),
      reload: enableLifecycle ? reload : undefined,
      webConfigFile,
      log,
      redact,
      version,
      onServed: telemetry.requestServed,
    })
    log.info({ url: server.url }, 'listening')
    await apply(config)
    return {
      apply,
      configRead: telemetry.configRead,
      stop: async (grace) => {
        calendar.stop()
        await Promise.all([server.close(grace), flows.stop(), engine.stop()])
        await telemetry.shutdown()
      },
    }
  }
