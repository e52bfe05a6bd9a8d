/** A TCP proxy on loopback that a test can make swallow what passes, or rewrite what the server says. */
import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** Connections open on the client's side. */
  readonly open: () => number
  /** From now on bytes are taken in both directions and go nowhere; new connections are accepted all the same. */
  readonly swallow: () => void
  readonly pass: () => void
  readonly close: () => Promise<void>
}

/** Everything goes to `port` on loopback; `rewrite` may change a chunk of the server's. */
export const startTcpProxy = async (
  port: number,
  rewrite: (chunk: Buffer) => Buffer = (chunk) => chunk,
): Promise<TcpProxy> => {
  const sockets = new Set<Socket>()
  let swallowing = false
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const both = [client, upstream]
    sockets.add(client)
    const end = () => {
      sockets.delete(client)
      for (const socket of both) socket.destroy()
    }
    for (const socket of both) socket.on('error', end).on('close', end)
    client.on('data', (chunk: Buffer) => swallowing || upstream.write(chunk))
    upstream.on('data', (chunk: Buffer) => swallowing || client.write(rewrite(chunk)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    open: () => sockets.size,
    swallow: () => {
      swallowing = true
    },
    pass: () => {
      swallowing = false
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
