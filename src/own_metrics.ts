/** What this process says of itself: descriptors. (Of its probes: the families in health.ts.) */
import { metric } from './metric.ts'

const target = ['target', 'collector'] as const

export const buildInfo = metric({
  name: 'odoo_pulse_build_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: the version of this process and of the Node.js it runs on.',
  labels: ['version', 'node_version'],
  maxSeries: 1,
})
export const configLastReloadSuccessful = metric({
  name: 'odoo_pulse_config_last_reload_successful',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether the configuration read last was usable; 0 means that an older one is in force.',
  labels: [],
  maxSeries: 1,
})
export const configLastReloadSuccess = metric({
  name: 'odoo_pulse_config_last_reload_success_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When the configuration in force was read.',
  labels: [],
  maxSeries: 1,
})
export const targetBusyRatio = metric({
  name: 'odoo_pulse_target_busy_ratio',
  type: 'gauge',
  unit: 'ratio',
  range: [0, Number.POSITIVE_INFINITY],
  help: "Share of the target's time that its probes take together.",
  labels: target,
  maxSeries: 1,
})
export const targetCircuitOpen = metric({
  name: 'odoo_pulse_target_circuit_open',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether the target is left alone because it did not answer; its probes then fail at once.',
  labels: target,
  maxSeries: 1,
})
export const droppedSamples = metric({
  name: 'odoo_pulse_dropped_samples_total',
  type: 'counter',
  unit: 'count',
  help: 'Samples a probe brought that were left out of the page, by reason.',
  labels: [...target, 'probe', 'reason'],
  maxSeries: 200,
})
export const httpRequestDuration = metric({
  name: 'odoo_pulse_http_request_duration_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'Duration of requests to this process; code 499 stands for clients that left before the answer.',
  labels: ['handler', 'code'],
  // From a page served from memory (under a millisecond) to a probe that waits for its deadline.
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  maxSeries: 100,
})
export const eventLoopStall = metric({
  name: 'odoo_pulse_event_loop_stall_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'Longest delay of the event loop in each second, looked at every 100 ms.',
  labels: [],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  maxSeries: 1,
})

const ofProcess = { labels: [], maxSeries: 1 } as const

/** Names and meanings: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics */
export const processCpu = metric({
  ...ofProcess,
  name: 'process_cpu_seconds_total',
  type: 'counter',
  unit: 'seconds',
  help: 'User and system CPU time spent by this process.',
})
export const processResidentMemory = metric({
  ...ofProcess,
  name: 'process_resident_memory_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Resident memory of this process.',
})
export const processStartTime = metric({
  ...ofProcess,
  name: 'process_start_time_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When this process started.',
})
export const processOpenFds = metric({
  ...ofProcess,
  name: 'process_open_fds',
  type: 'gauge',
  unit: 'count',
  help: 'Open file descriptors of this process.',
})
export const processMaxFds = metric({
  ...ofProcess,
  name: 'process_max_fds',
  type: 'gauge',
  unit: 'count',
  help: 'File descriptors this process may have open at most.',
})

/** Named as prom-client names them, so that dashboards of Node.js processes work. */
export const heapUsed = metric({
  ...ofProcess,
  name: 'nodejs_heap_size_used_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'JavaScript heap in use.',
})
export const heapTotal = metric({
  ...ofProcess,
  name: 'nodejs_heap_size_total_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'JavaScript heap taken from the system.',
})
export const externalMemory = metric({
  ...ofProcess,
  name: 'nodejs_external_memory_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Memory outside the JavaScript heap that its objects hold.',
})

export const ownMetrics = [
  buildInfo,
  configLastReloadSuccessful,
  configLastReloadSuccess,
  targetBusyRatio,
  targetCircuitOpen,
  droppedSamples,
  httpRequestDuration,
  eventLoopStall,
  processCpu,
  processResidentMemory,
  processStartTime,
  processOpenFds,
  processMaxFds,
  heapUsed,
  heapTotal,
  externalMemory,
]
