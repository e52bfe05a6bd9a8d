/** `odoo-pulse suggest` on the command line: what may be asked, and how it is ended early. */
import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AnyCollector } from '../collector.ts'
import { parseDuration } from '../config/duration.ts'
import { type Duration, hours, minutes, seconds } from '../metric.ts'
import { secretsBeside } from '../secrets.ts'
import type { ExitCode, Signals } from '../serve.ts'
import { suggest } from '../suggest.ts'

export interface CommandDeps {
  readonly collectors: readonly AnyCollector[]
  /** `--config`, as the other commands have it. */
  readonly configOption: () => Option
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signals: Signals
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Told with which code the process is to end. */
  readonly settle: (code: ExitCode) => void
  /** Ends it whatever is still open. */
  readonly exit: (code: ExitCode) => void
}

const EXAMPLES = `
For each flow of each tenant it reads the last 30 days of Odoo's own rows, newest first, and prints what was (items due,
delays, the share met, stalls), how often page and ticket would have come with the settings as they are, and a target,
an objective and a mode to take instead, each with its reason. Nothing is changed, in Odoo or in the configuration.

Examples:
  $ odoo-pulse suggest                                 every tenant, every flow; times are UTC
  $ odoo-pulse suggest --tenant acme --flow picking    this one alone
  $ odoo-pulse suggest --write proposed.yaml           also as YAML, to paste beneath the tenants it names
  $ odoo-pulse suggest --json | jq '.tenants[].flows[] | {flow, proposed: .proposed.mode}'

Reading is paced: --share 0.2 lets a question be under way a fifth of the time. At --timeout, and at the first Ctrl-C,
what was read by then is reported.

Exit codes: 0 all was read, or is off or unsupported, 1 something could not be read, or not whole, 2 wrong command line
or configuration, or the file could not be written.`

const aDuration = (text: string): Duration => {
  const duration = parseDuration(text)
  if (duration === undefined || duration < seconds(1)) throw new InvalidArgumentError('write a duration such as 30m')
  // Longer than a timer can count.
  return Math.min(duration, hours(24 * 20))
}

const aShare = (text: string): number => {
  const share = Number(text)
  if (!(share >= 0.001 && share <= 1)) throw new InvalidArgumentError('write a number from 0.001 to 1')
  return share
}

interface Flags {
  readonly config: string
  readonly json?: boolean
  readonly tenant: readonly string[]
  readonly flow: readonly string[]
  readonly write?: string
  readonly force?: boolean
  readonly timeout: Duration
  readonly share: number
}

const severalTimes = (flags: string, description: string) =>
  new Option(flags, `${description}; may be given several times`)
    .argParser((name: string, before: readonly string[]) => [...before, name])
    .default([], 'all')

/** Aborts at the first signal to end; the second one ends the process as ever. */
const interruptible = (signals: Signals) => {
  const abort = new AbortController()
  const onSignal = (): void => {
    abort.abort(new Error('interrupted'))
    release()
  }
  const release = (): void => {
    for (const signal of ['SIGINT', 'SIGTERM']) signals.off(signal, onSignal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) signals.on(signal, onSignal)
  return { signal: abort.signal, release }
}

/**
 * Pages of rows come and go. V8 would let what is young grow to 100 MB before it looks for what can go, and beside it what
 * it took for old: a million jobs took 400 MB so, of which 35 MB were in use.
 */
const SMALL_NURSERY = '--semi-space-growth-factor=1'

const run = async (flags: Flags, { collectors, env, signals, out, err }: CommandDeps): Promise<ExitCode> => {
  const { config: file, json = false, tenant: tenants, flow: flows, write, force = false, timeout, share } = flags
  setFlagsFromString(SMALL_NURSERY)
  const secrets = secretsBeside(file, env)
  const { signal: interrupted, release } = interruptible(signals)
  const progress = (line: string) => err(`${secrets.redact(line)}\n`)
  const options = {
    file,
    collectors,
    secrets,
    json,
    tenants,
    flows,
    write,
    force,
    timeout,
    share,
    interrupted,
    progress,
  }
  const result = await suggest(options)
  release()
  out(secrets.redact(result.out))
  err(secrets.redact(result.err))
  return result.code
}

export const addSuggest = (program: Command, deps: CommandDeps): void => {
  program
    .command('suggest')
    .description('replay the last 30 days of each flow: what was, and which target, objective and mode to take')
    .addOption(deps.configOption())
    .addOption(severalTimes('--tenant <name>', 'this tenant only'))
    .addOption(severalTimes('--flow <name>', 'this flow only'))
    .option('--json', 'the result as JSON')
    .option('--write <file>', 'write the proposals as YAML to this new file, to be pasted')
    .option('--force', 'let --write replace the file')
    .addOption(new Option('--timeout <duration>', 'for all of it').argParser(aDuration).default(minutes(30), '30m'))
    .addOption(
      new Option('--share <ratio>', 'of the time that a question may be under way').argParser(aShare).default(0.2),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags) => {
      const code = await run(flags, deps)
      deps.settle(code)
      // what hangs is left behind
      deps.exit(code)
    })
}
