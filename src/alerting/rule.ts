/** Rules as data: alerts and recordings over descriptors, in groups; and their labels and annotations, in one place. */
import type { Duration, MetricDescriptor, PromQL } from '../metric.ts'

/** page: someone is woken · ticket: in working hours · info: kept, told to nobody · none: for machines. */
export const SEVERITIES = ['page', 'ticket', 'info', 'none'] as const
export type Severity = (typeof SEVERITIES)[number]
/** symptom: the business suffers · cause: why it might · telemetry: we see badly · inhibitor: holds others back. */
export const LAYERS = ['symptom', 'cause', 'telemetry', 'inhibitor'] as const
export type Layer = (typeof LAYERS)[number]

/**
 * What an alert is about, and so which labels its routes can rely on. flow: tenant, flow, process, tier, db_cluster ·
 * tenant: tenant, tier, db_cluster · server: server, db_cluster · cluster: db_cluster · pulse: none of these.
 */
export const SUBJECTS = ['flow', 'tenant', 'server', 'cluster', 'pulse'] as const
export type Subject = (typeof SUBJECTS)[number]

/** Those that every alert about such a thing has, and has non-empty. */
export const LABELS_OF: Readonly<Record<Subject, readonly string[]>> = {
  flow: ['tenant', 'flow', 'process', 'severity', 'tier', 'db_cluster'],
  tenant: ['tenant', 'tier', 'db_cluster'],
  server: ['server', 'db_cluster'],
  cluster: ['db_cluster'],
  pulse: [],
}

/** Of alerts about no flow: those who run the platform see to it. */
export const PLATFORM = 'platform'

export interface Alert {
  /** CamelCase, beginning with `Odoo`; its runbook is `alert-rules/runbooks/<name>.md`. */
  readonly name: string
  readonly about: Subject
  readonly expr: PromQL
  /** 0 where the expression itself waits. */
  readonly for: Duration
  /** Pages keep firing over short gaps, so that one disturbance is one notification. */
  readonly keepFiringFor?: Duration
  /** mode: the flow's, page or ticket; the expression carries it as the label `severity`. */
  readonly severity: Severity | 'mode'
  readonly layer: Layer
  /** One sentence, ends in a period; Prometheus templates allowed here and below. */
  readonly summary: string
  readonly description: string
  /** What it means for the business. */
  readonly impact: string
  /** The part of the uid of its dashboard that is its own; default: the one of what it is about. */
  readonly dashboard?: string
  /** What may be behind it; of symptoms. */
  readonly probableCause?: string
}

export interface Recording {
  /** Its name is `level:metric:operation`. */
  readonly record: MetricDescriptor
  /** Those of its labels that the rule sets, where several rules make up one metric. */
  readonly labels?: Readonly<Record<string, string>>
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

export const recordingsOf = (files: readonly RuleFile[]): readonly Recording[] =>
  files.flatMap((f) => f.groups.flatMap((g) => g.rules.filter((r): r is Recording => !isAlert(r))))
