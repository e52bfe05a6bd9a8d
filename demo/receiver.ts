/** A webhook receiver: what stands in for a pager. Keeps the notifications it received in memory. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import { z } from 'zod'

const labels = z.record(z.string(), z.string())

/** What Alertmanager posts to a webhook: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const notification = z.object({
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupLabels: labels,
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels,
      annotations: labels,
      startsAt: z.string(),
      endsAt: z.string(),
    }),
  ),
})

export type Notification = z.output<typeof notification>
export type Alert = Notification['alerts'][number]

export interface Receiver {
  readonly url: string
  /** Where Alertmanager posts. */
  readonly webhook: string
  /** The last 1,000 received, oldest first. */
  readonly notifications: () => readonly Notification[]
  readonly stop: () => Promise<void>
}

const KEPT = 1000
const WATCHDOG = 'OdooPulseWatchdog'
const UNSAID = new Set(['alertname', 'instance', 'job'])

/** One line for people: `FIRING OdooPostgresStandbyCutOff (server=standby, severity=page) to office: …` */
export const describeAlert = ({ status, labels, annotations }: Alert, receiver: string): string => {
  const told = Object.entries(labels).filter(([name]) => !UNSAID.has(name))
  const where = told.length > 0 ? ` (${told.map(([name, value]) => `${name}=${value}`).join(', ')})` : ''
  const summary = annotations.summary ?? annotations.description
  return `${status.toUpperCase()} ${labels.alertname ?? 'unnamed alert'}${where} to ${receiver}${summary === undefined ? '' : `: ${summary}`}`
}

/** Listens on a free loopback port; `say` gets a line for each alert of a notification. */
export const startReceiver = async (say: (line: string) => void): Promise<Receiver> => {
  const received: Notification[] = []
  const app = express().disable('x-powered-by')
  app.post('/notifications', express.json({ limit: '1mb' }), (request, response) => {
    const parsed = notification.safeParse(request.body)
    if (!parsed.success) {
      response.status(400).json({ error: z.prettifyError(parsed.error) })
      return
    }
    received.push(parsed.data)
    if (received.length > KEPT) received.shift()
    // What is told only so that its silence is heard needs no line.
    const told = parsed.data.alerts.filter(({ labels }) => labels.alertname !== WATCHDOG)
    for (const alert of told) say(describeAlert(alert, parsed.data.receiver))
    response.status(204).end()
  })
  app.get('/', (_, response) => {
    response.json(received)
  })
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    webhook: `${url}/notifications`,
    notifications: () => [...received],
    stop: async () => {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}
