/** The faults the demo can show: each started on the estate, and healed by what its start returned. */
import type { Estate } from './estate.ts'
import {
  carrierDown,
  cronFailing,
  cronStopped,
  importStalled,
  jobRunnerDead,
  jobsStuck,
  reservationsFailing,
} from './faults/day.ts'
import type { Fault, Heal } from './faults/fault.ts'
import { odooDown, odooHanging, rightsLost, workersBusy } from './faults/odoo.ts'
import { certificateExpiring, ingressSlow, redisDown, redisFull } from './faults/platform.ts'
import { connectionsFull, lockHeld, standbyCutOff, standbyPaused } from './faults/postgres.ts'

/** By the name they are switched by. */
export const FAULTS = {
  'standby-paused': standbyPaused,
  'standby-cut-off': standbyCutOff,
  'lock-held': lockHeld,
  'connections-full': connectionsFull,
  'redis-full': redisFull,
  'redis-down': redisDown,
  'ingress-slow': ingressSlow,
  'certificate-expiring': certificateExpiring,
  'odoo-hanging': odooHanging,
  'odoo-down': odooDown,
  'workers-busy': workersBusy,
  'rights-lost': rightsLost,
  'cron-stopped': cronStopped,
  'cron-failing': cronFailing,
  'jobs-stuck': jobsStuck,
  'job-runner-dead': jobRunnerDead,
  'import-stalled': importStalled,
  'carrier-down': carrierDown,
  'reservations-failing': reservationsFailing,
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS

const isFault = (name: string): name is FaultName => Object.hasOwn(FAULTS, name)

/** Throws an Error that lists the faults. */
export const faultNamed = (name: string): FaultName => {
  if (isFault(name)) return name
  throw new Error(`${name} is no fault of the demo. These are: ${Object.keys(FAULTS).join(', ')}.`)
}

export interface FaultSwitch {
  readonly active: () => readonly FaultName[]
  /** Nothing happens if it is active already. Throws what the estate says. */
  readonly start: (name: FaultName) => Promise<void>
  /** Nothing happens if it is not active. */
  readonly heal: (name: FaultName) => Promise<void>
  readonly healAll: () => Promise<void>
}

/** Switches faults on one estate, one change at a time. */
export const createFaultSwitch = (estate: Estate): FaultSwitch => {
  const heals = new Map<FaultName, Heal>()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const next = last.then(change)
    last = next.catch(() => undefined)
    return next
  }
  const heal = (name: FaultName) =>
    inTurn(async () => {
      await heals.get(name)?.()
      heals.delete(name)
    })
  return {
    active: () => [...heals.keys()],
    start: (name) =>
      inTurn(async () => {
        if (!heals.has(name)) heals.set(name, await FAULTS[name].start(estate))
      }),
    heal,
    healAll: async () => {
      for (const name of heals.keys()) await heal(name)
    },
  }
}
