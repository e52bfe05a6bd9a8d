/** The settings of one Traefik: `servers.<name>.traefik` in the configuration. */
import { z } from 'zod'
import { secretRef } from '../../src/secret.ts'

const MIB = 1024 * 1024
const URL_ADVICE = 'write the whole address of its metrics: http(s)://HOST[:PORT]/metrics'

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Names are printable and never blank; `*` stands for any text. */
const pattern = z
  .string({ error: "write a pattern in quotes: Traefik's name, with * for any text" })
  .regex(/^[^\p{Cc}\s]{1,200}$/u, { error: 'a pattern has 1 to 200 printable characters and no blanks' })

const patterns = (description: string) => z.array(pattern).max(100).default([]).meta({ description })

const tenant = z
  .strictObject({
    services: patterns(
      'Services of this tenant, as Traefik names them: `acme@docker`; * stands for any text; without @, of any provider.',
    ),
    routers: patterns(
      'Routers of this tenant, where several share a service; needs addRoutersLabels in Traefik. Given for one tenant, ' +
        'the metrics of routers are read for all, and `services` are held against the service behind each router.',
    ),
  })
  .refine((t) => t.services.length + t.routers.length > 0, {
    error: 'says of no service and no router that it is this tenant’s: give `services` or `routers`',
  })

export const isLoopback = (url: string): boolean => {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
}

export const config = z
  .strictObject({
    url: z
      .string({ error: URL_ADVICE })
      .regex(/^https?:\/\//, { error: URL_ADVICE, abort: true })
      .refine(isHttp, { error: URL_ADVICE, abort: true })
      .refine((url) => !URL.canParse(url) || new URL(url).username === '', {
        error: 'a user name does not stand in the address: give `user` and `password`',
      })
      .meta({ description: 'Where Traefik serves Prometheus metrics, path and all. Redirects are not followed.' }),
    user: z
      .string()
      .regex(/^[^:\p{Cc}]{1,200}$/u, { error: 'a user name has no colon' })
      .optional()
      .meta({ description: 'Of basic authentication in front of the metrics.' }),
    password: secretRef.optional(),
    ca: secretRef.optional().meta({ description: "Authorities, in PEM; without them the system's are trusted." }),
    insecure: z
      .boolean()
      .default(false)
      .meta({ description: 'true: the password may travel in clear to another machine.' }),
    max_bytes: z
      .int()
      .min(64 * 1024)
      .max(256 * MIB)
      .default(32 * MIB)
      .meta({ description: 'A longer reply, once inflated, is refused.' }),
    tenants: z.record(z.string(), tenant).default({}).meta({
      description:
        'Whose services and routers are whose, by names under `tenants`; the first that fits is taken. What fits none is counted under an empty tenant.',
    }),
  })
  .refine((c) => (c.user === undefined) === (c.password === undefined), {
    error: 'user and password belong together: give both or neither',
  })
  .refine((c) => c.password === undefined || c.insecure || !c.url.startsWith('http:') || isLoopback(c.url), {
    error: 'the password would travel in clear: use https, or say `insecure: true`',
    path: ['url'],
  })
  .meta({ id: 'Traefik', description: 'How to reach one Traefik, and which of its services are whose.' })

export type TraefikConfig = z.infer<typeof config>
