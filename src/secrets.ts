/** Reads secrets where their references point, and remembers what must not be shown. */
import { dirname, resolve } from 'node:path'
import { readText, whyUnreadable } from './config/files.ts'
import { createRedactor } from './redact.ts'
import type { SecretRef, Secrets } from './secret.ts'

export interface SecretsOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** File references are relative to it. */
  readonly baseDir: string
  /** Throws where it cannot. */
  readonly readFile: (path: string) => Promise<string>
  /** Says why `readFile` threw, without path or content. */
  readonly explain?: (error: unknown) => string
}

/** What is shorter cannot be kept out of a log without making the log unreadable, so it is not accepted. */
const SHORTEST = 4
/** Values kept per reference: the current one and those before it, which may still be on their way into a log. */
const KEPT = 8
const KEPT_DERIVED = 10_000
const MAX_BYTES = 64 * 1024

export const describeSecret = (ref: SecretRef): string =>
  'file' in ref ? `secret file ${ref.file}` : `environment variable ${ref.env}`

export const createSecrets = ({ env, baseDir, readFile, explain }: SecretsOptions): Secrets => {
  const redactor = createRedactor()
  const fetch = async (ref: SecretRef): Promise<string> => {
    if ('env' in ref) {
      const value = Object.hasOwn(env, ref.env) ? env[ref.env] : undefined
      if (value === undefined) throw new Error(`${describeSecret(ref)} is not set`)
      return value
    }
    try {
      return await readFile(resolve(baseDir, ref.file))
    } catch (error) {
      throw new Error(`${describeSecret(ref)}: ${explain?.(error) ?? 'cannot be read'}`)
    }
  }
  return {
    read: async (ref) => {
      const value = (await fetch(ref)).replace(/\r?\n$/, '')
      if (value === '') throw new Error(`${describeSecret(ref)} is empty`)
      if (value.length < SHORTEST)
        throw new Error(
          `${describeSecret(ref)} holds fewer than ${SHORTEST} characters: too short to be kept out of logs`,
        )
      redactor.add(JSON.stringify(ref), value, KEPT)
      return value
    },
    redact: redactor.redact,
    also: (derived) => {
      if (derived.length >= SHORTEST) redactor.add('', derived, KEPT_DERIVED)
    },
  }
}

/** For a configuration file: its secrets' paths are relative to where it stands. */
export const secretsBeside = (configFile: string, env: SecretsOptions['env']): Secrets =>
  createSecrets({
    env,
    baseDir: dirname(configFile),
    readFile: (path) => readText(path, MAX_BYTES),
    explain: whyUnreadable,
  })
