/** A check as data: its name, what holds where it finds nothing, what to do where it finds something. */
import { type Finding, findingAt, type Place } from './finding.ts'
import type { Material } from './material.ts'
import type { LintRule } from './rule_yaml.ts'

/** A finding that does not yet say whose it is. */
export type Found = Omit<Finding, 'check'>

export interface Check {
  readonly id: string
  readonly what: string
  readonly fix: string
  /** Pure; everything there is to find. */
  readonly find: (material: Material) => readonly Found[]
}

/** At an offset in a text, or where a place begins. */
export const foundAt = (place: Place, message: string, text = '', at = 0): Found => {
  const { check: _, ...found } = findingAt('', place, text, at, message)
  return found
}

export const ofFile = (file: string, message: string): Found => ({ file, path: [], message })

/** Said of alerts one by one. */
export const overAlerts =
  (find: (alert: LintRule, material: Material) => readonly Found[]): Check['find'] =>
  (material) =>
    material.rules.filter(({ kind }) => kind === 'alert').flatMap((alert) => find(alert, material))
