/** Asks a running service whether it is healthy, for the health checks of containers. */
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { seconds } from './metric.ts'

const TIMEOUT = seconds(4)

export interface HealthAnswer {
  readonly healthy: boolean
  readonly message: string
}

/** `url`: where it listens. Never throws; answers within 4 s. */
export const askHealth = (url: URL): Promise<HealthAnswer> =>
  new Promise((resolve) => {
    const address = new URL('/-/healthy', url)
    const signal = AbortSignal.timeout(TIMEOUT)
    const answered = (status: number | undefined) =>
      resolve(
        status === 200
          ? { healthy: true, message: 'healthy' }
          : { healthy: false, message: `${address.origin} answers ${status}` },
      )
    const failed = (error: Error) => {
      const why = signal.aborted ? `no answer within ${TIMEOUT / 1000} s` : error.message
      resolve({ healthy: false, message: `${address.origin}: ${why}` })
    }
    const request =
      address.protocol === 'https:'
        ? // The question is whether it lives, from beside it: its certificate names it to others.
          getHttps(address, { signal, agent: false, rejectUnauthorized: false })
        : getHttp(address, { signal, agent: false })
    request.once('error', failed).once('response', (response) => {
      response.resume()
      answered(response.statusCode)
    })
  })
