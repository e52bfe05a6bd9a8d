/** Switching faults while the demo runs: `POST /faults/NAME` starts one, `DELETE` heals it, `GET /faults` lists them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import express, { type NextFunction, type Request, type Response } from 'express'
import { FAULTS, type FaultName, type FaultSwitch, faultNamed } from './faults.ts'

export interface Control {
  readonly url: string
  readonly stop: () => Promise<void>
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// A page in a browser may post to loopback, or reach it under a name of its own: neither is a person's curl.
const onlyLocal = (request: Request, response: Response, next: NextFunction): void => {
  const local = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')
  if (local && request.headers.origin === undefined) next()
  else response.status(403).json({ error: 'only from this machine, and not from a web page' })
}

/** Listens on a free loopback port. */
export const startControl = async (faults: FaultSwitch, say: (line: string) => void): Promise<Control> => {
  const app = express().disable('x-powered-by')
  const list = () =>
    Object.entries(FAULTS).map(([name, { title }]) => ({
      name,
      title,
      active: faults.active().some((active) => active === name),
    }))
  const change =
    (what: string, act: (name: FaultName) => Promise<void>) =>
    async ({ params }: Request<{ name: string }>, response: Response): Promise<void> => {
      let name: FaultName
      try {
        name = faultNamed(params.name)
      } catch (error) {
        response.status(404).json({ error: message(error) })
        return
      }
      try {
        await act(name)
        say(`${what} ${name}: ${FAULTS[name].title}`)
        response.json(list())
      } catch (error) {
        response.status(500).json({ error: message(error) })
      }
    }
  app.use(onlyLocal)
  app.get(['/', '/faults'], (_, response) => {
    response.json(list())
  })
  app.post('/faults/:name', change('fault started,', faults.start))
  app.delete('/faults/:name', change('fault healed,', faults.heal))
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`,
    stop: async () => {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}
