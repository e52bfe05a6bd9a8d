/** What a fault is. */
import type { Estate } from '../estate.ts'

/** Undoes a fault. Never throws because the estate suffers in other ways too. */
export type Heal = () => Promise<void>

export interface Fault {
  readonly title: string
  readonly start: (estate: Estate) => Promise<Heal>
}
