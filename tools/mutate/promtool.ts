/** promtool over many files in one process: what it says of each. */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rule } from './rules.ts'
import { filesOf, type Unit } from './units.ts'

/** Its output but for what it complains of: a heading for each file, and the word SUCCESS below those it accepts. */
const run = (args: readonly string[], cwd: string): Promise<string> =>
  new Promise((resolve, reject) => {
    // It lives for a second: collecting its garbage seldom spares a fifth of the time.
    const env = { ...process.env, GOGC: '400' }
    const child = spawn('promtool', args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject)
    child.on('close', () => resolve(said))
  })

const acceptedIn = (said: string, heading: string): ReadonlySet<string> => {
  const parts = said.split(heading).slice(1)
  return new Set(
    parts.filter((part) => part.includes('SUCCESS')).map((part) => part.trimStart().split('\n', 1)[0] ?? ''),
  )
}

let batches = 0
/** A folder for one process, gone afterwards. */
const inFolder = async <Result>(below: string, use: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = join(below, String(batches++))
  mkdirSync(folder)
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** For each, whether Prometheus takes it for a rule. */
export const accepted = (below: string, rules: readonly Rule[]): Promise<readonly boolean[]> =>
  inFolder(below, async (folder) => {
    for (const [i, { node }] of rules.entries())
      writeFileSync(join(folder, `${i}.json`), JSON.stringify({ groups: [{ name: 'one', rules: [node] }] }))
    const names = rules.map((_, i) => `${i}.json`)
    const fine = acceptedIn(await run(['check', 'rules', ...names], folder), 'Checking ')
    return names.map((name) => fine.has(name))
  })

export interface Trial {
  readonly unit: Unit
  /** Instead of the rule of its name. */
  readonly instead?: Rule
}

/** For each, whether the case still passes. */
export const passes = (below: string, trials: readonly Trial[]): Promise<readonly boolean[]> =>
  inFolder(below, async (folder) => {
    for (const [i, { unit, instead }] of trials.entries()) {
      const { rules, test } = filesOf(unit, `${i}.rules.json`, instead)
      writeFileSync(join(folder, `${i}.rules.json`), rules)
      writeFileSync(join(folder, `${i}.json`), test)
    }
    const names = trials.map((_, i) => `${i}.json`)
    const fine = acceptedIn(await run(['test', 'rules', ...names], folder), 'Unit Testing:')
    return names.map((name) => fine.has(name))
  })
