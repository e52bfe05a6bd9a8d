/** A model's public methods: binding of arguments, and what each answers. */
import { z } from 'zod'
import { kinds, OdooError } from './errors.ts'
import { fieldsGet } from './fields_get.ts'
import type { Model } from './models.ts'
import { formattedReadGroup, readGroup } from './read_group.ts'
import { type Context, type FieldsAsked, read, search, searchCount, searchRead } from './search.ts'
import type { Access, Environment } from './sql.ts'
import { accessError } from './users.ts'
import type { Result } from './values.ts'

export type Arguments = Readonly<Record<string, unknown>>

interface Method {
  readonly parameters: readonly string[]
  readonly required?: readonly string[]
  /** Called on records: their ids come first, or as `ids`. */
  readonly records?: boolean
  readonly since?: number
  readonly until?: number
  readonly run: (env: Environment, model: Model, args: Arguments, context: Context) => Promise<Result>
}

const nothing = z.union([z.literal(false), z.null()]).transform(() => undefined)
const whole = z.union([z.int(), nothing]).optional()
const texts = z.union([z.array(z.string()), z.string().transform((s) => [s]), nothing]).optional()
const page = z.object({ offset: whole, limit: whole, order: z.union([z.string(), nothing]).optional() })
const ids = z.union([z.array(z.int()), z.int().transform((id) => [id])])

const checked = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new OdooError(kinds.type, `unexpected argument: ${parsed.error.issues[0]?.message ?? ''}`)
}

const pageOf = (args: Arguments) => {
  const { offset, limit, order } = checked(page, args)
  return {
    ...(offset !== undefined && { offset }),
    ...(limit !== undefined && { limit }),
    ...(order !== undefined && { order }),
  }
}

const json: z.ZodType<Result> = z.json().transform((v): Result => v)

const denied = (operation: string): Method => ({
  parameters: ['vals'],
  records: true,
  run: (_, model) => Promise.reject(accessError(model, operation)),
})

const may = (env: Environment, model: Model, operation: unknown): boolean => {
  if (operation !== 'read') return false
  try {
    env.access.check(model)
    return true
  } catch {
    return false
  }
}

/** With anything but the default a many2one comes as its id alone. */
const fieldsAsked = ({ fields, load = '_classic_read' }: Arguments): FieldsAsked => ({
  names: checked(texts, fields) ?? [],
  hasDisplayNames: load === '_classic_read',
})

const methods: Readonly<Record<string, Method>> = {
  search: {
    parameters: ['domain', 'offset', 'limit', 'order'],
    required: ['domain'],
    run: (env, model, args, context) => search(env, model, args.domain, pageOf(args), context),
  },
  search_count: {
    parameters: ['domain', 'limit'],
    required: ['domain'],
    run: (env, model, args, context) => searchCount(env, model, args.domain, pageOf(args).limit, context),
  },
  search_read: {
    parameters: ['domain', 'fields', 'offset', 'limit', 'order', 'load'],
    run: (env, model, args, context) => searchRead(env, model, args.domain, fieldsAsked(args), pageOf(args), context),
  },
  read: {
    parameters: ['fields', 'load'],
    records: true,
    run: (env, model, args) => read(env, model, checked(ids, args.ids), fieldsAsked(args)),
  },
  read_group: {
    parameters: ['domain', 'fields', 'groupby', 'offset', 'limit', 'orderby', 'lazy'],
    required: ['domain', 'fields', 'groupby'],
    until: 19,
    run: (env, model, args, context) => {
      const domain = checked(z.array(json), args.domain)
      const groupby = checked(texts, args.groupby) ?? []
      const rest = { fields: checked(texts, args.fields) ?? [], groupby, lazy: args.lazy !== false }
      return readGroup(env, model, { domain, ...rest, ...pageOf(args) }, context)
    },
  },
  formatted_read_group: {
    parameters: ['domain', 'groupby', 'aggregates', 'having', 'offset', 'limit', 'order'],
    required: ['domain'],
    since: 19,
    run: (env, model, args, context) => {
      const groupby = checked(texts, args.groupby) ?? []
      const aggregates = checked(texts, args.aggregates) ?? []
      return formattedReadGroup(env, model, { domain: args.domain, groupby, aggregates, ...pageOf(args) }, context)
    },
  },
  fields_get: {
    parameters: ['allfields', 'attributes'],
    run: async (_, model, args) => fieldsGet(model, checked(texts, args.allfields), checked(texts, args.attributes)),
  },
  context_get: {
    parameters: [],
    run: async (env) => ({ lang: 'en_US', tz: 'Europe/Brussels', uid: env.access.uid }),
  },
  check_access_rights: {
    parameters: ['operation', 'raise_exception'],
    required: ['operation'],
    until: 18,
    run: async (env, model, args) => {
      const allowed = may(env, model, args.operation)
      if (!allowed && args.raise_exception !== false) throw accessError(model)
      return allowed
    },
  },
  has_access: {
    parameters: ['operation'],
    required: ['operation'],
    records: true,
    since: 18,
    run: async (env, model, args) => may(env, model, args.operation),
  },
  create: { ...denied('create'), parameters: ['vals_list'], records: false },
  write: denied('modify'),
  unlink: { ...denied('delete'), parameters: [] },
}

