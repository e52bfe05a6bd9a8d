/** What is asked of the ingress on several dashboards. Pure. */
import { odooIngressRequests } from '../../collectors/traefik/requests.ts'
import { promql } from '../../src/metric.ts'
import { perSecond } from './query.ts'

const all = perSecond(odooIngressRequests, ['tenant'])
const failed = perSecond(odooIngressRequests, ['tenant'], { code: /5../ })
/** By tenant; absent where nothing was asked, 0 where nothing failed. */
export const errorShare = promql`(${failed} or on (tenant) ${0} * ${all}) / on (tenant) (${all} > ${0})`
