/** One HTTP exchange on a connection of its own: bounded in time and size, never redirected, never unpacked. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { CollectError } from '../../src/collector.ts'
import type { Instant } from '../../src/metric.ts'

/** Where to send to: an address of the configuration, and the authorities that vouch for it. */
export interface Endpoint {
  /** Without a slash at its end. */
  readonly url: string
  /** PEM. */
  readonly ca: string | undefined
}

export interface Message {
  readonly method: 'GET' | 'POST'
  /** Beginning with a slash, or empty for the endpoint's address as it is. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Reply {
  readonly status: number
  /** The media type alone, in lower case; empty where none is given. */
  readonly mediaType: string
  /** Of a redirect: scheme and host of where it leads. */
  readonly location: string | undefined
  /** The Date header. */
  readonly date: Instant | undefined
  readonly body: Buffer
}

export type Exchange = (endpoint: Endpoint, message: Message, signal: AbortSignal) => Promise<Reply>

/** 500 records, our largest page, are some tenth of it. */
export const MAX_REPLY = 4 * 1024 * 1024

const ADDRESS_ERRORS = new Map([
  ['ECONNREFUSED', 'connection refused: is Odoo running, and is this its address and port?'],
  ['ECONNRESET', 'the connection was closed without a whole answer: the worker was killed, or a limit reached'],
  ['EPIPE', 'the connection was closed by the other side'],
  ['ENOTFOUND', 'no such host name'],
  ['EAI_AGAIN', 'the name server gave no answer'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ETIMEDOUT', 'no connection in time'],
])

const originOf = (url: string | undefined): string | undefined => URL.parse(url ?? '')?.origin

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

/** An error of the network as one the engine knows. */
const explain = (error: Error, url: string): CollectError => {
  if (error instanceof CollectError) return error
  const at = originOf(url)
  const code = codeOf(error)
  const options = { cause: error }
  const known = ADDRESS_ERRORS.get(code)
  if (known !== undefined) return new CollectError('connect', `${at}: ${known}`, options)
  if (/^(HPE|ERR_HTTP)_/.test(code))
    return new CollectError('decode', `${at} speaks no HTTP: ${error.message}`, options)
  if (/CERT|SIGNATURE|ISSUER|^ERR_(TLS|SSL)|^EPROTO$/.test(code)) {
    return new CollectError('connect', `${at}: TLS: ${error.message.split('\n')[0]}; see ca and the address`, options)
  }
  return new CollectError('connect', `${at}: ${error.message}`, options)
}

const instantOf = (header: string | undefined): Instant | undefined => {
  const at = Date.parse(header ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** The body, or an error past the limit; what is encoded, against our asking, is not unpacked. */
const bodyOf = async (response: IncomingMessage): Promise<Buffer> => {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new CollectError('decode', `the reply is encoded (${encoding}), unasked`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_REPLY) throw new CollectError('decode', `the reply is larger than ${MAX_REPLY / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const replyOf = async (response: IncomingMessage): Promise<Reply> => {
  const { headers, statusCode = 0 } = response
  const isRedirect = statusCode >= 300 && statusCode < 400
  return {
    status: statusCode,
    mediaType: (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    location: isRedirect ? originOf(headers.location) : undefined,
    date: instantOf(headers.date),
    body: isRedirect ? Buffer.alloc(0) : await bodyOf(response),
  }
}

/**
 * Rejects with CollectError, or with the signal's reason when it aborts; the socket is gone then. Any HTTP status is
 * a reply.
 */
export const exchange: Exchange = ({ url, ca }, message, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const options: RequestOptions = {
      method: message.method,
      headers: {
        'user-agent': 'odoo-pulse',
        'accept-encoding': 'identity',
        ...message.headers,
        ...(message.body !== undefined && { 'content-length': Buffer.byteLength(message.body) }),
      },
      // Odoo closes after each answer, so a pool would only keep dead connections.
      agent: false,
      ...(ca !== undefined && { ca }),
    }
    const request: ClientRequest = (url.startsWith('https:') ? httpsRequest : httpRequest)(url + message.path, options)
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort)
      request.destroy()
    }
    const fail = (error: Error): void => {
      reject(signal.aborted ? signal.reason : explain(error, url))
      settle()
    }
    const onAbort = (): void => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    request.on('error', fail)
    request.once('response', (response) => {
      replyOf(response).then((reply) => {
        resolve(reply)
        settle()
      }, fail)
    })
    request.end(message.body)
  })
