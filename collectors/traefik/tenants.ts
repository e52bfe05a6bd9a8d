/** Whose a series is, by the patterns of the configuration. Pure. */
import type { TraefikConfig } from './config.ts'
import type { Series } from './exposition_format.ts'

type Patterns = TraefikConfig['tenants']

/** `*` stands for any text. Linear in the name: no pattern can make it slow, as a regular expression could. */
export const isLike = (pattern: string, name: string): boolean => {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return name === first
  const end = name.length - last.length
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** A pattern without @ fits a name of any provider: `acme` fits `acme@docker`. */
const fits = (patterns: readonly string[], name: string): boolean =>
  patterns.some((p) => isLike(p.includes('@') ? p : `${p}@*`, name.includes('@') ? name : `${name}@`))

/** Where several tenants share a service only the router tells whose a request was. */
export const readsRouters = (tenants: Patterns): boolean => Object.values(tenants).some((t) => t.routers.length > 0)

/** The tenant of a series by its `router` and `service` labels, the first that fits; else ''. Remembers names it saw last. */
export const tenantsOf = (tenants: Patterns): ((labels: Series['labels']) => string) => {
  const entries = Object.entries(tenants)
  const known = new Map<string, string>()
  return (labels) => {
    const router = labels.get('router') ?? ''
    const service = labels.get('service') ?? ''
    const key = `${router}\0${service}`
    const found = known.get(key)
    if (found !== undefined) return found
    const [tenant = ''] =
      entries.find(
        ([, t]) => (router !== '' && fits(t.routers, router)) || (service !== '' && fits(t.services, service)),
      ) ?? []
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, tenant)
    return tenant
  }
}

const REMEMBERED = 10_000
