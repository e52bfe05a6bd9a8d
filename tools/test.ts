/** `npm test`: brings what is lacking, then runs the tests with the arguments given. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { bringDebianParts } from './debian.ts'

const NO_INSTALL = '--no-install'
const given = process.argv.slice(2)

const lacking = bringDebianParts({ install: !given.includes(NO_INSTALL), say: (line) => console.error(line) })
if (lacking.length > 0) {
  const names = lacking.map((part) => part.package).join(', ')
  console.error(
    process.env.CI === 'true'
      ? `Tests that need ${names} fail, because CI=true.`
      : `Tests that need ${names} are skipped, and say so.`,
  )
}

const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs')
const args = given.filter((argument) => argument !== NO_INSTALL)
const child = spawn(process.execPath, [vitest, 'run', ...args], { stdio: 'inherit' })
// Ctrl-C reaches vitest by itself, which ends in order; we wait for it.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
