/** Reading the configuration's files: bounded, as text, failures in words. */
import { open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Problem } from './problem.ts'
import type { Source } from './yaml.ts'

export const TENANTS_DIR = 'tenants.d'
const MAX_BYTES = 1024 * 1024
const MAX_FILES = 10_000

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

/** Undefined where there is no such directory: it may be absent. */
const listTenants = async (dir: string): Promise<readonly string[]> => {
  try {
    const names = await readdir(dir)
    return names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

export interface ConfigFiles {
  readonly main: Source | undefined
  /** In the order of their names. */
  readonly tenants: readonly Source[]
  readonly problems: readonly Problem[]
}

/** The main file and beside it tenants.d/*.yaml, named for people relative to where the main file stands. */
export const readConfigFiles = async (file: string): Promise<ConfigFiles> => {
  const advice = `; name it with --config FILE, and see odoo-pulse.example.yaml`
  const main = await readSource(file, file, advice)
  const dir = join(dirname(file), TENANTS_DIR)
  const problems: Problem[] = 'problem' in main ? [main.problem] : []
  const tenants: Source[] = []
  try {
    const names = await listTenants(dir)
    if (names.length > MAX_FILES) throw new RangeError(`more than ${MAX_FILES} files`)
    for (const name of names) {
      const read = await readSource(join(dir, name), join(TENANTS_DIR, basename(name)))
      if ('source' in read) tenants.push(read.source)
      else problems.push(read.problem)
    }
  } catch (error) {
    problems.push({ file: TENANTS_DIR, path: [], message: whyUnreadable(error) })
  }
  return { main: 'source' in main ? main.source : undefined, tenants, problems }
}
