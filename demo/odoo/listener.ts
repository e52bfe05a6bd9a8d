/** One port: each connection carries one request, and can be left hanging, refused or cut. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Answer, Request } from './routes.ts'

export interface Listener {
  /** The same after it was closed and opened. */
  readonly port: () => number
  readonly open: () => Promise<void>
  /** Refuses from now on, and cuts what is under way. */
  readonly close: () => Promise<void>
}

const bodyLimit = 4 * 1024 * 1024

const read = async (message: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of message) {
    const buffer = Buffer.from(part)
    size += buffer.length
    if (size > bodyLimit) throw new Error('The request is too big.')
    parts.push(buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}

const requestOf = async (message: IncomingMessage): Promise<Request> => {
  const url = new URL(message.url ?? '/', 'http://localhost')
  const body = await read(message)
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    search: url.searchParams,
    headers: message.headers,
    body,
  }
}

const send = (reply: ServerResponse, answer: Answer, now: number): void => {
  const body = Buffer.from(answer.body)
  reply.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': answer.promised ?? body.length,
    Connection: 'close',
    Date: new Date(now).toUTCString(),
    ...answer.headers,
  })
  if (answer.promised === undefined) reply.end(body)
  else reply.write(body, () => reply.socket?.end())
}

/** What comes of a request: an answer, or the connection cut without one. */
export type Outcome = Answer | 'reset'

/** `answer` is also told whether anybody still waits; `now` is what the Date header says. */
export const listener = (
  answer: (request: Request, isWanted: () => boolean) => Promise<Outcome>,
  now: () => number,
  onError: (error: unknown) => void,
): Listener => {
  let port = 0
  let server: Server | undefined
  const handle = async (message: IncomingMessage, reply: ServerResponse) => {
    const isWanted = () => !reply.destroyed && message.socket.destroyed !== true
    try {
      const outcome = await answer(await requestOf(message), isWanted)
      if (!isWanted()) return
      if (outcome === 'reset') message.socket.resetAndDestroy()
      else send(reply, outcome, now())
    } catch (error) {
      if (isWanted()) onError(error)
      message.socket.destroy()
    }
  }
  return {
    port: () => port,
    open: async () => {
      if (server) return
      const opened = createServer((message, reply) => void handle(message, reply))
      // Nothing here is ended for being slow: that is for the far side to do.
      opened.requestTimeout = 0
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject)
        opened.listen(port, '127.0.0.1', resolve)
      })
      const address = opened.address()
      if (address !== null && typeof address === 'object') port = address.port
      server = opened
    },
    close: async () => {
      const closing = server
      if (!closing) return
      server = undefined
      await new Promise<void>((resolve) => {
        closing.close(() => resolve())
        closing.closeAllConnections()
      })
    },
  }
}
