/** What is recorded for the alerts and dashboards to read: names and labels. The rules stand in estate.ts and flows.ts. */
import { metric } from '../src/metric.ts'

const info = { type: 'gauge', unit: 'info', maxSeries: 1 } as const
const ofFlow = { type: 'gauge', labels: ['tenant', 'flow'], maxSeries: 1 } as const

export const tenantKnown = metric({
  ...info,
  name: 'odoo:tenant:info',
  help: 'Always 1: each tenant once, with its tier and machine group. Stays while no exporter tells of it.',
  labels: ['tenant', 'tier', 'db_cluster'],
})
export const serverKnown = metric({
  ...info,
  name: 'odoo:server:info',
  help: 'Always 1: each server once, with its machine group. Stays while no exporter tells of it.',
  labels: ['server', 'db_cluster'],
})
const ofCron = { type: 'gauge', labels: ['tenant', 'cron'], maxSeries: 1 } as const

export const cronLate = metric({
  ...ofCron,
  name: 'odoo:cron_late:seconds',
  unit: 'seconds',
  help: 'Since a cron was due; of those due more than five minutes ago alone.',
})
export const cronRunning = metric({
  ...ofCron,
  name: 'odoo:cron_running:bool',
  unit: 'bool',
  help: 'Whether a cron that is late runs; absent where Odoo does not say.',
})
export const cronFailures = metric({
  ...ofCron,
  name: 'odoo:cron_failures:count',
  unit: 'count',
  help: 'Failures in a row of crons that fail, and once 0 when they no longer do.',
})
export const cronOff = metric({
  ...ofCron,
  name: 'odoo:cron_off:info',
  unit: 'info',
  help: 'Always 1: crons that are switched off.',
})
export const cronsOn = metric({
  ...ofCron,
  name: 'odoo:crons_on:count',
  unit: 'count',
  help: 'How many crons of a tenant are switched on; absent where none is.',
  labels: ['tenant'],
})
export const primaryKnown = metric({
  ...info,
  name: 'odoo:server_primary:info',
  help: 'Always 1: the PostgreSQL servers that are primaries, or were when they were last seen.',
  labels: ['server'],
})
export const tenantServer = metric({
  ...info,
  name: 'odoo:tenant_server:info',
  help: 'Always 1: the servers that a tenant hangs on, by its databases, its sessions and its ingress.',
  labels: ['tenant', 'server'],
})
export const flowAlerting = metric({
  ...info,
  name: 'odoo:flow_alerting:info',
  help: 'Always 1: each flow that alerts, once, with the severity that its mode asks for. Stays while no exporter tells of its tenant.',
  labels: ['tenant', 'flow', 'process', 'severity', 'tier', 'db_cluster'],
})
export const flowOnceRead = metric({
  ...ofFlow,
  name: 'odoo:flow_once_read:info',
  unit: 'info',
  help: 'Always 1: flows that alert and have been judged before.',
})
export const flowBudget = metric({
  ...ofFlow,
  name: 'odoo:flow_error_budget:ratio',
  unit: 'ratio',
  help: 'The share of items due that may be bad; of replicas that disagree the smaller one.',
})
export const flowErrors = metric({
  ...ofFlow,
  name: 'odoo:flow_error:ratio',
  unit: 'ratio',
  help: 'The share of items due within the window that were bad. Absent where none was, but for flows that burn: there it is 0.',
  labels: ['tenant', 'flow', 'window'],
})
export const flowBad = metric({
  ...ofFlow,
  name: 'odoo:flow_bad:count',
  unit: 'count',
  help: 'Bad items that came due within the window; absent where none did.',
  labels: ['tenant', 'flow', 'window'],
})
export const flowGood = metric({
  ...ofFlow,
  name: 'odoo:flow_good:count',
  unit: 'count',
  help: 'Good items that came due within the window, of flows that had bad ones then or that burn.',
  labels: ['tenant', 'flow', 'window'],
})
export const flowBurn = metric({
  ...ofFlow,
  name: 'odoo:flow_burn:ratio',
  unit: 'count',
  help: 'How many times faster than its budget allows for, by its sensitivity now, a flow that alerts had bad items within the window; absent where none was.',
  labels: ['tenant', 'flow', 'window'],
})
export const flowWhole = metric({
  ...ofFlow,
  name: 'odoo:flow_whole:info',
  unit: 'info',
  help: 'Always 1: flows that are read, and of which all that there is has been read.',
})
export const flowPast = metric({
  ...ofFlow,
  name: 'odoo:flow_backfill:ratio',
  unit: 'ratio',
  help: 'How much of its past has been read, of flows of which not all has been.',
})
export const flowStalled = metric({
  ...ofFlow,
  name: 'odoo:flow_stalled:info',
  unit: 'info',
  help: 'Always 1: flows in which nothing was completed within the window, though several usually are.',
  labels: ['tenant', 'flow', 'window'],
})
export const flowSensitivity = metric({
  ...ofFlow,
  name: 'odoo:flow_sensitivity:factor',
  unit: 'ratio',
  range: [0.1, 100],
  help: 'How sensitive the alerts of a flow are to be now: of the active business windows the strictest, 1 without any.',
})
export const flowAlertBudget = metric({
  ...ofFlow,
  name: 'odoo:flow_alert_budget:ratio',
  unit: 'ratio',
  range: [0, 10],
  help: 'The error budget by the sensitivity: what burn rates are multiples of.',
})
export const flowInHours = metric({
  ...ofFlow,
  name: 'odoo:flow_in_hours:info',
  unit: 'info',
  help: 'Always 1: flows that alert and whose people work now, or for which the calendar has no hours.',
})
export const flowCutOffLeft = metric({
  ...ofFlow,
  name: 'odoo:flow_cutoff_left:seconds',
  unit: 'seconds',
  help: 'Until the next cut-off that concerns the flow ends.',
})
