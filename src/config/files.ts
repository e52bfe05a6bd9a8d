/** Reading the configuration's files: bounded, as text, failures in words. */
import { access, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FlowSources } from './flow_files.ts'
import type { Problem } from './problem.ts'
import type { Source } from './yaml.ts'

export const TENANTS_DIR = 'tenants.d'
export const FLOWS_DIR = 'flows.d'
const SHIPPED_FLOWS = 'slo'
const SHIPPED_DASHBOARDS = 'dashboards/generated'
const MAX_BYTES = 1024 * 1024
const MAX_FILES = 10_000
const MAX_FLOWS = 200
const MAX_DASHBOARDS = 50

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied: let the user this service runs as read it',
  EPERM: 'permission denied: let the user this service runs as read it',
  EISDIR: 'a directory, where a file is expected',
  ELOOP: 'too many symbolic links',
}

/** Why a file could not be read, without its path or content. */
export const whyUnreadable = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code !== undefined) return REASONS[code] ?? `cannot be read (${code})`
  return error instanceof RangeError || error instanceof TypeError ? error.message : 'cannot be read'
}

/** The file as UTF-8 text. Throws RangeError past `maxBytes`, TypeError where it is not UTF-8, else as `fs` does. */
export const readText = async (path: string, maxBytes: number): Promise<string> => {
  const handle = await open(path, 'r')
  try {
    const chunks: Buffer[] = []
    let size = 0
    while (size <= maxBytes) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(65_536, maxBytes + 1 - size)))
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    if (size > maxBytes) throw new RangeError(`larger than ${maxBytes} bytes`)
    const bytes = Buffer.concat(chunks)
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw new TypeError('not UTF-8 text: save it as UTF-8')
    }
  } finally {
    await handle.close()
  }
}

type Read = { readonly source: Source } | { readonly problem: Problem }

const readSource = async (path: string, shown: string, advice = ''): Promise<Read> => {
  try {
    return { source: { file: shown, text: await readText(path, MAX_BYTES) } }
  } catch (error) {
    return { problem: { file: shown, path: [], message: `${whyUnreadable(error)}${advice}` } }
  }
}

const YAML = /^[^.].*\.ya?ml$/
const JSON_FILE = /^[^.].*\.json$/

/** Its files of such a name; none where there is no such directory: it may be absent. */
const listFiles = async (dir: string, named: RegExp, isNeeded: boolean): Promise<readonly string[]> => {
  try {
    const names = await readdir(dir)
    return names.filter((name) => named.test(name)).sort()
  } catch (error) {
    if (!isNeeded && error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

interface Folder {
  readonly dir: string
  /** As shown to people. */
  readonly shown: string
  readonly most: number
  readonly named?: RegExp
  readonly isNeeded?: boolean
}

export interface Found {
  readonly sources: readonly Source[]
  readonly problems: readonly Problem[]
}

/** In the order of their names. */
const readFolder = async ({ dir, shown, most, named = YAML, isNeeded = false }: Folder): Promise<Found> => {
  try {
    const names = await listFiles(dir, named, isNeeded)
    if (names.length > most) throw new RangeError(`more than ${most} files`)
    const sources: Source[] = []
    const problems: Problem[] = []
    for (const name of names) {
      const read = await readSource(join(dir, name), join(shown, name))
      if ('source' in read) sources.push(read.source)
      else problems.push(read.problem)
    }
    return { sources, problems }
  } catch (error) {
    return { sources: [], problems: [{ file: shown, path: [], message: whyUnreadable(error) }] }
  }
}

/** Where the package keeps a folder it ships: this file stands in src/config, or built in dist/src/config. */
export const shippedFolder = async (name: string): Promise<string> => {
  const [ofSource, ofBuild] = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, name))
  const isThere = (dir = '') =>
    access(dir).then(
      () => true,
      () => false,
    )
  return (await isThere(ofSource)) ? (ofSource ?? '') : (ofBuild ?? '')
}

export const readShippedFlows = async (): Promise<Found> =>
  readFolder({ dir: await shippedFolder(SHIPPED_FLOWS), shown: SHIPPED_FLOWS, most: MAX_FLOWS, isNeeded: true })

export const readShippedDashboards = async (): Promise<Found> =>
  readFolder({
    ...{ dir: await shippedFolder(SHIPPED_DASHBOARDS), shown: SHIPPED_DASHBOARDS, most: MAX_DASHBOARDS },
    ...{ named: JSON_FILE, isNeeded: true },
  })

export interface ConfigFiles {
  readonly main: Source | undefined
  /** In the order of their names. */
  readonly tenants: readonly Source[]
  readonly flows: FlowSources
  readonly problems: readonly Problem[]
}

/** The main file and beside it tenants.d and flows.d, named for people relative to where the main file stands. */
export const readConfigFiles = async (file: string): Promise<ConfigFiles> => {
  const advice = `; name it with --config FILE, and see odoo-pulse.example.yaml`
  const main = await readSource(file, file, advice)
  const beside = (shown: string, most: number) => readFolder({ dir: join(dirname(file), shown), shown, most })
  const tenants = await beside(TENANTS_DIR, MAX_FILES)
  const own = await beside(FLOWS_DIR, MAX_FLOWS)
  const shipped = await readShippedFlows()
  return {
    main: 'source' in main ? main.source : undefined,
    tenants: tenants.sources,
    flows: { shipped: shipped.sources, own: own.sources },
    problems: [...('problem' in main ? [main.problem] : []), ...tenants.problems, ...own.problems, ...shipped.problems],
  }
}
