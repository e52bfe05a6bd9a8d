/** The files of `odoo-pulse lint`, all read here: what is named, a folder's files with the endings that count, and the shipped runbooks. */
import { readdir, stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { readText, shippedFolder, whyUnreadable } from './config/files.ts'
import type { Problem } from './config/problem.ts'
import type { Source } from './config/yaml.ts'

const MAX_BYTES = 16 * 1024 * 1024
const NOT_THERE = whyUnreadable(Object.assign(new Error(), { code: 'ENOENT' }))
const RUNBOOKS = 'alert-rules/runbooks'

export interface Read {
  readonly sources: readonly Source[]
  readonly problems: readonly Problem[]
}

const merged = (all: readonly Read[]): Read => ({
  sources: all.flatMap(({ sources }) => sources),
  problems: all.flatMap(({ problems }) => problems),
})

const trying = async (shown: string, read: () => Promise<Read>): Promise<Read> => {
  try {
    return await read()
  } catch (error) {
    return { sources: [], problems: [{ file: shown, path: [], message: whyUnreadable(error) }] }
  }
}

const readOne = (path: string, shown: string): Promise<Read> =>
  trying(shown, async () => ({ sources: [{ file: shown, text: await readText(path, MAX_BYTES) }], problems: [] }))

const filesIn = async (dir: string, endings: readonly string[]): Promise<readonly string[]> =>
  (await readdir(dir)).filter((name) => !name.startsWith('.') && endings.some((end) => name.endsWith(end))).sort()

const readFolder = (dir: string, shown: string, endings: readonly string[]): Promise<Read> =>
  trying(shown, async () => {
    const names = await filesIn(dir, endings)
    return merged(await Promise.all(names.map((name) => readOne(join(dir, name), join(shown, name)))))
  })

/** Files as they are named; of folders the files in them with one of the endings. Failures are values. */
export const readPaths = async (paths: readonly string[], endings: readonly string[]): Promise<Read> =>
  merged(
    await Promise.all(
      paths
        .map(normalize)
        .map((path) =>
          trying(path, async () =>
            (await stat(path)).isDirectory() ? readFolder(path, path, endings) : readOne(path, path),
          ),
        ),
    ),
  )

const readRunbooksIn = async (dir: string, shown: string): Promise<Read> => {
  const ofFlows = await readFolder(join(dir, 'flows'), join(shown, 'flows'), ['.md'])
  // Only flows of one's own have theirs there.
  const flows = {
    sources: ofFlows.sources,
    problems: ofFlows.problems.filter(({ message }) => message !== NOT_THERE),
  }
  return merged([await readFolder(dir, shown, ['.md']), flows])
}

/** The shipped ones, and those of the folders named. */
export const readRunbooks = async (folders: readonly string[]): Promise<Read> =>
  merged([
    await readRunbooksIn(await shippedFolder(RUNBOOKS), RUNBOOKS),
    ...(await Promise.all(folders.map(normalize).map((folder) => readRunbooksIn(folder, folder)))),
  ])
