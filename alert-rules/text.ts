/** What alerts say of a flow beside their own sentence: asked of Prometheus as they are written. Each has words for not knowing. */

import { ask, askBy } from '../src/alerting/ask.ts'
import { windowActive } from '../src/calendar/metrics.ts'
import { flowOldestOpen, flowOverdue, flowValue, flowVerdicts } from '../src/flow/metrics.ts'
import { tenantServer } from './recordings.ts'

const FLOW = ['tenant', 'flow'] as const
const number = '{{ . | first | value | printf "%.0f" }}'

/** Items of a window of the alert's flow. */
const verdicts = (window: string, matchers: string, shown: string, otherwise: string): string =>
  ask(
    `sum(max by (result) (${flowVerdicts.name}{tenant=%q,flow=%q,window="${window}"${matchers}}))`,
    FLOW,
    shown,
    otherwise,
  )

/** "34 of 40" */
export const missedOf = (window: string): string =>
  verdicts(window, ',result="bad"', `${number}${verdicts(window, '', ` of ${number}`, '')}`, 'an unknown number')

const money = ask(
  `max by (currency) (${flowValue.name}{tenant=%q,flow=%q,state="overdue"}) > 0`,
  FLOW,
  ', worth {{ range $i, $s := . | sortByLabel "currency" }}{{ if $i }} and {{ end }}{{ printf "%.2f" $s.Value }} {{ $s.Labels.currency }}{{ end }}',
  '',
)

const oldest = ask(
  `time() - min(${flowOldestOpen.name}{tenant=%q,flow=%q})`,
  FLOW,
  '; the oldest that is open has waited {{ . | first | value | humanizeDuration }}',
  '',
)

/** A whole sentence: how many documents, what they are worth where that is asked for, since when. */
export const atRisk = `${ask(
  `max(${flowOverdue.name}{tenant=%q,flow=%q})`,
  FLOW,
  `${number} overdue now`,
  'How many are overdue now is not known',
)}${money}${oldest}.`

/** A sentence with a blank before it, or nothing where no window that concerns the flow is active. */
export const inWindow = ask(
  `max by (business_window) (${windowActive.name}{tenant=%q,process=%q} or ${windowActive.name}{tenant=%q,process=""}) == 1`,
  ['tenant', 'process', 'tenant'],
  ' In business window {{ range $i, $s := . | sortByLabel "business_window" }}{{ if $i }}, {{ end }}{{ $s.Labels.business_window }}{{ end }}.',
  '',
)

/**
 * The causes that fire for the tenant or for a server it hangs on, those that began first before others, each with its age
 * and how many tenants hang on it.
 */
const FIRING = `and ignoring (alertstate) ALERTS{layer="cause",alertstate="firing"}`
const hanging = askBy(
  `count(${tenantServer.name}{server=%q}) > 1`,
  ['$s.Labels.server'],
  ', {{ . | first | value }} tenants hang on it',
  '',
)

export const probableCause = ask(
  `sort_desc(time() - min by (alertname, server) ((ALERTS_FOR_STATE{layer="cause",tenant=%q} or ALERTS_FOR_STATE{layer="cause",tenant=""} and on (server) ${tenantServer.name}{tenant=%q}) ${FIRING}))`,
  ['tenant', 'tenant'],
  `{{ range $i, $s := . }}{{ if $i }}; {{ end }}{{ $s.Labels.alertname }}{{ with $s.Labels.server }} on {{ . }}{{ end }}, for {{ $s.Value | humanizeDuration }}{{ if $s.Labels.server }}${hanging}{{ end }}{{ end }}.`,
  'No cause is firing: look at what changed last, and at the flow itself.',
)
