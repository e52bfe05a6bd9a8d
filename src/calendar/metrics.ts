/** What the calendar says on the page: descriptors and samples. */
import { metric, type Sample, sample } from '../metric.ts'
import type { WindowState } from './state.ts'
import { type BusinessWindow, SENSITIVITIES, WINDOW_KINDS } from './window.ts'

const ofWindow = {
  type: 'gauge',
  labels: ['tenant', 'business_window', 'kind', 'process', 'warehouse'],
  maxSeries: 50,
  mayBeEmpty: ['process', 'warehouse'],
  values: { kind: WINDOW_KINDS },
} as const

export const windowActive = metric({
  ...ofWindow,
  name: 'odoo_business_window_active',
  unit: 'bool',
  help: 'Whether a window of the business calendar is active; an empty process or warehouse means all of them.',
})
export const windowSensitivity = metric({
  ...ofWindow,
  name: 'odoo_business_window_sensitivity',
  unit: 'ratio',
  range: SENSITIVITIES,
  help: 'How sensitive alerts are to be while the window is active: 2 is twice as sensitive, 1 as always.',
})
export const windowEnd = metric({
  ...ofWindow,
  name: 'odoo_business_window_end_timestamp_seconds',
  unit: 'timestamp',
  help: 'When the active window ends, or of a cut-off that is not active, when the next one ends; absent where none is, or none within a year.',
})
export const calendarSuccess = metric({
  name: 'odoo_pulse_calendar_success',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether every window of the business calendar could be worked out the last time; those that could not are absent.',
  labels: [],
  maxSeries: 1,
})
export const calendarLastSuccess = metric({
  name: 'odoo_pulse_calendar_last_success_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When every window of the business calendar could last be worked out.',
  labels: [],
  maxSeries: 1,
})

export const calendarMetrics = [windowActive, windowSensitivity, windowEnd, calendarSuccess, calendarLastSuccess]

/** A series for each tenant in the window's scope. */
export const windowSamples = (window: BusinessWindow, { active, end }: WindowState): readonly Sample[] =>
  window.tenants.flatMap((tenant) => {
    const { name, kind, process, warehouse } = window
    const labels = { tenant, business_window: name, kind, process, warehouse }
    return [
      ...sample(windowActive, labels, active ? 1 : 0),
      ...sample(windowSensitivity, labels, window.sensitivity),
      ...sample(windowEnd, labels, end === undefined ? undefined : end / 1000),
    ]
  })
