/** The command line: what may be asked, and what is answered. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ruleFiles } from '../alert-rules/index.ts'
import { collectors } from '../collectors/index.ts'
import { ownFlowFiles } from './alerting/installation.ts'
import { check } from './check.ts'
import { isListen, LISTEN_ADVICE, LOG_LEVELS } from './config/schema.ts'
import type { Config, LogLevel } from './config.ts'
import { doctor } from './doctor.ts'
import { addGenerate } from './generate.ts'
import { askHealth } from './health_check.ts'
import { addLint } from './lint.ts'
import { secretsBeside } from './secrets.ts'
import { type ExitCode, type Signals, serve } from './serve.ts'
import { composeService } from './service.ts'
import { addSuggest } from './suggest/command.ts'

export interface CliDeps {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signals: Signals
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Ends the process whatever is still open. */
  readonly exit: (code: ExitCode) => void
}

const EXAMPLES = `
Examples:
  $ odoo-pulse check --config /etc/odoo-pulse/odoo-pulse.yaml
  $ odoo-pulse doctor --config /etc/odoo-pulse/odoo-pulse.yaml
  $ odoo-pulse serve --config /etc/odoo-pulse/odoo-pulse.yaml
  $ odoo-pulse suggest --config /etc/odoo-pulse/odoo-pulse.yaml
  $ odoo-pulse generate --config /etc/odoo-pulse/odoo-pulse.yaml --out /etc/odoo-pulse/alerting
  $ odoo-pulse lint --config /etc/odoo-pulse/odoo-pulse.yaml --rules /etc/prometheus/rules
  $ curl http://127.0.0.1:18069/metrics

Exit codes: 0 as asked, 1 it could not run, 2 wrong command line or configuration.`

const SERVE_EXAMPLES = `
Examples:
  $ odoo-pulse serve                                   reads ./odoo-pulse.yaml and ./tenants.d/*.yaml
  $ odoo-pulse serve --listen :18069 --web.config.file web.yaml
  $ kill -HUP PID                                      reads the configuration again; if it is wrong the old one stays`

const CHECK_EXAMPLES = `
Examples:
  $ odoo-pulse check                                   before a reload, on the machine itself
  $ odoo-pulse check --skip-secrets --json             in CI, where no secrets are`

const DOCTOR_EXAMPLES = `
Examples:
  $ odoo-pulse doctor                                  what works, what does not, and what would mend it
  $ odoo-pulse doctor --target acme --target pg-main   these alone
  $ odoo-pulse doctor --json | jq '.findings[] | select(.status != "works")'

Exit codes: 0 all works or is unsupported, 1 something failed, 2 wrong command line or configuration.`

const HEALTH_EXAMPLES = `
Example:
  $ odoo-pulse health --url https://127.0.0.1:18069`

const listenAddress = (text: string): string => {
  if (!isListen(text)) throw new InvalidArgumentError(LISTEN_ADVICE)
  return text
}

const httpUrl = (text: string): URL => {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new InvalidArgumentError('write http(s)://HOST:PORT')
  return new URL(text)
}

interface ServeFlags {
  readonly config: string
  readonly listen?: string
  readonly 'web.config.file'?: string
  readonly 'web.enableLifecycle'?: boolean
  readonly 'log.level'?: LogLevel
}

interface CheckFlags {
  readonly config: string
  readonly json?: boolean
  readonly skipSecrets?: boolean
  readonly 'web.config.file'?: string
}

interface DoctorFlags {
  readonly config: string
  readonly json?: boolean
  readonly target: readonly string[]
}

const configOption = () =>
  new Option('--config <file>', 'configuration; tenants.d/*.yaml beside it is read too').default('odoo-pulse.yaml')

const runServe = (flags: ServeFlags, { version, env, signals, err }: CliDeps): Promise<ExitCode> =>
  serve({
    configFile: flags.config,
    collectors,
    env,
    listen: flags.listen,
    logLevel: flags['log.level'],
    signals,
    complain: (line) => err(`${line}\n`),
    start: composeService({
      version,
      collectors,
      webConfigFile: flags['web.config.file'],
      enableLifecycle: flags['web.enableLifecycle'] ?? false,
    }),
  })

