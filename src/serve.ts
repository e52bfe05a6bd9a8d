/** The life of the service: load, start, reload, drain, end. What it consists of is given as `start`. */
import type { AnyCollector } from './collector.ts'
import { type Config, formatProblem, type LogLevel, loadConfig } from './config.ts'
import { createLogger, type Logger, type LoggerOptions } from './log.ts'
import { type Duration, seconds } from './metric.ts'
import type { Secrets } from './secret.ts'
import { secretsBeside } from './secrets.ts'

/** 0 ended as asked; 1 could not run; 2 the configuration is at fault. */
export type ExitCode = 0 | 1 | 2

export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] }

/** What runs: polling and serving, as composed by `start`. */
export interface Service {
  /** Puts a new configuration in force: all of it or, throwing, nothing. */
  readonly apply: (config: Config) => Promise<void>
  /** Told of every configuration read, the first as well. */
  readonly configRead: (usable: boolean) => void
  /** Answers running requests for at most so long, then ends everything. */
  readonly stop: (grace: Duration) => Promise<void>
}

export interface ServiceContext {
  readonly log: Logger
  readonly secrets: Secrets
  /** Reads the configuration anew, as SIGHUP does; it never throws. */
  readonly reload: () => Promise<ReloadResult>
}

export type StartService = (config: Config, context: ServiceContext) => Promise<Service>

