/** Grafana's unit for each quantity. Pure. */
import * as units from '@grafana/grafana-foundation-sdk/units'
import { type Quantity, quantityText } from './quantity.ts'

/** By what quantityText says: the first one unless another of them is asked for. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  scalar: [units.Short],
  count: [units.Short],
  ratio: [units.PercentUnit, units.Short],
  bool: [units.Short],
  info: [units.Short],
  seconds: [units.Seconds, units.DurationSeconds],
  bytes: [units.BytesIEC],
  'count per second': [units.CountsPerSecond, units.RequestsPerSecond, units.OpsPerSecond],
  'bytes per second': [units.BytesPerSecondIEC],
  instant: [units.DateTimeFromNow, units.DatetimeISO],
}

/** Throws an Error where the quantity can't be shown, or not so. */
export const unitOf = (quantity: Quantity, asked?: string): string => {
  const text = quantityText(quantity)
  const possible = SHOWN[text]
  if (possible === undefined) {
    throw new Error(`${text} has no unit of Grafana's${text === 'timestamp' ? ': make it seconds, or times 1000' : ''}`)
  }
  const [usual = '', ...others] = possible
  if (asked === undefined || asked === usual || others.includes(asked)) return asked ?? usual
  throw new Error(`${text} is not shown as ${asked} but as ${possible.join(' or ')}`)
}
