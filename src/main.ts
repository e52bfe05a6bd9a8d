#!/usr/bin/env -S node --max-semi-space-size=4
/** The executable. */
import { setFlagsFromString } from 'node:v8'
import packageJson from '../package.json' with { type: 'json' }

/**
 * Started by `node` alone, without the option above: what is young stays in the megabyte it begins with. Rows are garbage
 * soon, and V8 would rather let it grow to 64 MB than look for it.
 */
const SEMI_SPACE = 'semi-space'
if (![...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.includes(SEMI_SPACE))) {
  setFlagsFromString('--semi-space-growth-factor=1')
}

const { version } = packageJson
const argv = process.argv.slice(2)

// Answered before anything else is loaded: it works wherever these two files are.
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`${version}\n`)
} else {
  const { run } = await import('./cli.ts')
  process.exitCode = await run(argv, {
    version,
    env: process.env,
    signals: process,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    exit: (code) => process.exit(code),
  })
}
