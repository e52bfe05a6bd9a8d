/** The settings of one Odoo's database, read directly: `tenants.<name>.odoo_sql` in the configuration. */
import { z } from 'zod'
import { address, isWholeCertificate, type PostgresConfig, security, WHOLE_CERTIFICATE } from '../postgres/config.ts'

const name = z.string().min(1)

export const config = z
  .strictObject({
    ...address,
    host: name.meta({
      description:
        'Host name or address, best of a standby, where reading takes nothing from Odoo; a path beginning with / is the ' +
        'directory of a Unix socket.',
    }),
    user: name.meta({
      description: 'A role that may SELECT what the flows read, and nothing more: deploy/postgres/flows.sql.',
    }),
    dbname: name.meta({ description: "Odoo's database; never guessed." }),
    ...security,
  })
  .refine(isWholeCertificate, WHOLE_CERTIFICATE)
  .meta({
    id: 'OdooSql',
    description:
      "How to reach an Odoo's database, or its standby's, for the business flows: all companies, no worker of Odoo's.",
  })

export type OdooSqlConfig = z.infer<typeof config>

export const asPostgres = (settings: OdooSqlConfig): PostgresConfig => ({ ...settings, only: 'all' })
