/**
 * HTTP basic authentication against bcrypt hashes. Comparisons run in a worker thread, one after the other;
 * verdicts are remembered by a keyed hash of the credentials, never by the password.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Answer, Question } from './bcrypt_worker.ts'
import { seconds } from './metric.ts'

/** `busy`: too many comparisons wait already; ask again. */
export type Verdict = 'allowed' | 'denied' | 'busy'

export interface BasicAuth {
  /** `authorization`: the header as it came. */
  readonly check: (users: ReadonlyMap<string, string>, authorization: string | undefined) => Promise<Verdict>
  /** Comparisons under way are given up: `busy`. */
  readonly close: () => Promise<void>
}

/** Waiting and running together. */
const MAX_COMPARISONS = 5
/** As many as exporter-toolkit remembers. */
const MAX_REMEMBERED = 100
/** A thread costs some 10 MB; all it has to do is done after the first scrape. */
const IDLE_AFTER = seconds(10)

/** RFC 7617. */
const credentialsOf = (
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined => {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** A hash that no password is known for, as dear to compare with as the dearest of the users'. */
const decoy = (users: ReadonlyMap<string, string>): string => {
  const cost = Math.max(4, ...users.values().map((hash) => Number(hash.slice(4, 6))))
  return `$2b$${String(cost).padStart(2, '0')}$${randomBytes(40).toString('hex').slice(0, 53)}`
}

const remember = <V>(memory: Map<string, V>, key: string, value: V): void => {
  memory.delete(key)
  memory.set(key, value)
  const [oldest] = memory.keys()
  if (memory.size > MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest)
}

/** Runs the current file's kind, so that it works from the sources and from the build. */
const workerFile = new URL(`./bcrypt_worker${extname(import.meta.url)}`, import.meta.url)

const createComparer = () => {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0
  const waiting = new Map<number, (matches: boolean | undefined) => void>()

  const settle = (id: number, matches: boolean | undefined): void => {
    const done = waiting.get(id)
    waiting.delete(id)
    done?.(matches)
  }
  const stop = async (): Promise<void> => {
    clearTimeout(idle)
    const stopped = worker
    worker = undefined
    for (const id of [...waiting.keys()]) settle(id, undefined)
    await stopped?.terminate()
  }
  const start = (): Worker => {
    const started = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: 32 } })
    started.unref()
    started.on('message', ({ id, matches }: Answer) => {
      settle(id, matches)
      if (waiting.size === 0) idle = setTimeout(() => void stop(), IDLE_AFTER).unref()
    })
    started.on('error', () => worker === started && void stop())
    return started
  }
  /** undefined: not compared. */
  const compare = (password: string, hash: string): Promise<boolean | undefined> => {
    if (waiting.size >= MAX_COMPARISONS) return Promise.resolve(undefined)
    clearTimeout(idle)
    worker ??= start()
    const question: Question = { id: ++lastId, password, hash }
    const answer = new Promise<boolean | undefined>((resolve) => waiting.set(question.id, resolve))
    worker.postMessage(question)
    return answer
  }
  return { compare, stop }
}

export const createBasicAuth = (): BasicAuth => {
  const key = randomBytes(32)
  const { compare, stop } = createComparer()
  // apart, so that a flood of wrong guesses does not push out who may come in
  const allowed = new Map<string, 'allowed'>()
  const denied = new Map<string, 'denied'>()
  const underWay = new Map<string, Promise<Verdict>>()

  const judge = async (id: string, password: string, hash: string, known: boolean): Promise<Verdict> => {
    const matches = await compare(password, hash)
    if (matches === undefined) return 'busy'
    if (matches && known) remember(allowed, id, 'allowed')
    else remember(denied, id, 'denied')
    return matches && known ? 'allowed' : 'denied'
  }
  return {
    check: async (users, authorization) => {
      const credentials = credentialsOf(authorization)
      if (!credentials) return 'denied'
      const { user, password } = credentials
      const hash = users.get(user)
      // the stored hash is part of it: a changed password or a removed user is judged anew
      const id = createHmac('sha256', key)
        .update(JSON.stringify([user, password, hash]))
        .digest('base64')
      const verdict = allowed.get(id) ?? denied.get(id) ?? underWay.get(id)
      if (verdict) return verdict
      const judged = judge(id, password, hash ?? decoy(users), hash !== undefined).finally(() => underWay.delete(id))
      underWay.set(id, judged)
      return judged
    },
    close: stop,
  }
}
