/** The log: JSON lines on stderr, with trace ids, and no secret in any of them. */
import { isSpanContextValid, trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import type { LogLevel } from './config/schema.ts'
import { REDACTED } from './redact.ts'

export type { Logger } from 'pino'

export interface LoggerOptions {
  readonly level: LogLevel
  readonly redact: (text: string) => string
  /** Default: stderr. */
  readonly destination?: DestinationStream | undefined
}

const MAX_DEPTH = 6
const MAX_ENTRIES = 100

/** What an error may show. Its other members may hold connection parameters (pg, node:net) or a row's content (pg's `detail`). */
const plainError = (error: Error, depth: number): unknown => ({
  type: error.name,
  message: error.message,
  ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
    ? { code: error.code }
    : {}),
  ...('reason' in error && typeof error.reason === 'string' ? { reason: error.reason } : {}),
  stack: error.stack,
  ...(error.cause === undefined ? {} : { cause: plain(error.cause, depth + 1) }),
  ...(error instanceof AggregateError ? { errors: plain(error.errors, depth + 1) } : {}),
})

/** Any value as plain data, bounded; bytes are not shown. */
const plain = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) return '[deeper]'
  if (value instanceof Error) return plainError(value, depth)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Date || value instanceof URL) return value.toJSON()
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => plain(item, depth + 1))
  try {
    const entries = Object.entries(value).slice(0, MAX_ENTRIES)
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, depth + 1)]))
  } catch {
    return '[unreadable]' // a getter threw
  }
}

/** Redacts strings and keys; a number whose digits are a secret becomes text, so that the line stays JSON. */
const redactWithin = (value: unknown, redact: (text: string) => string): unknown => {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'number') return redact(String(value)) === String(value) ? value : REDACTED
  if (Array.isArray(value)) return value.map((item) => redactWithin(item, redact))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redactWithin(item, redact)]))
}

/** One log line without secrets: still JSON, unless it was none. */
export const redactLine = (line: string, redact: (text: string) => string): string => {
  const redacted = redact(line)
  if (redacted === line) return line
  try {
    return `${JSON.stringify(redactWithin(JSON.parse(line), redact))}\n`
  } catch {
    return redacted
  }
}

const activeTrace = (): object => {
  const context = trace.getActiveSpan()?.spanContext()
  return context && isSpanContextValid(context) ? { trace_id: context.traceId, span_id: context.spanId } : {}
}

/**
 * Not waiting for the reader of stderr: what it has not taken is kept, at most 1 MiB, and written at exit.
 * pino itself writes out the rest when the process exits, also by `process.exit`.
 */
const stderr = (): DestinationStream => pino.destination({ dest: 2, sync: false, minLength: 0, maxLength: 1024 * 1024 })

export const createLogger = ({ level, redact, destination = stderr() }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      mixin: activeTrace,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value)])),
      },
      // The default would copy every member of an error.
      serializers: { err: (value: unknown) => plain(value) },
      hooks: { streamWrite: (line) => redactLine(line, redact) },
    },
    destination,
  )
