/** What is asked of PostgreSQL and Redis on several dashboards. Pure. */
import { tenantServer } from '../../alert-rules/recordings.ts'
import {
  pgConnectionsUsed,
  pgSettingsMaxConnections,
  pgSettingsReserved,
  pgSettingsSuperuserReserved,
} from '../../collectors/postgres/connections.ts'
import { pgStatDatabaseTime } from '../../collectors/postgres/database.ts'
import { pgDatabaseSize } from '../../collectors/postgres/sizes.ts'
import { redisMemoryMax, redisMemoryUsed } from '../../collectors/redis/memory.ts'
import { type PromQL, promql } from '../../src/metric.ts'
import { tenantDatabaseInfo } from '../../src/tenants.ts'
import { changeIn, each, highestIn, most, perSecond, total } from './query.ts'

/** `expr` by server and database, with the tenant whose it is; what belongs to none is left out. */
export const withTenant = (expr: PromQL): PromQL =>
  promql`(${expr}) * on (server, datname) group_left (tenant) topk by (server, datname) (${1}, ${most(tenantDatabaseInfo, ['server', 'datname', 'tenant'])})`

/** Of several servers that hold it the largest. */
export const sizeOfTenant = promql`max by (tenant) (${withTenant(each(pgDatabaseSize))})`
/** The largest within each step of a graph: of one whose steps are long. */
export const sizeOfTenantWithin = promql`max by (tenant) (${withTenant(highestIn('$__interval', pgDatabaseSize))})`

/** Within a day. */
export const growthOfTenant = promql`max by (tenant) (${withTenant(changeIn('1d', pgDatabaseSize))})`

const largest = most(pgSettingsMaxConnections, ['server'])
/** Before PostgreSQL 16 there is no such setting, and so no such series. */
const reserved = promql`(${most(pgSettingsReserved, ['server'])} or ${0} * ${largest})`
/** Of those open to ordinary roles. */
export const connectionsShare = promql`${total(pgConnectionsUsed, ['server'])} / on (server) (${largest} - on (server) ${most(pgSettingsSuperuserReserved, ['server'])} - on (server) ${reserved} > ${0})`

export const redisMemoryShare = promql`${most(redisMemoryUsed, ['server'])} / on (server) (${most(redisMemoryMax, ['server'])} > ${0})`

/** Sessions that execute, on average, by server and database. */
export const busy = perSecond(pgStatDatabaseTime.active_time, ['server', 'datname'])

/** Of `expr` by server: the servers that the tenants chosen hang on. */
export const ofTheirServers = (expr: PromQL): PromQL =>
  promql`${expr} and on (server) ${most(tenantServer, ['server'], { server: undefined })}`
