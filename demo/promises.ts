/** What the demo's business promises: its calendar, and its flows as the service's configuration has them. */
import { CHANNELS } from './day/jobs.ts'
import type { TenantName } from './estate.ts'

const WORKDAYS = 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'

/** In UTC like the day itself. */
export const CALENDAR = {
  timezone: 'UTC',
  windows: {
    'warehouse-hours': { kind: 'open', rrule: WORKDAYS, from: '06:00', to: '22:00', process: 'logistics' },
    'office-hours': { kind: 'open', rrule: WORKDAYS, from: '08:00', to: '18:00', process: 'accounting' },
    'last-truck': {
      ...{ kind: 'cut-off', rrule: WORKDAYS, from: '14:00', to: '17:00', process: 'logistics' },
      sensitivity: 2,
    },
    'month-end': {
      ...{ kind: 'close', rrule: 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', from: '18:00', to: '12:00', days: 3 },
      process: 'accounting',
    },
  },
} as const

const only = (field: string, value: string) => [{ field, '=': value }]

/** For both tenants. */
export const FLOWS = {
  // What comes from the marketplace is a promise, the sales team's quotations are none.
  'order-confirmation': { narrow: only('origin', 'Marketplace') },
  'order-import': { narrow: only('channel', CHANNELS.import) },
  'stock-sync': { narrow: only('channel', CHANNELS.export) },
  // A few old transfers are forgotten in every warehouse.
  'stock-reservation': { target: { at_most: 25 } },
} as const

export const FLOWS_OF: Readonly<Record<TenantName, object>> = {
  acme: {
    'order-import': { mode: 'page' },
    'paid-order': { mode: 'page', value: true },
    'carrier-label': { mode: 'page' },
    'background-jobs': { mode: 'ticket' },
    'stock-reservation': { mode: 'ticket' },
    'stock-sync': { mode: 'ticket' },
    picking: { target: { within_open_hours: '1h', calendar: 'warehouse-hours' }, mode: 'ticket' },
    'shipment-validation': { target: { by: 'end_of_day', calendar: 'warehouse-hours' } },
    'invoice-posting': { target: { by: 'end_of_day', after_open_days: 1, calendar: 'office-hours' } },
  },
  globex: {
    'paid-order': { mode: 'page' },
    'payment-sync': { mode: 'ticket' },
    'outgoing-mail': { mode: 'ticket' },
    'background-jobs': { mode: 'page' },
    // Its warehouse works round the clock.
    picking: { target: { within: '1h' } },
  },
}