export interface ServeOptions {
  readonly configFile: string
  readonly collectors: readonly AnyCollector[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Given on the command line, it goes before the file's, on reloads too. */
  readonly listen?: string | undefined
  readonly logLevel?: LogLevel | undefined
  readonly signals: Signals
  /** Default: stderr. */
  readonly logTo?: LoggerOptions['destination']
  /** For people at a terminal: a configuration that keeps the service from starting. */
  readonly complain: (line: string) => void
  readonly start: StartService
}

/** The part of `process` that is listened to. */
export interface Signals {
  readonly on: (event: string, listener: (detail: unknown) => void) => unknown
  readonly off: (event: string, listener: (detail: unknown) => void) => unknown
}

/** Requests may finish for so long; together with what follows it stays below 5 s. */
const GRACE = seconds(3)
const DRAIN_DEADLINE = seconds(4.5)

/** One run at a time; who asks meanwhile gets the one run that begins afterwards. */
export const oneAtATime = <T>(run: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const begin = (): Promise<T> => {
    next = undefined
    const current = run().finally(() => {
      if (running === current) running = undefined
    })
    running = current
    return current
  }
  return () => {
    if (running === undefined) return begin()
    next ??= running.then(begin, begin)
    return next
  }
}

/** What the command line and OpenTelemetry's own variable add. */
const withFlags = (config: Config, { listen, logLevel, env }: ServeOptions): Config => ({
  ...config,
  listen: listen ?? config.listen,
  logging: { level: logLevel ?? config.logging.level },
  telemetry: { otlpEndpoint: config.telemetry.otlpEndpoint ?? env.OTEL_EXPORTER_OTLP_ENDPOINT },
})

const summary = (config: Config) => ({ servers: config.servers.length, tenants: config.tenants.length })

/** Settings that are read at the start only, and have changed since. */
const needRestart = (started: Config, now: Config): readonly string[] => [
  ...(started.listen === now.listen ? [] : ['listen']),
  ...(started.telemetry.otlpEndpoint === now.telemetry.otlpEndpoint ? [] : ['telemetry.otlp_endpoint']),
]

interface Running {
  readonly service: Service
  readonly config: Config
}

interface Reloading {
  readonly options: ServeOptions
  readonly secrets: Secrets
  readonly log: Logger
  /** As started; undefined until then. */
  readonly running: () => Running | undefined
}

/** Whole or not at all: on any problem everything stays as it was. */
const reloadOnce = async ({ options, secrets, log, running: current }: Reloading): Promise<ReloadResult> => {
  const running = current()
  const refuse = (problems: readonly string[]): ReloadResult => {
    for (const problem of problems) log.error({ problem }, 'the new configuration is not usable; the old one stays')
    running?.service.configRead(false)
    return { ok: false, problems }
  }
  if (running === undefined) return refuse(['the service is still starting'])
  try {
    const loaded = await loadConfig({ file: options.configFile, collectors: options.collectors, secrets })
    if (!loaded.ok) return refuse(loaded.problems.map(formatProblem))
    const config = withFlags(loaded.config, options)
    await running.service.apply(config)
    log.level = config.logging.level
    running.service.configRead(true)
    for (const setting of needRestart(running.config, config))
      log.warn({ setting }, 'changed, but read at the start only: restart')
    log.info(summary(config), 'the new configuration is in force')
    return { ok: true }
  } catch (error) {
    log.error({ err: error }, 'reload failed')
    return refuse([error instanceof Error ? error.message : 'reload failed'])
  }
}

/** Resolves with the first of what ends the service; from the second signal on nothing is waited for. */
const untilEnd = (signals: Signals, log: Logger, reload: () => Promise<ReloadResult>) => {
  const ended = Promise.withResolvers<ExitCode>()
  const atOnce = Promise.withResolvers<ExitCode>()
  let asked = false
  const end = (signal: string) => () => {
    log.info({ signal }, asked ? 'ending at once' : 'ending')
    if (asked) atOnce.resolve(1)
    asked = true
    ended.resolve(0)
  }
  const listeners: readonly (readonly [string, (detail: unknown) => void])[] = [
    ['SIGTERM', end('SIGTERM')],
    ['SIGINT', end('SIGINT')],
    ['SIGHUP', () => void reload()],
    // A promise nobody waits for leaves the rest sound; after an uncaught exception nothing is certain.
    ['unhandledRejection', (err) => log.error({ err }, 'unexpected rejection')],
    [
      'uncaughtException',
      (err) => {
        log.fatal({ err }, 'unexpected error')
        ended.resolve(1)
        atOnce.resolve(1)
      },
    ],
  ]
  for (const [event, listener] of listeners) signals.on(event, listener)
  const release = () => {
    for (const [event, listener] of listeners) signals.off(event, listener)
  }
  return { ended: ended.promise, atOnce: atOnce.promise, release }
}

const drain = async (stop: Promise<void>, atOnce: Promise<ExitCode>, log: Logger): Promise<ExitCode> => {
  const late = Promise.withResolvers<ExitCode>()
  const timer = setTimeout(() => late.resolve(1), DRAIN_DEADLINE)
  const stopped = stop.then(
    (): ExitCode => 0,
    (err: unknown): ExitCode => {
      log.error({ err }, 'did not end cleanly')
      return 1
    },
  )
  const code = await Promise.race([stopped, atOnce, late.promise])
  clearTimeout(timer)
  return code
}

/** Runs until told to end, and says with which exit code the process is to end. Never throws. */
export const serve = async (options: ServeOptions): Promise<ExitCode> => {
  const { configFile, collectors, env, logLevel = 'info', logTo } = options
  const secrets = secretsBeside(configFile, env)
  const log = createLogger({ level: logLevel, redact: secrets.redact, destination: logTo })
  let running: Running | undefined
  const reload = oneAtATime(() => reloadOnce({ options, secrets, log, running: () => running }))
  const { ended, atOnce, release } = untilEnd(options.signals, log, reload)
  const loaded = await loadConfig({ file: configFile, collectors, secrets })
  if (!loaded.ok) {
    for (const problem of loaded.problems) options.complain(secrets.redact(formatProblem(problem)))
    release()
    return 2
  }
  const config = withFlags(loaded.config, options)
  log.level = config.logging.level
  const starting = options.start(config, { log, secrets, reload }).then((service) => {
    running = { service, config }
    service.configRead(true)
    log.info({ config: configFile, ...summary(config) }, 'started')
  })
  const failed = starting.then(
    () => ended,
    (err: unknown): ExitCode => {
      log.fatal({ err }, 'could not start')
      return 1
    },
  )
  const code = await Promise.race([ended, failed])
  const stop = starting.then(
    () => running?.service.stop(GRACE),
    () => undefined,
  )
  const drained = await drain(stop, atOnce, log)
  release()
  log.info('ended')
  return code || drained
}
