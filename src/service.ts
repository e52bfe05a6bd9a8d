/** What runs: the engine, its page, this process's own telemetry, the HTTP server. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type AnyCollector, CollectError } from './collector.ts'
import { type Config, targetsOf } from './config.ts'
import { createExposition, type Exposition, type Page } from './exposition.ts'
import { createEngine, type Engine } from './poll.ts'
import type { SecretRef, Secrets } from './secret.ts'
import type { StartService } from './serve.ts'
import { type ServerDeps, startServer } from './server.ts'
import { createTelemetry } from './telemetry.ts'
import { tenantSamples } from './tenants.ts'

const compress = promisify(gzip)

export interface ServiceOptions {
  readonly version: string
  readonly collectors: readonly AnyCollector[]
  readonly webConfigFile: string | undefined
  /** Whether POST /-/reload is answered. */
  readonly enableLifecycle: boolean
}

/** The snapshots' page and, made at each scrape, this process's own. Two gzip members one after another are one gzip file (RFC 1952). */
const joined = (snapshots: Page, own: Buffer): Page => ({
  get text() {
    return Buffer.concat([snapshots.text, own])
  },
  gzip: async () => Buffer.concat([await snapshots.gzip(), await compress(own)]),
})

const probeOf =
  (engine: Engine, exposition: Exposition): ServerDeps['probe'] =>
  async (target, collector, signal) => {
    const ofTarget = engine.states().filter((state) => state.target.name === target)
    if (ofTarget.length === 0) return 'unknown_target'
    if (!ofTarget.some((state) => state.target.collector.name === collector)) return 'unknown_collector'
    const aborted = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => aborted.resolve(), { once: true })
    if (!signal.aborted) await Promise.race([engine.refresh(target, collector), aborted.promise])
    return exposition.page((source) => source.target === target && source.collector === collector)
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
  ({ version, collectors, webConfigFile, enableLifecycle }: ServiceOptions): StartService =>
  async (config, { log, secrets, reload }) => {
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
    let applied = false
    const apply = async (next: Config): Promise<void> => {
      await engine.apply(targetsOf(next, collectors), next.polling.share)
      const source = { target: '', collector: '', part: 'tenants' }
      await exposition.put(source, tenantSamples(next), Number.POSITIVE_INFINITY)
      applied = true
    }
    const server = await startServer({
      listen: config.listen,
      page: async (exclude) =>
        joined(
          exposition.page(({ collector }) => !exclude.includes(collector)),
          Buffer.from(await telemetry.text()),
        ),
      probe: probeOf(engine, exposition),
      states: engine.states,
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
        await Promise.all([server.close(grace), engine.stop()])
        await telemetry.shutdown()
      },
    }
  }
