/** Domains to SQL, faulting, or silently saying TRUE, where the real one does. */
import { distributeNot, inWords, type Leaf, type Node, opposite } from './domain.ts'
import { kinds, OdooError } from './errors.ts'
import type { Field, Model } from './models.ts'
import { compareScalar } from './scalar_sql.ts'
import { type Environment, type Parameters, recordRule } from './sql.ts'

interface Scope {
  readonly env: Environment
  readonly parameters: Parameters
  readonly model: Model
  readonly alias: string
}

const invalidField = ({ env, model }: Scope, leaf: Leaf): OdooError => {
  const word = env.registry.version >= 19 ? 'condition' : 'leaf'
  const [name] = leaf.path.split('.')
  return new OdooError(kinds.value, `Invalid field ${model.name}.${name} in ${word} ${inWords(leaf)}`)
}

/** For a field which only a group may name. */
export const deniedField = (env: Environment, model: Model, field: Field): OdooError =>
  new OdooError(
    kinds.access,
    `You do not have enough rights to access the field "${field.name}" on ${model.description} (${model.name}). ` +
      `Please contact your system administrator.\n\nOperation: read\nUser: ${env.access.uid}\n` +
      `Groups: allowed for groups '${field.groups}'`,
  )

/** The SQL of a field's value: its column, or the one at the end of its related path. */
export const valueSql = (env: Environment, model: Model, field: Field, alias: string): string => {
  if (field.related === undefined) {
    return field.translated ? `(${alias}."${field.name}"->>'en_US')` : `${alias}."${field.name}"`
  }
  const [through, name] = field.related.split('.')
  const comodel = env.registry.model(model.fields.get(through ?? '')?.relation ?? '')
  const target = comodel?.fields.get(name ?? '')
  if (!comodel || !target) throw new OdooError(kinds.value, `Field ${model.name}.${field.name} leads nowhere`)
  const inner = `${alias}_r`
  return `(SELECT ${valueSql(env, comodel, target, inner)} FROM "${comodel.table}" ${inner} WHERE ${inner}.id = ${alias}."${through}")`
}

/** `field IN (records of the comodel for which …)`, through its column or its linking table. */
const throughRelation = (scope: Scope, field: Field, condition: (inner: Scope) => string): string => {
  const comodel = scope.env.registry.model(field.relation ?? '')
  if (!comodel) throw new OdooError(kinds.value, `Field ${scope.model.name}.${field.name} is no relation`)
  scope.env.access.check(comodel)
  const inner: Scope = { ...scope, model: comodel, alias: `${scope.alias}x` }
  const rule = recordRule(scope.env, comodel, inner.alias, scope.parameters.bind)
  const where = [condition(inner), rule].filter((c) => c !== undefined).join(' AND ')
  const records = `SELECT ${inner.alias}.id FROM "${comodel.table}" ${inner.alias} WHERE ${where}`
  const { link } = field
  if (!link) return `${scope.alias}."${field.name}" IN (${records})`
  return `${scope.alias}.id IN (SELECT l."${link.own}" FROM "${link.table}" l WHERE l."${link.other}" IN (${records}))`
}

const isNothing = (value: unknown): boolean => value === false || value === null || value === undefined

/** A one2many or many2many: of ids, or of having any at all. */
const compareMany = (scope: Scope, field: Field, leaf: Leaf): string => {
  const negative = leaf.operator === '!=' || leaf.operator.startsWith('not')
  const ids = [leaf.value].flat().filter((v) => typeof v === 'number')
  const any = (inner: Scope) => `${inner.alias}.id = ANY(${scope.parameters.bind(ids, 'int4[]')})`
  if (isNothing(leaf.value)) {
    const some = throughRelation(scope, field, () => 'TRUE')
    return negative ? some : `NOT (${some})`
  }
  const hit = throughRelation(scope, field, any)
  return negative ? `NOT (${hit})` : hit
}

/** A many2one by its name. */
const compareName = (scope: Scope, field: Field, leaf: Leaf): string => {
  const text: Field = { ...field, type: 'char', sqlType: 'varchar' }
  const { version } = scope.env.registry
  const negative = leaf.operator === '!=' || leaf.operator.startsWith('not')
  const positive: Leaf = negative ? { ...leaf, operator: opposite(leaf.operator) } : leaf
  const hit = throughRelation(scope, field, (inner) =>
    compareScalar(version, text, `(${inner.model.displayName(inner.alias)})`, positive, scope.parameters.bind),
  )
  return negative ? `NOT coalesce(${hit}, FALSE)` : hit
}

const compileLeaf = (scope: Scope, leaf: Leaf): string => {
  const { env, model, alias } = scope
  const [name = '', ...rest] = leaf.path.split('.')
  const field = model.fields.get(name)
  if (!field) throw invalidField(scope, leaf)
  if (field.groups !== undefined && !env.access.hasGroup(field.groups)) throw deniedField(env, model, field)
  if (!field.stored && !field.searchable) {
    if (env.registry.version < 19) return 'TRUE'
    throw new OdooError(kinds.value, `Cannot convert ${model.name}.${name} to SQL because it is not stored`)
  }
  if (rest.length > 0) {
    if (field.relation === undefined) throw invalidField(scope, leaf)
    return throughRelation(scope, field, (inner) => compileLeaf(inner, { ...leaf, path: rest.join('.') }))
  }
  if (field.link) return compareMany(scope, field, leaf)
  const byName = field.type === 'many2one' && [leaf.value].flat().some((v) => typeof v === 'string')
  if (byName) return compareName(scope, field, leaf)
  return compareScalar(env.registry.version, field, valueSql(env, model, field, alias), leaf, scope.parameters.bind)
}

const compileNode = (scope: Scope, node: Node): string => {
  switch (node.kind) {
    case 'constant':
      return node.value ? 'TRUE' : 'FALSE'
    case 'not':
      return `NOT coalesce(${compileNode(scope, node.node)}, FALSE)`
    case 'leaf':
      return compileLeaf(scope, node)
    default:
      return `(${node.nodes.map((n) => compileNode(scope, n)).join(node.kind === 'and' ? ' AND ' : ' OR ')})`
  }
}

/** A condition on the rows of the model's table under that alias. Throws OdooError as Odoo would. */
export const compileDomain = (
  env: Environment,
  parameters: Parameters,
  model: Model,
  alias: string,
  domain: Node,
): string => compileNode({ env, parameters, model, alias }, env.registry.version < 19 ? distributeNot(domain) : domain)
