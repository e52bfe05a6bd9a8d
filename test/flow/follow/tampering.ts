/** Stands before the stand-in and answers in its place, where told to. */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Given the request's body and the reply Odoo would give; ends the answer itself. */
export type Tamper = (body: string, reply: Buffer, response: ServerResponse) => boolean

export interface Tampering {
  readonly url: string
  readonly tamper: (how: Tamper | undefined) => void
  readonly stop: () => Promise<void>
}

const exchange = (url: string, method: string, headers: IncomingHttpHeaders, body: Buffer) =>
  new Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }>(
    (resolve, reject) => {
      const request = httpRequest(url, { method, headers, agent: false }, (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.once('error', reject)
        reply.once('end', () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
        )
      })
      request.once('error', reject)
      request.end(body)
    },
  )

export const startTampering = async (target: string): Promise<Tampering> => {
  let how: Tamper | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', async () => {
      try {
        const body = Buffer.concat(chunks)
        const reply = await exchange(target + (request.url ?? ''), request.method ?? 'GET', request.headers, body)
        if (how?.(body.toString(), reply.body, response)) return
        response.writeHead(reply.status, reply.headers)
        response.end(reply.body)
      } catch {
        response.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    tamper: (next) => {
      how = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
