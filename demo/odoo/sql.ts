/** SQL with its parameters; what a search needs to know of who searches. */
import type { Model, Registry } from './models.ts'

export interface Parameters {
  readonly values: readonly unknown[]
  /** Keeps the value, answers `$n::type`. */
  readonly bind: (value: unknown, type: string) => string
}

export const newParameters = (): Parameters => {
  const values: unknown[] = []
  return { values, bind: (value, type) => `$${values.push(value)}::${type}` }
}

export interface Access {
  readonly uid: number
  /** Throws OdooError (AccessError) where the user may not read the model. */
  readonly check: (model: Model) => void
  readonly hasGroup: (group: string) => boolean
  /** Whose rows the user sees: of these companies and of none. */
  readonly companyIds: readonly number[]
  /** May see companies which are not the user's own. */
  readonly seesAllCompanies: boolean
}

/** One call's surroundings. */
export interface Environment {
  readonly registry: Registry
  readonly access: Access
  /** Values as PostgreSQL's text. */
  readonly query: (sql: string, values: readonly unknown[]) => Promise<readonly TextRow[]>
}

export type TextRow = Readonly<Record<string, string | null>>

/** The record rules, which filter silently; undefined where the model has none. */
export const recordRule = (
  env: Environment,
  model: Model,
  alias: string,
  bind: Parameters['bind'],
): string | undefined => {
  const { access } = env
  const companies = () => bind(access.companyIds, 'int4[]')
  if (model.name === 'res.company') return access.seesAllCompanies ? undefined : `${alias}.id = ANY(${companies()})`
  if (model.name === 'res.users.apikeys') return `${alias}.user_id = ${bind(access.uid, 'int4')}`
  if (model.name === 'res.users' || !model.fields.has('company_id')) return undefined
  return `(${alias}.company_id IS NULL OR ${alias}.company_id = ANY(${companies()}))`
}