/** Throws OdooError: private (access), missing (attribute). */
const methodOf = (version: number, model: Model, name: string): Method => {
  if (name.startsWith('_')) {
    const message = `Private methods (such as '${model.name}.${name}') cannot be called remotely.`
    throw new OdooError(kinds.access, message)
  }
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  const there = method && version >= (method.since ?? 0) && version <= (method.until ?? 99)
  if (!there || (name === 'context_get' && model.name !== 'res.users')) {
    throw new OdooError(kinds.attribute, `The method '${model.name}.${name}' does not exist`)
  }
  return method
}

const splitContext = (args: Arguments): { readonly rest: Arguments; readonly context: Context } => {
  const { context, ...rest } = args
  return { rest, context: checked(z.record(z.string(), z.unknown()).nullish(), context) ?? {} }
}

const withCompanies = (access: Access, context: Context): Access => {
  const { lang, allowed_company_ids: allowed } = context
  if (typeof lang === 'string' && lang !== 'en_US') throw new OdooError(kinds.user, `Invalid language code: ${lang}`)
  if (allowed === undefined) return access
  const companyIds = checked(z.array(z.int()), allowed)
  if (companyIds.every((id) => access.companyIds.includes(id))) return { ...access, companyIds }
  throw new OdooError(kinds.access, 'Access to unauthorized or invalid companies.')
}

const run = (env: Environment, model: Model, method: Method, args: Arguments): Promise<Result> => {
  const { rest, context } = splitContext(args)
  return method.run({ ...env, access: withCompanies(env.access, context) }, model, rest, context)
}

const named = (method: Method, positional: readonly unknown[], kwargs: Arguments): Arguments => {
  const names = method.records ? ['ids', ...method.parameters] : method.parameters
  if (positional.length > names.length) {
    throw new OdooError(kinds.type, `takes ${names.length} positional arguments but ${positional.length} were given`)
  }
  return { ...Object.fromEntries(positional.map((value, i) => [names[i] ?? '', value])), ...kwargs }
}

/** What `inspect.Signature.bind` would say of it, or undefined. */
const complaint = (method: Method, args: Arguments): string | undefined => {
  const missing = method.required?.find((name) => args[name] === undefined)
  if (missing !== undefined) return `missing a required argument: '${missing}'`
  const known = new Set([...method.parameters, 'context', ...(method.records ? ['ids'] : [])])
  const unknown = Object.keys(args).find((name) => !known.has(name))
  return unknown === undefined ? undefined : `got an unexpected keyword argument '${unknown}'`
}

/** As execute_kw calls. */
export const executeKw = async (
  env: Environment,
  name: string,
  method: string,
  positional: readonly unknown[],
  kwargs: Arguments,
) => {
  const model = env.registry.model(name)
  if (!model) throw new OdooError(kinds.user, `Object ${name} doesn't exist`)
  const found = methodOf(env.registry.version, model, method)
  const args = named(found, positional, kwargs)
  const wrong = complaint(found, args)
  if (wrong !== undefined) throw new OdooError(kinds.type, `${method}() ${wrong}`)
  return run(env, model, found, args)
}

/** To JSON-2 a missing method is a missing page. */
const httpMethodOf = (version: number, model: Model, name: string): Method => {
  try {
    return methodOf(version, model, name)
  } catch (error) {
    if (!(error instanceof OdooError) || error.kind !== kinds.attribute) throw error
    throw new OdooError(kinds.notFound, error.message)
  }
}

/** As JSON-2 calls: by name only. */
export const executeNamed = async (
  env: Environment,
  name: string,
  method: string,
  args: Arguments,
): Promise<Result> => {
  const model = env.registry.model(name)
  if (!model) throw new OdooError(kinds.notFound, `the model '${name}' does not exist`)
  const found = httpMethodOf(env.registry.version, model, method)
  if (args.ids !== undefined && !found.records) {
    throw new OdooError(kinds.unprocessable, `cannot call ${name}.${method} with ids`)
  }
  const wrong = complaint(found, args)
  if (wrong !== undefined) throw new OdooError(kinds.unprocessable, wrong)
  return run(env, model, found, found.records ? { ids: [], ...args } : args)
}
