/** The settings of one PostgreSQL server: `servers.<name>.postgres` in the configuration. */
import { z } from 'zod'
import { secretRef } from '../../src/secret.ts'

const name = z.string().min(1)

/** Where a PostgreSQL server is, whoever asks what of it. */
export const address = {
  host: name.meta({
    description: 'Host name or address; a path beginning with / is the directory of a Unix socket.',
  }),
  port: z.int().min(1).max(65535).default(5432).meta({ description: "PostgreSQL's own port, not PgBouncer's." }),
} as const

/** How it is known to be the right one, and we to it. */
export const security = {
  password: secretRef.optional(),
  sslmode: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .default('prefer')
    .meta({ description: 'As libpq means it; verify-full is the only one that knows whom it talks to.' }),
  sslrootcert: secretRef
    .optional()
    .meta({ description: "Authorities, in PEM; without them the system's are trusted." }),
  sslcert: secretRef.optional().meta({ description: 'Client certificate, in PEM.' }),
  sslkey: secretRef.optional().meta({ description: "The client certificate's key, in PEM." }),
} as const

/** For `refine`. */
export const isWholeCertificate = (c: { readonly sslcert?: unknown; readonly sslkey?: unknown }): boolean =>
  (c.sslcert === undefined) === (c.sslkey === undefined)
export const WHOLE_CERTIFICATE = { error: 'sslcert and sslkey belong together: give both or neither' } as const

export const config = z
  .strictObject({
    ...address,
    user: name.meta({ description: 'A role with LOGIN and pg_monitor, and nothing more.' }),
    dbname: name.default('postgres').meta({ description: 'Database of the persistent connection.' }),
    ...security,
    only: z.enum(['all', 'new']).default('all').meta({
      description: 'new: leave out what an existing postgres_exporter already gives (the metrics whose names are its).',
    }),
    databases: z.array(name).min(1).optional().meta({
      description: 'Visit only these databases for what is read database by database; default: all.',
    }),
    tables: z.array(name).optional().meta({
      description: 'Odoo tables to report one by one, whatever their size; default: a list of the busiest.',
    }),
  })
  .refine(isWholeCertificate, WHOLE_CERTIFICATE)
  .meta({ id: 'Postgres', description: 'How to reach one PostgreSQL server, and what to ask of it.' })

export type PostgresConfig = z.infer<typeof config>
