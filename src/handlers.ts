/** What each path answers. */
import type { Request, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { Page } from './exposition.ts'
import { FLOWS } from './flow/follow/publish.ts'
import type { FlowsDeps } from './flow_handlers.ts'
import { landingPage } from './landing.ts'
import { type Duration, seconds } from './metric.ts'
import { PAGE_CSP } from './page.ts'
import type { TargetState } from './poll.ts'

export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] }

export interface ServerDeps {
  /** `host:port`, `[::1]:port`; port 0 for any free one. */
  readonly listen: string
  /** Prometheus text 0.0.4 without the named collectors; never waits for a monitored system. */
  readonly page: (exclude: readonly string[]) => Promise<Page>
  /** The page of one target by one collector. When the signal aborts, whatever is known by then. */
  readonly probe: (
    target: string,
    collector: string,
    signal: AbortSignal,
  ) => Promise<Page | 'unknown_target' | 'unknown_collector'>
  readonly states: () => readonly TargetState[]
  /** Absent: none are followed. */
  readonly flows?: FlowsDeps | undefined
  /** Whether the first round is done. */
  readonly ready: () => boolean
  /** Absent: not allowed over HTTP. */
  readonly reload?: (() => Promise<ReloadResult>) | undefined
  readonly webConfigFile?: string | undefined
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
  readonly redact: (text: string) => string
  readonly version: string
  /** Told of every request once it is over; 499: the client left before the answer. */
  readonly onServed?: ((handler: string, code: number, seconds: number) => void) | undefined
}

const TEXT_0_0_4 = 'text/plain; version=0.0.4; charset=utf-8'
/** A name of a collector is its folder's. */
const COLLECTOR = /^[a-z][a-z0-9_]{0,63}$/
/** What a Prometheus without a timeout header would wait. */
const DEFAULT_SCRAPE_TIMEOUT = seconds(10)
const MAX_SCRAPE_TIMEOUT = seconds(120)
/** For the way back, before the scraper gives up: https://github.com/prometheus/blackbox_exporter does the same. */
const SCRAPE_MARGIN = seconds(0.5)
/** How long after its signal a probe may still answer. */
const AFTER_ABORT = seconds(0.25)

export const say = (response: Response, code: number, text: string): void => {
  response.status(code).type('text/plain').send(`${text}\n`)
}

const queryOf = (request: Request): URLSearchParams => {
  const at = request.url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1))
}

const sendPage = async (request: Request, response: Response, page: Page): Promise<void> => {
  const wantsGzip = request.acceptsEncodings('gzip', 'identity') === 'gzip'
  const body = wantsGzip ? await page.gzip() : page.text
  response.setHeader('Content-Type', TEXT_0_0_4)
  response.setHeader('Vary', 'Accept-Encoding')
  if (wantsGzip) response.setHeader('Content-Encoding', 'gzip')
  response.setHeader('Content-Length', body.length)
  response.end(request.method === 'HEAD' ? undefined : body)
}

export const metrics =
  ({ page }: ServerDeps): RequestHandler =>
  async (request, response) => {
    const exclude = [...new Set(queryOf(request).getAll('exclude[]'))].sort()
    const odd = exclude.find((name) => !COLLECTOR.test(name))
    if (odd !== undefined) return say(response, 400, `exclude[]: ${JSON.stringify(odd)} is not the name of a collector`)
    await sendPage(request, response, await page(exclude))
  }

/** How long a scraper is ready to wait for us; undefined: the header makes no sense. */
export const timeoutOf = (header: string | undefined): Duration | undefined => {
  const given = header === undefined ? DEFAULT_SCRAPE_TIMEOUT : seconds(Number(header.trim() || Number.NaN))
  if (!(given > 0)) return undefined
  const whole = Math.min(given, MAX_SCRAPE_TIMEOUT)
  return Math.max(whole - SCRAPE_MARGIN, whole / 2)
}

export const probe =
  ({ probe: ask }: ServerDeps): RequestHandler =>
  async (request, response) => {
    const query = queryOf(request)
    const lacking = ['target', 'collector'].find((key) => query.getAll(key).length !== 1 || !query.get(key))
    if (lacking) return say(response, 400, `give '${lacking}' once: /probe?target=NAME&collector=NAME; /sd lists them`)
    const timeout = timeoutOf(request.get('X-Prometheus-Scrape-Timeout-Seconds'))
    if (!timeout) return say(response, 400, 'X-Prometheus-Scrape-Timeout-Seconds is not a number of seconds')
    const stop = new AbortController()
    const late = Promise.withResolvers<'late'>()
    const timers = [
      setTimeout(() => stop.abort(), timeout),
      setTimeout(() => late.resolve('late'), timeout + AFTER_ABORT),
    ]
    response.once('close', () => {
      for (const timer of timers) clearTimeout(timer)
      stop.abort()
      late.resolve('late')
    })
    const asked = ask(query.get('target') ?? '', query.get('collector') ?? '', stop.signal).catch((error: unknown) => {
      if (stop.signal.aborted) return 'late' as const
      throw error
    })
    const answer = await Promise.race([asked, late.promise])
    if (response.destroyed) return
    if (answer === 'late') return say(response, 504, `no answer within the ${timeout / 1000} s the scraper left us`)
    if (answer === 'unknown_target') return say(response, 404, 'no target of that name is configured; /sd lists them')
    if (answer === 'unknown_collector') {
      return say(response, 404, 'the target is not watched by a collector of that name; /sd lists them')
    }
    await sendPage(request, response, answer)
  }

/** The authority of a Host header (RFC 9110, 7.2) as far as it can be a Prometheus target. */
const AUTHORITY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Prometheus HTTP SD: https://prometheus.io/docs/prometheus/latest/http_sd/ */
export const serviceDiscovery =
  ({ states, flows }: ServerDeps, scheme: string): RequestHandler =>
  (request, response) => {
    const authority = request.get('Host') ?? ''
    if (!AUTHORITY.test(authority)) return say(response, 400, 'the Host header is not HOST or HOST:PORT')
    const followed = [...new Set(flows?.reports().map(({ tenant }) => tenant))]
    const sources = [
      ...states().map(({ target }) => ({ target: target.name, collector: target.collector.name })),
      ...followed.map((target) => ({ target, collector: FLOWS })),
    ]
    const groups = sources.map(({ target, collector }) => ({
      targets: [authority],
      labels: {
        __metrics_path__: '/probe',
        __scheme__: scheme,
        __param_target: target,
        __param_collector: collector,
        // two collectors of one target would otherwise share one `up`; a label of our own would clash with the samples'
        instance: `${target}/${collector}`,
      },
    }))
    response.json(groups)
  }

export const reload =
  (deps: ServerDeps): RequestHandler =>
  async (_request, response) => {
    if (!deps.reload)
      return say(response, 403, 'Reloading over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP.')
    const result = await deps.reload()
    if (result.ok) return say(response, 200, 'The configuration was reloaded.')
    const problems = result.problems.map((problem) => deps.redact(problem)).join('\n')
    say(response, 500, `The configuration was not reloaded; the old one stays in force:\n${problems}`)
  }

/** Nothing but what the page holds is let in; an operator's own policy goes before ours. */
export const sendHtml = (response: Response, page: string): void => {
  if (!response.hasHeader('Content-Security-Policy')) response.setHeader('Content-Security-Policy', PAGE_CSP)
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.type('text/html').send(page)
}

export const landing =
  ({ states, flows, version, redact }: ServerDeps): RequestHandler =>
  (_request, response) => {
    const page = landingPage(states(), { version, redact, at: Date.now(), flows: flows?.reports() })
    sendHtml(response, page)
  }
