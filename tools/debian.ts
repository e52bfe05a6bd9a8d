/**
 * The parts that come from Debian, not from npm: which are lacking, and how they are brought.
 * The services their packages may start by themselves are neither used nor touched: the demo and the tests
 * run the binaries with configuration, data and ports of their own.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Part {
  readonly name: 'prometheus' | 'alertmanager' | 'redis'
  readonly package: string
  /** What is needed of it, each under the names it goes by: Debian's first, then upstream's. */
  readonly binaries: readonly (readonly string[])[]
  readonly why: string
}

export const PARTS: readonly Part[] = [
  {
    name: 'prometheus',
    package: 'prometheus',
    binaries: [['prometheus'], ['promtool']],
    why: 'scrapes the service, evaluates the alert rules; promtool checks metrics and rules',
  },
  {
    name: 'alertmanager',
    package: 'prometheus-alertmanager',
    binaries: [['prometheus-alertmanager', 'alertmanager'], ['amtool']],
    why: 'routes the alerts to their receivers; amtool checks its configuration',
  },
  { name: 'redis', package: 'redis-server', binaries: [['redis-server']], why: 'the Redis of the estate' },
]

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The full path of the first of these names on the search path; undefined if there is none. */
export const findBinary = (names: readonly string[], searchPath = process.env.PATH ?? ''): string | undefined =>
  names
    .flatMap((name) => searchPath.split(delimiter).map((folder) => join(folder || '.', name)))
    .find((path) => executable(path))

export const lackingParts = (searchPath?: string): readonly Part[] =>
  PARTS.filter((part) => !part.binaries.every((names) => findBinary(names, searchPath) !== undefined))

/** The one line a person runs to bring the packages. */
export const installLine = (lacking: readonly Part[]): string =>
  `sudo apt-get install --no-install-recommends ${lacking.map((part) => part.package).join(' ')}`

export interface BringOptions {
  /** False: nothing is installed, the line to run is said. */
  readonly install: boolean
  readonly say: (line: string) => void
}

const noLists = (): boolean => {
  try {
    return !readdirSync('/var/lib/apt/lists').some((name) => name.endsWith('Packages') || name.includes('_Packages'))
  } catch {
    return true
  }
}

const aptGet = (...args: readonly string[]): boolean =>
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

const install = (lacking: readonly Part[]): void => {
  // Another apt may be at work (unattended-upgrades): its lock is waited for.
  const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
  const args = ['install', ...options, ...lacking.map((part) => part.package)]
  if (noLists()) aptGet('update', '-q')
  // The lists may be older than the mirror: then once more with new ones.
  if (!aptGet(...args) && aptGet('update', '-q')) aptGet(...args)
}

/** Installs the lacking packages where that is possible and wanted, else says how. Returns what is lacking after that. */
export const bringDebianParts = ({ install: wanted, say }: BringOptions): readonly Part[] => {
  const lacking = lackingParts()
  if (lacking.length === 0) return lacking
  for (const part of lacking) say(`Lacking: ${part.package} (${part.why}).`)
  if (!existsSync('/usr/bin/apt-get')) {
    const binaries = lacking.flatMap((part) => part.binaries.map((names) => names[0]))
    say(`This is no Debian or Ubuntu: install these yourself, so that they are on the PATH: ${binaries.join(', ')}.`)
    return lacking
  }
  if (!wanted || process.getuid?.() !== 0) {
    say(`To bring it, run: ${installLine(lacking)}`)
    return lacking
  }
  say(`Installing from Debian: ${lacking.map((part) => part.package).join(', ')} …`)
  install(lacking)
  const still = lackingParts()
  if (still.length > 0) say(`Could not be installed. To try it yourself, run: ${installLine(still)}`)
  return still
}
