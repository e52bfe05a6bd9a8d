/** This process's own telemetry by OpenTelemetry: metrics as text for the page, traces where an endpoint is set. */
import { readdir, readFile } from 'node:fs/promises'
import { type HrTime, type Meter, ValueType } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { DropReason } from './exposition.ts'
import { type LabelValues, type MetricDescriptor, seconds } from './metric.ts'
import * as own from './own_metrics.ts'
import type { TargetState } from './poll.ts'
import { startTracing, type Tracing, type TracingOptions } from './tracing.ts'

export interface TelemetryOptions extends TracingOptions {
  /** Asked at each scrape. */
  readonly states: () => readonly TargetState[]
}

export interface Telemetry extends Tracing {
  /** Prometheus text 0.0.4, ends with a line end; no family of it stands in the snapshots' text. */
  readonly text: () => Promise<string>
  readonly configRead: (usable: boolean) => void
  readonly sampleDropped: (target: string, collector: string, probe: string, reason: DropReason) => void
  /** `handler`: one of a closed set. */
  readonly requestServed: (handler: string, code: number, seconds: number) => void
}

const SCOPE = { name: 'odoo-pulse' }
/** Past it OpenTelemetry would put the rest under one label, in silence; its default is 2,000. */
const SERIES_LIMIT = 50_000
/** How often the event loop is looked at, ms: ten times a second costs 0.2 % of a CPU, fifty times 0.7 %. */
const RESOLUTION = 100

type Observe<L extends string> = (value: number | undefined, labels?: LabelValues<L>) => void

/** A metric read at each scrape; an unknown value is absent. */
const observed = <L extends string>(
  meter: Meter,
  descriptor: MetricDescriptor<L>,
  read: (observe: Observe<L>) => void | Promise<void>,
): void => {
  const options = { description: descriptor.help }
  const instrument =
    descriptor.type === 'counter'
      ? meter.createObservableCounter(descriptor.name, options)
      : meter.createObservableGauge(descriptor.name, options)
  instrument.addCallback((result) =>
    read((value, labels) => {
      if (value !== undefined) result.observe(value, labels)
    }),
  )
}

const openFds = async (): Promise<number | undefined> =>
  // less the one that reads the folder; absent where there is no /proc
  readdir('/proc/self/fd').then(
    (fds) => fds.length - 1,
    () => undefined,
  )

const maxFds = async (): Promise<number | undefined> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return soft === undefined ? undefined : Number(soft)
}

const observeProcess = (meter: Meter): void => {
  observed(meter, own.processCpu, (observe) => {
    const { user, system } = process.cpuUsage()
    observe((user + system) / 1e6)
  })
  observed(meter, own.processResidentMemory, (observe) => observe(process.memoryUsage.rss()))
  observed(meter, own.processStartTime, (observe) => observe(performance.timeOrigin / 1000))
  observed(meter, own.processOpenFds, async (observe) => observe(await openFds()))
  observed(meter, own.processMaxFds, async (observe) => observe(await maxFds()))
  observed(meter, own.heapUsed, (observe) => observe(process.memoryUsage().heapUsed))
  observed(meter, own.heapTotal, (observe) => observe(process.memoryUsage().heapTotal))
  observed(meter, own.externalMemory, (observe) => observe(process.memoryUsage().external))
}

/**
 * Gauges of what comes and goes: told as they stand now. An instrument's own gauge would keep the last
 * value of a label set for ever (cumulative temporality), and show targets that are no longer there.
 */
const targetGauges = (states: () => readonly TargetState[]): MetricProducer => ({
  collect: async () => {
    const now: HrTime = [0, 0] // the page tells no times
    const at = (value: number, { target }: TargetState): DataPoint<number> => ({
      startTime: now,
      endTime: now,
      attributes: { target: target.name, collector: target.collector.name },
      value,
    })
    const gauge = ({ name, help }: MetricDescriptor, dataPoints: DataPoint<number>[]): MetricData => ({
      descriptor: { name, description: help, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE,
      dataPoints,
    })
    const all = states()
    const metrics = [
      gauge(
        own.targetBusyRatio,
        all.map((state) => at(state.busyRatio, state)),
      ),
      gauge(
        own.targetCircuitOpen,
        all.map((state) => at(Number(state.circuit.open), state)),
      ),
    ]
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: SCOPE, metrics }] }, errors: [] }
  },
})

const histogram = (meter: Meter, { name, help, buckets = [] }: MetricDescriptor) =>
  meter.createHistogram(name, { description: help, advice: { explicitBucketBoundaries: [...buckets] } })

/**
 * A histogram that only grows, so that any number of scrapers see every stall. By a timer of our own:
 * perf_hooks' monitorEventLoopDelay loses the stall under way whenever it is reset.
 */
const watchEventLoop = (meter: Meter): { readonly stop: () => void } => {
  const stalls = histogram(meter, own.eventLoopStall)
  let last = performance.now()
  let secondEnds = last + seconds(1)
  let longest = 0
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - RESOLUTION)
    last = now
    if (now < secondEnds) return
    stalls.record(longest / 1000)
    longest = 0
    secondEnds = now + seconds(1)
  }, RESOLUTION).unref()
  return { stop: () => clearInterval(timer) }
}

/** Throws an Error if the OTLP endpoint is not an http(s) URL. */
export const createTelemetry = async (options: TelemetryOptions): Promise<Telemetry> => {
  const tracing = await startTracing(options)
  const exporter = new PrometheusExporter({ preventServerStart: true, metricProducers: [targetGauges(options.states)] })
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  const provider = new MeterProvider({
    readers: [exporter],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: SERIES_LIMIT }],
  })
  const meter = provider.getMeter(SCOPE.name)
  observed(meter, own.buildInfo, (observe) => observe(1, { version: options.version, node_version: process.version }))
  observeProcess(meter)
  const eventLoop = watchEventLoop(meter)
  const reloaded = meter.createGauge(own.configLastReloadSuccessful.name, {
    description: own.configLastReloadSuccessful.help,
  })
  const reloadedAt = meter.createGauge(own.configLastReloadSuccess.name, {
    description: own.configLastReloadSuccess.help,
  })
  const dropped = meter.createCounter(own.droppedSamples.name, { description: own.droppedSamples.help })
  const requests = histogram(meter, own.httpRequestDuration)
  const render = async (): Promise<string> => {
    const { resourceMetrics, errors } = await exporter.collect()
    for (const error of errors) options.log.warn(`own metrics: ${options.redact(String(error))}`)
    return serializer.serialize(resourceMetrics)
  }
  let underWay: Promise<string> | undefined
  return {
    ...tracing,
    text: () => {
      underWay ??= render().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    configRead: (usable) => {
      reloaded.record(Number(usable))
      if (usable) reloadedAt.record(Date.now() / 1000)
    },
    sampleDropped: (target, collector, probe, reason) => dropped.add(1, { target, collector, probe, reason }),
    requestServed: (handler, code, duration) => requests.record(duration, { handler, code: String(code) }),
    shutdown: async () => {
      eventLoop.stop()
      await Promise.all([provider.shutdown(), tracing.shutdown()])
    },
  }
}
