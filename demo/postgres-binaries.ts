/** Where the PostgreSQL binaries from npm stand, and as whom they can be run. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { Account } from './processes.ts'

export const POSTGRES_VERSIONS = [14, 15, 16, 17, 18] as const

/** PostgreSQL refuses to run as root (postmaster's main.c); then `nobody` runs it. Undefined: as we are. */
export const postgresAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim())
  return { uid: id('-u'), gid: id('-g') }
}

const canUse = (path: string, account: Account | undefined): boolean =>
  spawnSync('test', ['-x', path], { ...account, stdio: 'ignore' }).status === 0

/** A new folder of the account's own, by preference in `parent`, else in a temp folder the account can enter. */
export const makeDir = (prefix: string, account: Account | undefined, parent = tmpdir()): string => {
  const dir = mkdtempSync(join(canUse(parent, account) ? parent : '/tmp', prefix))
  if (account !== undefined) chownSync(dir, account.uid, account.gid)
  return dir
}

const platformFolder = (version: number): string => {
  if (!POSTGRES_VERSIONS.some((known) => known === version)) {
    throw new Error(`PostgreSQL ${version} is not among ${POSTGRES_VERSIONS.join(', ')}`)
  }
  const name = `postgres-${version}-${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (error) {
    throw new Error(`PostgreSQL ${version} is not installed (optional dependency ${name}): run npm ci`, {
      cause: error,
    })
  }
}

const links = z.array(z.object({ source: z.string(), target: z.string() }))

// The package's own install script makes these; npm may be told to run none (ignore-scripts).
const makeLinks = (native: string): void => {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of links.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const path = join(dirname(native), target)
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
}

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The binaries of a major version, runnable by the account: where it can't enter the folder they are installed
 * in (a clone under /root), a copy in `dir`.
 */
export const postgresBinaries = (version: number, account: Account | undefined, dir: string): Binaries => {
  const installed = platformFolder(version)
  const bin = (native: string) => ({
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
  })
  const linked = existsSync(join(installed, 'lib', 'libpq.so')) || process.platform !== 'linux'
  if (linked && canUse(bin(installed).postgres, account)) return bin(installed)
  const copy = join(dir, 'native')
  if (existsSync(copy)) return bin(copy)
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
  makeLinks(copy)
  if (account !== undefined) execFileSync('chmod', ['-R', 'u=rwX,go=rX', copy])
  for (const path of Object.values(bin(copy))) chmodSync(path, 0o755)
  return bin(copy)
}
