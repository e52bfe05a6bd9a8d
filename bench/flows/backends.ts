/** What processes take of a core, from /proc (Linux); a tick is a hundredth of a second. */
import { readFileSync } from 'node:fs'
import type { PostgresServer } from '../../demo/postgres.ts'

const TICK_MS = 10

/** ms of CPU of a process so far, user and system; undefined: it is gone. */
export const cpuOf = (pid: number): number | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the 14th and 15th fields count from before it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return undefined
  }
}

/** Resident now and at most, in MB. */
export const memoryOf = (pid: number): { readonly now: number; readonly peak: number } => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

export interface Backends {
  /** ms of CPU by name, of those there are and those that were. */
  readonly sample: () => Promise<ReadonlyMap<string, number>>
}

/** The server's backends by what they are for: the stand-ins' connections, and those of the role that reads flows. */
export const watchBackends = (postgres: PostgresServer): Backends => {
  const seen = new Map<number, { readonly name: string; readonly cpu: number }>()
  return {
    sample: async () => {
      const rows = await postgres.query(`SELECT pid, CASE WHEN usename = 'odoo_pulse_flows' THEN 'sql'
          WHEN application_name ~ '^odoo-1[789]00$' THEN 'rpc' || substr(application_name, 6, 2) END AS name
        FROM pg_stat_activity WHERE backend_type = 'client backend'`)
      for (const { pid, name } of rows) {
        const cpu = cpuOf(Number(pid))
        if (typeof name === 'string' && cpu !== undefined) seen.set(Number(pid), { name, cpu })
      }
      const total = new Map<string, number>()
      for (const { name, cpu } of seen.values()) total.set(name, (total.get(name) ?? 0) + cpu)
      return total
    },
  }
}
