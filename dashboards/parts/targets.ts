/** What is asked of targets of Odoo Pulse, in several rows. Pure. */

/** Targets are named like the tenant or the server that they are. */
export const OF = { target: /$tenant|$server/ }
export const TARGET = ['target', 'collector'] as const
