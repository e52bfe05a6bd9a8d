/** Rules as data: alerts and recordings over descriptors, in groups; and their labels and annotations, in one place. */
import type { Duration, PromQL } from '../metric.ts'

/** page: someone is woken · ticket: in working hours · info: kept, told to nobody · none: for machines. */
export type Severity = 'page' | 'ticket' | 'info' | 'none'
/** symptom: the business suffers · cause: why it might · telemetry: we see badly · inhibitor: holds others back. */
export type Layer = 'symptom' | 'cause' | 'telemetry' | 'inhibitor'

export interface Alert {
  /** CamelCase, beginning with `Odoo`; its runbook is `alert-rules/runbooks/<name>.md`. */
  readonly name: string
  readonly expr: PromQL
  readonly for: Duration
  /** Pages keep firing over short gaps, so that one disturbance is one notification. */
  readonly keepFiringFor?: Duration
  readonly severity: Severity
  readonly layer: Layer
  /** One sentence, ends in a period; Prometheus templates allowed here and below. */
  readonly summary: string
  readonly description: string
  /** What it means for the business. */
  readonly impact: string
}

export interface Recording {
  /** `level:metric:operation` */
  readonly record: string
  readonly expr: PromQL
}

export interface RuleGroup {
  readonly name: string
  readonly rules: readonly (Alert | Recording)[]
}

/** The alerts of one subject; one generated file. */
export interface RuleFile {
  /** File name without extension. */
  readonly subject: string
  readonly groups: readonly RuleGroup[]
}

export const isAlert = (rule: Alert | Recording): rule is Alert => 'name' in rule

export const alertsOf = (files: readonly RuleFile[]): readonly Alert[] =>
  files.flatMap((f) => f.groups.flatMap((g) => g.rules.filter(isAlert)))
