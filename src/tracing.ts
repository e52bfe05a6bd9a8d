/**
 * Traces by OpenTelemetry, sent by OTLP/HTTP where an endpoint is given; else nothing is loaded, kept or sent.
 *
 * The SDK alone is started, with traces alone: no instrumentation of libraries, no metrics or log exporter
 * (it would start both by default), no detectors that read host names, users or the process's arguments.
 * Its own environment variables hold: OTEL_TRACES_SAMPLER*, OTEL_BSP_*, OTEL_EXPORTER_OTLP_HEADERS,
 * OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME, OTEL_SDK_DISABLED.
 */
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Attributes,
  context,
  DiagLogLevel,
  diag,
  propagation,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Logger } from 'pino'
import { minutes, seconds } from './metric.ts'

export interface TracingOptions {
  readonly version: string
  /** Base URL of an OTLP/HTTP receiver: spans go to `<endpoint>/v1/traces`. */
  readonly otlpEndpoint?: string | undefined
  readonly redact: (text: string) => string
  readonly log: Pick<Logger, 'warn'>
}

export interface Tracing {
  readonly tracer: Tracer
  /** Runs `run` under a span, the parent of spans within. What it throws marks the span and goes on. */
  readonly span: <T>(name: string, attributes: Attributes, run: (span: Span) => Promise<T>) => Promise<T>
  /** Sends what waits; gives up after 2 s, so that a receiver that hangs does not hold up the end. */
  readonly shutdown: () => Promise<void>
}

const NAME = 'odoo-pulse'
const SHUTDOWN_GRACE = seconds(2)

const startSdk = async (endpoint: string, version: string): Promise<{ readonly shutdown: () => Promise<void> }> => {
  // loaded only here: it costs start-up time and memory that nobody should pay without traces
  const [{ NodeSDK }, { OTLPTraceExporter }, { defaultResource, envDetector, resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
    ])
  const own = resourceFromAttributes({ 'service.name': NAME, 'service.version': version })
  const sdk = new NodeSDK({
    resource: defaultResource().merge(own),
    resourceDetectors: [envDetector],
    traceExporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    textMapPropagator: null,
  })
  sdk.start()
  return sdk
}

/** What the SDK complains of (a receiver that is down, above all), at most once a minute. */
const complain = ({ log, redact }: TracingOptions): void => {
  let silentUntil = 0
  const say = (message: string, ...details: readonly unknown[]): void => {
    if (performance.now() < silentUntil) return
    silentUntil = performance.now() + minutes(1)
    log.warn(`traces: ${redact([message, ...details.map(String)].join(' ')).slice(0, 500)}`)
  }
  const nothing = (): void => {}
  const logger = { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}

/** Throws an Error if the endpoint is not an http(s) URL. */
export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  const { otlpEndpoint, version, redact } = options
  if (otlpEndpoint !== undefined && !/^https?:$/.test(URL.parse(otlpEndpoint)?.protocol ?? '')) {
    throw new Error('the OTLP endpoint is not an http or https URL such as http://127.0.0.1:4318')
  }
  if (otlpEndpoint !== undefined) complain(options)
  const sdk = otlpEndpoint === undefined ? undefined : await startSdk(otlpEndpoint, version)
  const tracer = trace.getTracer(NAME, version)
  return {
    tracer,
    span: (name, attributes, run) =>
      tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await run(span)
        } catch (error) {
          const message = redact(error instanceof Error ? error.message : String(error))
          span.setStatus({ code: SpanStatusCode.ERROR, message })
          throw error
        } finally {
          span.end()
        }
      }),
    shutdown: async () => {
      if (!sdk) return
      const sent = sdk.shutdown().catch((error: unknown) => options.log.warn(`traces: ${redact(String(error))}`))
      await Promise.race([sent, delay(SHUTDOWN_GRACE, undefined, { ref: false })])
      // what start() registered, so that another start finds the place free
      trace.disable()
      context.disable()
      propagation.disable()
      diag.disable()
    },
  }
}
