/** What the configuration says of tenants, as series that others join: descriptors and samples. */
import type { Config } from './config.ts'
import { metric, type Sample, sample } from './metric.ts'

export const tenantInfo = metric({
  name: 'odoo_tenant_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: the tier and the machine group of each configured tenant.',
  labels: ['tenant', 'tier', 'db_cluster'],
  maxSeries: 1,
})

export const tenantDatabaseInfo = metric({
  name: 'odoo_tenant_database_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: each database of each configured tenant, on every server that is said to hold it.',
  labels: ['tenant', 'server', 'datname', 'db_cluster'],
  maxSeries: 50,
})

export const serverInfo = metric({
  name: 'odoo_server_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: the machine group of each configured server.',
  labels: ['server', 'db_cluster'],
  maxSeries: 1,
})

export const tenantMetrics = [tenantInfo, tenantDatabaseInfo, serverInfo] as const

/** The db_cluster of a database is its server's, that of a tenant its own. */
export const tenantSamples = ({ servers, tenants }: Config): readonly Sample[] => {
  const clusters = new Map(servers.map(({ name, dbCluster }) => [name, dbCluster]))
  return [
    ...servers.flatMap(({ name, dbCluster }) => sample(serverInfo, { server: name, db_cluster: dbCluster }, 1)),
    ...tenants.flatMap(({ name: tenant, tier, dbCluster, databases }) => [
      ...sample(tenantInfo, { tenant, tier, db_cluster: dbCluster }, 1),
      ...databases.flatMap(({ server, datname }) =>
        sample(tenantDatabaseInfo, { tenant, server, datname, db_cluster: clusters.get(server) ?? server }, 1),
      ),
    ]),
  ]
}
