/** A Redis of its own, in memory only. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, type RunningProcess, startProcess } from './processes.ts'

export interface RedisServer {
  readonly port: number
  readonly password: string
  readonly process: RunningProcess
}

export interface RedisOptions {
  readonly binary: string
  /** An existing folder for configuration. */
  readonly dir: string
}

/** Throws if it does not become ready, with its last lines. */
export const startRedis = async ({ binary, dir }: RedisOptions): Promise<RedisServer> => {
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const home = join(dir, 'redis')
  await mkdir(home, { recursive: true })
  const file = join(home, 'redis.conf')
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'save ""',
    'appendonly no',
    `dir "${home}"`,
    `requirepass ${password}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  const process = await startProcess({
    name: 'Redis',
    command: binary,
    args: [file],
    cwd: home,
    dir: home,
    ready: (output) => output.line(/Ready to accept connections/),
  })
  return { port, password, process }
}
