/** The command line of the demo. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { parseDuration } from '../src/config/duration.ts'
import type { Duration } from '../src/metric.ts'
import { FAULTS, type FaultName, faultNamed } from './faults.ts'

export interface Address {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface DemoOptions {
  /** How long to stay; undefined: until Ctrl-C. */
  readonly for: Duration | undefined
  readonly listen: Address
  readonly faults: readonly FaultName[]
  /** How many seconds of business go by in one. */
  readonly speed: number
  /** Whether lacking Debian packages may be installed. */
  readonly install: boolean
}

/** Either what to do, or (help, a usage error) the code to exit with and the text to say. */
export type Arguments =
  | { readonly options: DemoOptions }
  | { readonly options?: undefined; readonly exitCode: 0 | 2; readonly text: string }

const SPEED = 60
const LISTEN: Address = { host: '127.0.0.1', port: 18_069 }

const duration = (text: string): Duration => {
  const parsed = parseDuration(text)
  if (parsed === undefined || parsed === 0) throw new InvalidArgumentError('Write a duration such as 60s, 5m or 1h30m.')
  // What a timer of Node can hold.
  if (parsed > 2 ** 31 - 1) throw new InvalidArgumentError('At most 24d.')
  return parsed
}

const address = (text: string): Address => {
  const [, host, port] = /^(127\.0\.0\.1|localhost):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError(
      'Write 127.0.0.1:PORT; the demo serves on loopback only, and port 0 is any free one.',
    )
  }
  return { host: '127.0.0.1', port: Number(port) }
}

const speed = (text: string): number => {
  const factor = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (factor < 1 || factor > 600) throw new InvalidArgumentError('Write a number from 1 (the wall clock) to 600.')
  return factor
}

const faults = (text: string, before: readonly FaultName[] = []): readonly FaultName[] => {
  try {
    return [...new Set([...before, ...text.split(',').map((name) => faultNamed(name.trim()))])]
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

const LISTED = Object.entries(FAULTS)
  .map(([name, { title }]) => `  ${name.padEnd(22)} ${title}`)
  .join('\n')

/** Pure: reads `argv` (without node and script), prints nothing. */
export const parseArguments = (argv: readonly string[]): Arguments => {
  let text = ''
  const write = (part: string) => {
    text += part
  }
  const command = new Command('npm run demo --')
    .description(
      'Starts an estate (PostgreSQL with a standby, Redis, an ingress, two Odoos and their business day), Odoo Pulse watching it, Prometheus and Alertmanager.',
    )
    .option('--for <duration>', 'end by itself after this long, 60s say; else at Ctrl-C', duration)
    .option('--listen <address>', `where Odoo Pulse serves; else ${LISTEN.host}:${LISTEN.port}`, address)
    .option('--speed <factor>', `how fast the business day goes, 1: by the wall clock; else ${SPEED}`, speed)
    .option('--fault <names>', 'start with faults, by commas', faults)
    .option('--no-install', 'install no Debian packages, only say how')
    .allowExcessArguments(false)
    .addHelpText('after', `\nFaults, also switched while the demo runs:\n${LISTED}`)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
  try {
    const given = command
      .parse([...argv], { from: 'user' })
      .opts<{ for?: Duration; listen?: Address; fault?: readonly FaultName[]; speed?: number; install: boolean }>()
    const { listen = LISTEN, fault = [], speed = SPEED, install } = given
    return { options: { for: given.for, listen, faults: fault, speed, install } }
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, text }
    throw error
  }
}
