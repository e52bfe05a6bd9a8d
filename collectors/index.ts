/** The collectors there are: one line each. */
import type { AnyCollector } from '../src/collector.ts'
import { odoo } from './odoo/index.ts'
import { odooSql } from './odoo_sql/index.ts'
import { postgres } from './postgres/index.ts'
import { redis } from './redis/index.ts'
import { traefik } from './traefik/index.ts'

export const collectors: readonly AnyCollector[] = [odoo, odooSql, postgres, redis, traefik]
