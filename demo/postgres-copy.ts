/**
 * A base backup without pg_basebackup (the npm packages carry none): the low-level API, a file copy, backup_label.
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
import { appendFile, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import type { PostgresServer } from './postgres.ts'
import type { Account } from './processes.ts'

// Their contents are made anew at the start; the folders themselves must exist (same page, "Backing Up the Data Directory").
const EMPTIED = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
])
const OMITTED = /^(postmaster\.(pid|opts)|pg_internal\.init.*|pgsql_tmp.*)$/

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

const copyTree = async (from: string, to: string, own: (path: string) => Promise<void>): Promise<void> => {
  await mkdir(to, { mode: 0o700 })
  await own(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (OMITTED.test(entry.name)) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      if (!EMPTIED.has(entry.name)) await copyTree(source, target, own)
      else await mkdir(target, { mode: 0o700 }).then(() => own(target))
      continue
    }
    // A file that vanishes while we copy is made good by the WAL.
    const copied = await copyFile(source, target).then(
      () => true,
      (error: unknown) => {
        if (isMissing(error)) return false
        throw error
      },
    )
    if (copied) await own(target)
  }
}

const stopped = z.object({ label: z.string() })

/**
 * Copies the running primary's data directory to `dir`, ready to start as its standby. The settings, lines of a
 * configuration file, go where `pg_basebackup -R` puts them: ALTER SYSTEM can change them, and no command line
 * shows the password among them. Throws if the server refuses.
 */
export const copyCluster = async (
  primary: PostgresServer,
  dir: string,
  account: Account | undefined,
  settings: readonly string[],
): Promise<void> => {
  const own = async (path: string) => {
    if (account) await chown(path, account.uid, account.gid)
  }
  // Start and stop must be of one session. Before 15 the functions had other names, and an exclusive mode to decline.
  const old = primary.version < 15
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  try {
    await client.query(
      old ? "SELECT pg_start_backup('standby', true, false)" : "SELECT pg_backup_start('standby', fast => true)",
    )
    await copyTree(primary.dir, dir, own)
    const { rows } = await client.query(
      old
        ? 'SELECT labelfile AS label FROM pg_stop_backup(false, false)'
        : 'SELECT labelfile AS label FROM pg_backup_stop(wait_for_archive => false)',
    )
    const { label } = stopped.parse(rows[0])
    const files = { backup_label: label, 'standby.signal': '' }
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(dir, name), content, { mode: 0o600 })
      await own(join(dir, name))
    }
    await appendFile(join(dir, 'postgresql.auto.conf'), `${settings.join('\n')}\n`)
  } finally {
    await client.end()
  }
}
