/** A server on loopback that says over TCP exactly what a test tells it to. */
import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Called with the socket once the head of a request has come. */
export const startRawServer = async (answer: (socket: Socket, request: string) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    let request = ''
    socket.on('data', (chunk) => {
      const isHead = !request.includes('\r\n\r\n')
      request += chunk.toString()
      if (isHead && request.includes('\r\n\r\n')) answer(socket, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

/** A whole HTTP/1.0 reply, as a preforked Odoo writes it: its length given, then closed. */
export const reply = (status: number, type: string, body: string | Buffer, headers: readonly string[] = []): Buffer => {
  const bytes = Buffer.from(body)
  const head = [
    `HTTP/1.0 ${status} Whatever`,
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    ...headers,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n')), bytes])
}
