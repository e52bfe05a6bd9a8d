/** The settings of one Redis (or Valkey) server: `servers.<name>.redis` in the configuration. */
import { z } from 'zod'
import { secretRef } from '../../src/secret.ts'

const name = z.string().min(1)
const port = z.int().min(1).max(65535)
const db = z.int().min(0).max(9999).default(0).meta({ description: 'Number of the logical database.' })
const user = name.optional()

/** Names asked for one by one: each is a command or two a round. */
const MOST_KEYS = 50
const MOST_STORES = 50

const sentinel = z
  .strictObject({
    master: name.meta({ description: 'The name the Sentinels know the master by (sentinel monitor NAME …).' }),
    sentinels: z
      .array(z.strictObject({ host: name, port: port.default(26379) }))
      .min(1)
      .max(9)
      .meta({ description: 'Asked in this order until one knows the master.' }),
    user: user.meta({ description: "The Sentinels' own user, where they have one." }),
    password: secretRef.optional(),
  })
  .meta({ description: 'Finds the master through Sentinel at every connect, so that a failover is followed.' })

const tls = z
  .strictObject({
    ca: secretRef.optional().meta({ description: "Authorities, in PEM; without them the system's are trusted." }),
    cert: secretRef.optional().meta({ description: 'Client certificate, in PEM.' }),
    key: secretRef.optional().meta({ description: "The client certificate's key, in PEM." }),
    verify: z.enum(['full', 'ca', 'none']).default('full').meta({
      description: 'full: authority and host name; ca: the authority only; none: nobody knows whom it talks to.',
    }),
  })
  .refine((t) => (t.cert === undefined) === (t.key === undefined), {
    error: 'cert and key belong together: give both or neither',
  })
  .meta({ description: 'TLS, to Redis and to the Sentinels; {} for the defaults.' })

const store = z.strictObject({
  prefix: name.default('session:').meta({ description: "What the session store's keys begin with." }),
  db,
  tenant: name.optional().meta({ description: 'Whose sessions these are; leave out where tenants share the store.' }),
})

const isUnique = (items: readonly unknown[]): boolean =>
  new Set(items.map((i) => JSON.stringify(i))).size === items.length

export const config = z
  .strictObject({
    host: name.optional().meta({
      description:
        'Host name or address; a path beginning with / is a Unix socket. Each node of a cluster is a server of its own.',
    }),
    port: port.default(6379).meta({ description: 'Its port, or tls-port where tls is given.' }),
    sentinel: sentinel.optional(),
    user: user.meta({ description: 'An ACL user as in deploy/redis/odoo_pulse.acl; default: the default user.' }),
    password: secretRef.optional(),
    tls: tls.optional(),
    only: z.enum(['all', 'new']).default('all').meta({
      description: 'new: leave out what an existing redis_exporter already gives (the metrics whose names are its).',
    }),
    keys: z
      .array(
        z.strictObject({
          key: name,
          db,
          memory: z.boolean().default(false).meta({ description: 'Ask MEMORY USAGE of it too.' }),
        }),
      )
      .max(MOST_KEYS)
      .default([])
      .meta({ description: 'Keys whose length is reported, by their full names.' }),
    streams: z
      .array(z.strictObject({ key: name, db }))
      .max(MOST_KEYS)
      .default([])
      .meta({ description: 'Streams whose length and consumer groups are reported, by their full names.' }),
    sessions: z
      .array(store)
      .max(MOST_STORES)
      .default([])
      .meta({ description: "Odoo's session stores, counted by SCAN." }),
    scan_limit: z.int().min(1000).max(2_000_000).default(200_000).meta({
      description: 'A database with more keys than this is not scanned.',
    }),
  })
  .refine((c) => (c.host === undefined) !== (c.sentinel === undefined), {
    error: 'give host, or sentinel: one of the two',
  })
  .refine((c) => [c.keys.map((k) => [k.db, k.key]), c.streams, c.sessions].every(isUnique), {
    error: 'the same key, stream or session store is given twice',
  })
  .refine((c) => c.user === undefined || c.password !== undefined, { error: 'a user needs its password' })
  .meta({ id: 'Redis', description: 'How to reach one Redis or Valkey server, and what to ask of it.' })

export type RedisConfig = z.infer<typeof config>
export type SessionStore = RedisConfig['sessions'][number]
