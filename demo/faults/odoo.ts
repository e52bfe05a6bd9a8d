/** Faults of Odoo's servers. */
import type { Fault } from './fault.ts'

export const odooHanging: Fault = {
  title: "acme's Odoo accepts requests and answers none",
  start: async ({ odoos }) => {
    odoos.acme.faults.hang(true)
    return async () => odoos.acme.faults.hang(false)
  },
}

export const odooDown: Fault = {
  title: "globex' Odoo refuses connections",
  start: async ({ odoos }) => {
    await odoos.globex.faults.down(true)
    return () => odoos.globex.faults.down(false)
  },
}

/** More than an Odoo of the demo has. */
const ALL_WORKERS = 100

export const workersBusy: Fault = {
  title: "every HTTP worker of acme's Odoo is taken; the gevent port still answers",
  start: async ({ odoos }) => {
    odoos.acme.faults.busyWorkers(ALL_WORKERS)
    return async () => odoos.acme.faults.busyWorkers(0)
  },
}

export const rightsLost: Fault = {
  title: "the monitoring user of globex' Odoo has lost its group, as after an upgrade",
  start: async ({ odoos }) => {
    odoos.globex.faults.rightsLost(true)
    return async () => odoos.globex.faults.rightsLost(false)
  },
}
