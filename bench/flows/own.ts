/**
 * What the flows cost an Odoo of one's own: the tenants of a configuration, each question of a look put twice, of which the
 * second counts. With when it began and ended, so that what it took can be read off Odoo's log and PostgreSQL's as well.
 */
import { collectors } from '../../collectors/index.ts'
import { loadConfig } from '../../src/config.ts'
import { nameOf } from '../../src/flow/follow/course.ts'
import { secretsBeside } from '../../src/secrets.ts'
import { coursesOf, open } from './direct.ts'
import { questionsOf, weightOf } from './questions.ts'
import { table } from './table.ts'

export interface OwnOptions {
  readonly file: string
  /** A line of JSON a question in place of the table. */
  readonly isJson: boolean
  readonly say: (line: string) => void
}

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
        let aMinute = 0
        for (const course of courses) {
          for (const { question, ask } of questionsOf(course, access)) {
            await ask()
            const clock = access.waited ?? performance.now.bind(performance)
            const [from, begun] = [Date.now(), clock()]
            const found = await ask()
            const [ms, to] = [clock() - begun, Date.now()]
            aMinute += weightOf(question) * ms
            rows.push([nameOf(course), question, found, ms, weightOf(question) * ms])
            const told = { tenant: tenant.name, via: access.via, flows: nameOf(course), question, found }
            if (isJson) say(JSON.stringify({ ...told, ms, weight: weightOf(question), from, to }))
          }
        }
        if (isJson) continue
        const head = ['flows', 'question', 'found', 'ms waited', 'ms a minute']
        say([`\n${tenant.name} by ${access.via}`, table([head, ...rows]), ...notes].join('\n'))
        say(`looks, a minute: ${aMinute.toFixed(0)} ms waited, ${(aMinute / 600).toFixed(2)} % of the time`)
      } finally {
        await collector.close(client)
      }
    }
  }
}
