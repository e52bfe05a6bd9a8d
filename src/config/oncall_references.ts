/** What no schema can say of `oncall:`: references, what needs a newer Alertmanager, secrets that would stand inline. Pure. */
import { type Path, type Problem, suggestion } from './problem.ts'
import { type Located, placeOf, valueAt, type YamlFile } from './yaml.ts'

const AT = ['oncall'] as const
const OLDEST = 25

/** What came after the oldest Alertmanager this is made for; its changelog. */
const NEWER = [{ receiver: 'webhook', key: 'url_file', since: 26 }] as const

const minorOf = (version: unknown): number =>
  typeof version === 'string' ? Number(/^0\.(\d+)/.exec(version)?.[1] ?? Number.NaN) : OLDEST

const keysAt = (value: Located | undefined): readonly string[] => [...(value?.entries?.keys() ?? [])]

export interface Known {
  readonly tenants: readonly string[]
  readonly tiers: readonly string[]
  readonly clusters: readonly string[]
  readonly processes: readonly string[]
}

/** `main`: the main file. */
export const checkOncall = (main: YamlFile, known: Known): readonly Problem[] => {
  const oncall = valueAt(main.root, AT)
  if (oncall?.entries === undefined) return []
  const problem = (path: Path, message: string, part: 'key' | 'value' = 'value'): Problem => ({
    ...placeOf(main, [...AT, ...path], part),
    message,
  })
  const receivers = keysAt(valueAt(oncall, ['receivers']))
  const hours = keysAt(valueAt(oncall, ['hours']))
  const routes = valueAt(oncall, ['routes'])?.items ?? []

  const named = (path: Path, names: readonly string[], where: string): readonly Problem[] => {
    const data = valueAt(oncall, path)?.data
    return typeof data !== 'string' || names.includes(data)
      ? []
      : [problem(path, `no such ${where}; ${suggestion(data, names, 'none is given: add it there')}`)]
  }
  const listed = (path: Path, names: readonly string[], what: string): readonly Problem[] => {
    const value = valueAt(oncall, path)
    const items =
      value?.items?.map((item, i) => [[...path, i], item] as const) ?? (value ? [[path, value] as const] : [])
    return items.flatMap(([at, { data }]) =>
      typeof data !== 'string' || names.includes(data)
        ? []
        : [problem(at, `no such ${what}; ${suggestion(data, names, 'there is none')}`)],
    )
  }

  const version = valueAt(oncall, ['alertmanager_version'])?.data
  const minor = minorOf(version)
  const tooOld =
    minor < OLDEST ? [problem(['alertmanager_version'], `0.${OLDEST} is the oldest this can be written for`)] : []

  const ofReceiver = (name: string): readonly Problem[] => {
    const at = ['receivers', name]
    const has = (...path: Path) => valueAt(oncall, [...at, ...path]) !== undefined
    const newer = NEWER.filter(({ receiver, key, since }) => has(receiver, key) && minor < since).map(
      ({ receiver, key, since }) =>
        problem(
          [...at, receiver, key],
          `needs Alertmanager 0.${since}: say with \`alertmanager_version\` that yours is, or give what is no secret as \`url\` with \`credentials_file\``,
          'key',
        ),
    )
    const urls = has('webhook', 'url') === has('webhook', 'url_file')
    const [user, password] = [has('email', 'auth_username'), has('email', 'auth_password_file')]
    return [
      ...newer,
      ...(has('webhook') && urls ? [problem([...at, 'webhook'], 'give one of `url` and `url_file`', 'key')] : []),
      ...(user === password
        ? []
        : [problem([...at, 'email'], '`auth_username` and `auth_password_file` need one another', 'key')]),
    ]
  }

  const ofRoute = (i: number): readonly Problem[] => {
    const at = ['routes', i]
    const has = (key: string) => valueAt(oncall, [...at, key]) !== undefined
    const by = ['process', 'tier', 'tenant', 'db_cluster']
    return [
      ...(by.some(has)
        ? []
        : [
            problem(
              at,
              'it fits every alert, and nothing after it would count: give process, tier, tenant or db_cluster, or write `page` and `ticket` above',
            ),
          ]),
      ...(has('page') || has('ticket') ? [] : [problem(at, 'it tells nobody: give `page` or `ticket`')]),
      ...named([...at, 'page'], receivers, 'receiver under `oncall.receivers`'),
      ...named([...at, 'ticket'], receivers, 'receiver under `oncall.receivers`'),
      ...named([...at, 'ticket_hours'], hours, 'hours under `oncall.hours`'),
      ...listed([...at, 'tenant'], known.tenants, 'tenant under `tenants`'),
      ...listed([...at, 'tier'], known.tiers, 'tier under `tiers`'),
      ...listed([...at, 'db_cluster'], known.clusters, 'machine group'),
      ...listed([...at, 'process'], known.processes, 'process of a flow'),
    ]
  }

  return [
    ...tooOld,
    ...['page', 'ticket', 'telemetry', 'watchdog'].flatMap((key) =>
      named([key], receivers, 'receiver under `oncall.receivers`'),
    ),
    ...named(['ticket_hours'], hours, 'hours under `oncall.hours`'),
    ...receivers.flatMap(ofReceiver),
    ...routes.flatMap((_, i) => ofRoute(i)),
  ]
}