const addServe = (program: Command, deps: CliDeps, settle: (code: ExitCode) => void): void => {
  program
    .command('serve')
    .description('poll what is configured and serve /metrics')
    .addOption(configOption())
    .option('--listen <address>', 'HOST:PORT, [IPv6]:PORT or :PORT, instead of the one configured', listenAddress)
    .option('--web.config.file <file>', "TLS and basic auth, in the form of Prometheus' exporter-toolkit")
    .option('--web.enable-lifecycle', 'allow a reload by POST /-/reload')
    .addOption(new Option('--log.level <level>', 'instead of the one configured').choices(LOG_LEVELS))
    .addHelpText('after', SERVE_EXAMPLES)
    .action(async (flags: ServeFlags) => {
      const code = await runServe(flags, deps)
      settle(code)
      deps.exit(code)
    })
}

const addCheck = (program: Command, deps: CliDeps, settle: (code: ExitCode) => void): void => {
  program
    .command('check')
    .description('check the configuration, offline; every problem at once')
    .addOption(configOption())
    .option('--json', 'the result as JSON')
    .option('--skip-secrets', 'do not read secret files and variables')
    .option('--web.config.file <file>', 'check this too, with the certificates it names')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(
      async ({ config: file, json = false, skipSecrets = false, 'web.config.file': webConfigFile }: CheckFlags) => {
        const secrets = secretsBeside(file, deps.env)
        const read = skipSecrets ? undefined : secrets
        const result = await check({ file, collectors, json, secrets: read, webConfigFile })
        deps.out(secrets.redact(result.out))
        deps.err(secrets.redact(result.err))
        settle(result.code)
      },
    )
}

const addDoctor = (program: Command, deps: CliDeps, settle: (code: ExitCode) => void): void => {
  program
    .command('doctor')
    .description('ask each target everything once: what works, what is unsupported, what would mend it')
    .addOption(configOption())
    .option('--json', 'the result as JSON')
    .addOption(
      new Option('--target <name>', 'this server or tenant only; may be given several times')
        .argParser((name: string, before: readonly string[]) => [...before, name])
        .default([], 'all'),
    )
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async ({ config: file, json = false, target: targets }: DoctorFlags) => {
      const secrets = secretsBeside(file, deps.env)
      const progress = (line: string) => deps.err(`${line}\n`)
      const { out, err, code } = await doctor({ file, collectors, secrets, json, targets, progress })
      deps.out(secrets.redact(out))
      deps.err(secrets.redact(err))
      settle(code)
      // what hangs is left behind
      deps.exit(code)
    })
}

const addHealth = (program: Command, deps: CliDeps, settle: (code: ExitCode) => void): void => {
  program
    .command('health')
    .description('ask a running service whether it is healthy (for container health checks)')
    .addOption(
      new Option('--url <url>', 'where it listens')
        .argParser(httpUrl)
        .default(new URL('http://127.0.0.1:18069'), 'http://127.0.0.1:18069'),
    )
    .addHelpText('after', HEALTH_EXAMPLES)
    .action(async ({ url }: { readonly url: URL }) => {
      const { healthy, message } = await askHealth(url)
      deps[healthy ? 'out' : 'err'](`${message}\n`)
      settle(healthy ? 0 : 1)
    })
}

const flowFiles = ({ flows, ownFlows }: Config) =>
  ownFlowFiles(
    flows.filter(({ name }) => ownFlows.includes(name)),
    ruleFiles,
  )

/** Runs one command and says with which exit code the process is to end. */
export const run = async (argv: readonly string[], deps: CliDeps): Promise<ExitCode> => {
  let code: ExitCode = 0
  const settle = (settled: ExitCode) => {
    code = settled
  }
  const program = new Command('odoo-pulse')
    .description('Observability exporter and business-aware alerting for Odoo estates.')
    .version(deps.version)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: deps.out, writeErr: deps.err })
    .showHelpAfterError('(--help says what there is)')
  addServe(program, deps, settle)
  addCheck(program, deps, settle)
  addDoctor(program, deps, settle)
  addSuggest(program, { ...deps, collectors, configOption, settle })
  const alerting = { ...deps, collectors, ruleFiles, flowFiles, configOption, settle }
  addGenerate(program, alerting)
  addLint(program, alerting)
  addHealth(program, deps, settle)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
}
