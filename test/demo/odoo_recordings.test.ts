import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { odooRows } from './odoo_rows.ts'
import { differences, parseReply, shapeOf } from './odoo_shape.ts'

/**
 * Exchanges recorded on real 18.0 and 19.0, cut to the first rows and the last line of tracebacks; `@database@`,
 * `@uid@`, `@password@` and `@key@` stand for those of the user.
 */
const exchange = z.object({
  user: z.enum(['admin', 'pulse', 'lowpriv']),
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().optional(),
  }),
  response: z.object({ status: z.number(), type: z.string(), body: z.string() }),
})
type Exchange = z.infer<typeof exchange>

const root = join(import.meta.dirname, '..', 'fixtures', 'odoo-recordings')

const recordings = (version: number): readonly (readonly [string, Exchange])[] =>
  readdirSync(join(root, `${version}.0`))
    .sort()
    .map((file) => [
      file.replace('.json', ''),
      exchange.parse(JSON.parse(readFileSync(join(root, `${version}.0`, file), 'utf8'))),
    ])

const filled = (text: string, odoo: OdooServer, user: Exchange['user']): string => {
  const { uid, password, apiKey } = odoo.users[user]
  const values: Readonly<Record<string, string>> = { database: odoo.database, uid: String(uid), password, key: apiKey }
  return text.replaceAll(/@(database|uid|password|key)@/g, (_, name: string) => values[name] ?? '')
}

const replay = async (odoo: OdooServer, { user, request }: Exchange) => {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, filled(value, odoo, user)] as const)
  const response = await fetch(`${odoo.url}${request.path}`, {
    method: request.method,
    headers: Object.fromEntries(headers),
    redirect: 'manual',
    ...(request.body !== undefined && { body: filled(request.body, odoo, user) }),
  })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const error = z.object({
  name: z.string(),
  message: z.string(),
  arguments: z.array(z.unknown()),
  context: z.unknown(),
  debug: z.string(),
})

/** Of an error whose text is Odoo's own word, the first line; not the parsers', nor the groups it lists. */
const said = (text: string): string => (text.split('\n')[0] ?? '').replace(/ \(.*| as json: .*/, '')

/** The class of a traceback's exception, which stands last; the database's many are one. */
const raised = (traceback: string): string => {
  expect(traceback).toMatch(/^Traceback /)
  return (/^([\w.]+): (?!.*^[\w.]+: )/ms.exec(traceback)?.[1] ?? '').replace(/^psycopg2.errors.*/, 'psycopg2.errors')
}

const compare = async (name: string, recorded: Exchange, ours: Awaited<ReturnType<typeof replay>>) => {
  const { status, type, body } = recorded.response
  expect({ status: ours.status, type: ours.headers.get('content-type') }).toEqual({ status, type })
  expect(ours.headers.get('connection')).toBe('close')
  if (type.startsWith('text/xml')) {
    const [real, mine] = [await parseReply(body), await parseReply(ours.body)]
    if ('code' in real) {
      expect(mine).toMatchObject({ code: real.code })
      const text = 'text' in mine ? mine.text : ''
      if (real.code === 1) expect(raised(text)).toBe(raised(real.text))
      else expect(said(text)).toBe(said(real.text))
    } else {
      expect(mine).toHaveProperty('value')
      expect(differences(shapeOf(real.value), shapeOf('value' in mine ? mine.value : undefined))).toEqual([])
    }
    return
  }
  const [real, mine]: readonly unknown[] = [JSON.parse(body), JSON.parse(ours.body)]
  const failed = error.safeParse(real)
  if (failed.success) {
    const got = error.parse(mine)
    expect(got.name).toBe(failed.data.name)
    expect(said(got.message)).toBe(said(failed.data.message))
  }
  expect(differences(shapeOf(real), shapeOf(mine)), name).toEqual([])
}

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

describe.each([18, 19] as const)('recorded on %i.0', (version) => {
  let odoo: OdooServer
  beforeAll(async () => {
    const database = `recorded_${version}`
    await createOdooDatabase(postgres, database, version)
    await postgres.query(odooRows(version), undefined, database)
    odoo = await startOdoo({ version, postgres, database, authenticateMs: 0 })
  })
  afterAll(() => odoo?.stop())

  test.for(recordings(version).filter(([name]) => !name.startsWith('db_down')))('%s', async ([name, recorded]) =>
    compare(name, recorded, await replay(odoo, recorded)),
  )
})

test('recorded on 19.0 without its database', async () => {
  const database = 'recorded_down'
  await createOdooDatabase(postgres, database, 19)
  const odoo = await startOdoo({ version: 19, postgres, database, authenticateMs: 0 })
  try {
    await postgres.shutdown()
    const down = recordings(19).filter(([name]) => name.startsWith('db_down'))
    expect(down.length).toBe(5)
    for (const [name, recorded] of down) await compare(name, recorded, await replay(odoo, recorded))
    const page = await fetch(`${odoo.url}/json/2/ir.cron/search_count`, {
      method: 'POST',
      headers: { authorization: `bearer ${odoo.users.pulse.apiKey}`, 'content-type': 'application/json' },
      body: '{"domain": []}',
    })
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    await page.text()
  } finally {
    await postgres.start()
    await odoo.stop()
  }
})
