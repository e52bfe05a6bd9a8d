/** Where a value in a table leads; time and the source of data go along. Pure. */
import { PREFIX } from './dashboard.ts'
import { variable } from './panel.ts'

const KEPT = `${variable('datasource:queryparam')}&${variable('__url_time_range')}`
const value = (column: string): string => variable(`__data.fields["${column}"]`)

/** To a tenant's dashboard; `column` is the title of the one with its name. */
export const tenantLink = (column: string) => ({
  title: 'This tenant',
  url: `/d/${PREFIX}tenant?${KEPT}&var-tenant=${value(column)}`,
})
/** To its flows, one of them chosen. */
export const flowLink = (tenant: string, flow: string) => ({
  title: 'This flow',
  url: `/d/${PREFIX}flows?${KEPT}&var-tenant=${value(tenant)}&var-flow=${value(flow)}`,
})
export const serverLink = (column: string) => ({
  title: 'This server',
  url: `/d/${PREFIX}databases?${KEPT}&var-server=${value(column)}`,
})
export const alertLink = (column: string) => ({ title: 'Runbook', url: `${variable('runbooks')}${value(column)}.md` })
