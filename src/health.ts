/** What the engine says of its own probes: rendered with the snapshots, since they change together. */
import { FAILURES } from './collector.ts'
import { metric, type Sample, sample } from './metric.ts'
import type { ProbeState } from './state.ts'

const labels = ['target', 'collector', 'probe'] as const
const common = { labels, maxSeries: 200 } as const

export const probeSuccess = metric({
  ...common,
  name: 'odoo_pulse_probe_success',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether the last attempt was answered. That the target does not support the question is an answer too.',
})
export const probeSupported = metric({
  ...common,
  name: 'odoo_pulse_probe_supported',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether version, modules and grants of the target allow this probe; absent until it has been answered.',
})
export const probeDuration = metric({
  ...common,
  name: 'odoo_pulse_probe_duration_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Duration of the last attempt.',
})
export const probeInterval = metric({
  ...common,
  name: 'odoo_pulse_probe_interval_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Interval between attempts, as stretched where the target would be too busy.',
})
export const probeLastSuccess = metric({
  ...common,
  name: 'odoo_pulse_probe_last_success_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When the probe last brought samples.',
})
export const probeFailures = metric({
  ...common,
  name: 'odoo_pulse_probe_failures_total',
  type: 'counter',
  unit: 'count',
  help: 'Failed attempts by reason.',
  labels: [...labels, 'reason'],
  maxSeries: 200 * FAILURES.length,
})

export const healthMetrics = [
  probeSuccess,
  probeSupported,
  probeDuration,
  probeInterval,
  probeLastSuccess,
  probeFailures,
]

const bool = (value: boolean | undefined): number | undefined => (value === undefined ? undefined : Number(value))
const inSeconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

export const healthOf = (target: string, collector: string, state: ProbeState): readonly Sample[] => {
  const own = { target, collector, probe: state.name }
  return [
    ...sample(probeSuccess, own, bool(state.success)),
    ...sample(probeSupported, own, bool(state.supported)),
    ...sample(probeDuration, own, inSeconds(state.duration)),
    ...sample(probeInterval, own, inSeconds(state.interval)),
    ...sample(probeLastSuccess, own, inSeconds(state.lastSuccess)),
    ...FAILURES.flatMap((reason) => sample(probeFailures, { ...own, reason }, state.failures[reason])),
  ]
}
