/** Who may call, by password or API key, and what each may read. */
import { createHash } from 'node:crypto'
import { kinds, OdooError } from './errors.ts'
import type { Model } from './models.ts'
import type { Access, Environment } from './sql.ts'

type Query = Environment['query']

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** How a password is kept in res_users, and a key in res_users_apikeys (which is found by its first eight letters). */
export const hashOf = (secret: string): string => `$sha256$${sha256(secret)}`
export const keyIndex = (key: string): string => key.slice(0, 8)

export interface Login {
  readonly login: string
  readonly password: string
  /** May be used as the password, and as the bearer key of JSON-2. */
  readonly apiKey: string
}

/** Of the users each database has: the same key each time, so that runs repeat. It guards a toy on loopback. */
export const loginsOf = (database: string) => {
  const login = (name: string): Login => ({
    login: name,
    password: name,
    apiKey: sha256(`${database}/${name}`).slice(0, 40),
  })
  return { admin: login('admin'), pulse: login('pulse'), lowpriv: login('lowpriv') }
}

/** What a user may read beyond what every internal user may. */
export interface Rights {
  readonly models: readonly string[] | 'all'
  /** Reads the fields restricted to groups. */
  readonly allGroups: boolean
  /** Sees companies which are not the user's own. */
  readonly allCompanies: boolean
}

export const noRights: Rights = { models: [], allGroups: false, allCompanies: false }

/** By login. The monitoring user reads all there is here, but is in no application's group. */
export const defaultRights: Readonly<Record<string, Rights>> = {
  admin: { models: 'all', allGroups: true, allCompanies: true },
  pulse: { models: 'all', allGroups: false, allCompanies: true },
}

const internal = new Set([
  'ir.module.module',
  'mail.activity',
  'res.company',
  'res.currency',
  'res.partner',
  'res.users',
  'res.users.apikeys',
  'stock.picking.type',
  'stock.warehouse',
  'account.edi.document',
  'account.edi.format',
])

export const accessError = (model: Model, operation = 'access'): OdooError =>
  new OdooError(
    kinds.access,
    `You are not allowed to ${operation} '${model.description}' (${model.name}) records.\n\n` +
      `This operation is allowed for the following groups:\n${model.groups.map((g) => `\t- ${g}`).join('\n')}\n\n` +
      'Contact your administrator to request access if necessary.',
  )

/** The user's own companies, by the rights of the moment. */
export const accessOf = async (query: Query, uid: number, rights: Rights): Promise<Access> => {
  const rows = await query('SELECT cid FROM res_company_users_rel WHERE user_id = $1::int4', [uid])
  return {
    uid,
    companyIds: rows.map((row) => Number(row.cid)),
    seesAllCompanies: rights.allCompanies,
    hasGroup: () => rights.allGroups,
    check: (model) => {
      if (rights.models === 'all' || internal.has(model.name) || rights.models.includes(model.name)) return
      throw accessError(model)
    },
  }
}

export interface User {
  readonly uid: number
  readonly login: string
}

/** A key of the user's that holds: $1 its hash, $2 its first letters. 17 has no column for a key's end. */
const hasKey = (version: number): string => `EXISTS (
  SELECT 1 FROM res_users_apikeys k
  WHERE k.user_id = u.id AND k.index = $2 AND k.key = $1 AND (k.scope IS NULL OR k.scope = 'rpc')
    ${version >= 18 ? "AND (k.expiration_date IS NULL OR k.expiration_date > now() AT TIME ZONE 'UTC')" : ''})`

const hasSecret = (version: number): string => `(u.password = $1 OR ${hasKey(version)})`

const userOf = (row: Readonly<Record<string, string | null>> | undefined): User | undefined =>
  row && { uid: Number(row.id), login: row.login ?? '' }

const secretValues = (secret: string): readonly string[] => [hashOf(secret), keyIndex(secret)]

/** By login and password or key. A row in res_users_log each time it is right, as Odoo leaves one. */
export const authenticate = async (query: Query, version: number, login: string, password: string) => {
  const sql = `SELECT u.id, u.login FROM res_users u WHERE u.active AND ${hasSecret(version)} AND u.login = $3`
  const user = userOf((await query(sql, [...secretValues(password), login]))[0])
  if (user) {
    const insert = `INSERT INTO res_users_log (create_uid, write_uid, create_date, write_date)
      VALUES ($1::int4, $1::int4, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')`
    await query(insert, [user.uid])
  }
  return user
}

/** For execute_kw. Throws OdooError: access denied, or missing where there is no such user. */
export const identify = async (query: Query, version: number, uid: unknown, password: string): Promise<User> => {
  if (typeof uid !== 'number') throw new OdooError(kinds.denied, 'Access Denied')
  const known = await query('SELECT 1 AS one FROM res_users WHERE id = $1::int4', [uid])
  if (known.length === 0) {
    const record = `(Record: res.users(${uid},), User: ${uid})`
    throw new OdooError(kinds.missing, `Record does not exist or has been deleted.\n${record}`)
  }
  const sql = `SELECT u.id, u.login FROM res_users u WHERE u.active AND ${hasSecret(version)} AND u.id = $3::int4`
  const user = userOf((await query(sql, [...secretValues(password), uid]))[0])
  if (!user) throw new OdooError(kinds.denied, 'Access Denied')
  return user
}

/** For JSON-2: by key alone. */
export const bearer = async (query: Query, version: number, key: string): Promise<User> => {
  const sql = `SELECT u.id, u.login FROM res_users u WHERE u.active AND ${hasKey(version)}`
  const user = userOf((await query(sql, secretValues(key)))[0])
  if (!user) throw new OdooError(kinds.unauthorized, 'Invalid apikey')
  return user
}
