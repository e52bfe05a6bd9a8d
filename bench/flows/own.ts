/**
 * What each course costs an Odoo of one's own: the tenants of a configuration, without the service's pauses. Each look is
 * told with when it began and ended, so that what it took can be read off Odoo's log and PostgreSQL's as well.
 */
import { collectors } from '../../collectors/index.ts'
import { loadConfig } from '../../src/config.ts'
import { nameOf } from '../../src/flow/follow/course.ts'
import { secretsBeside } from '../../src/secrets.ts'
import { type Costs, costsOf, coursesOf, LOOKS, open } from './direct.ts'
import { table } from './table.ts'
import { nothing } from './world.ts'

export interface OwnOptions {
  readonly file: string
  /** A line of JSON a look in place of the table. */
  readonly isJson: boolean
  readonly say: (line: string) => void
}

const row = (name: string, costs: Costs): readonly (string | number)[] => [
  name,
  ...LOOKS.flatMap((look) => [costs[look].asks, costs[look].ms]),
]

/** By each of a tenant's ways to its tables. */
export const measureOwn = async ({ file, isJson, say }: OwnOptions): Promise<void> => {
  const { read } = secretsBeside(file, process.env)
  const loaded = await loadConfig({ file, collectors, secrets: { read } })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  for (const tenant of loaded.config.tenants) {
    for (const collector of collectors.filter(({ flows }) => flows !== undefined)) {
      if (!tenant.watched.some((block) => block.collector === collector.name)) continue
      const { client, access } = await open(tenant, collector, read)
      try {
        const { courses, notes } = coursesOf(loaded.config, tenant, access)
        const rows: (readonly (string | number)[])[] = []
        for (const course of courses) {
          const name = nameOf(course)
          const costs = await costsOf({ course, access, spent: () => nothing, backend: async () => 0, ahead: 0 })
          rows.push(row(name, costs))
          for (const look of isJson ? LOOKS : []) {
            const { asks, ms, from, to } = costs[look]
            say(
              JSON.stringify({
                tenant: tenant.name,
                via: access.via,
                flows: name,
                look,
                questions: asks,
                ms,
                from,
                to,
              }),
            )
          }
        }
        if (isJson) continue
        const head = ['', ...LOOKS.flatMap((look) => [look, 'ms'])]
        say([`\n${tenant.name} by ${access.via}: questions and ms`, table([head, ...rows]), ...notes].join('\n'))
      } finally {
        await collector.close(client)
      }
    }
  }
}
