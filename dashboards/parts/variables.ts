/** What a reader chooses, the same on every dashboard, so that links can keep it. Pure. */
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { RELATIVE } from '../../src/alerting/render.ts'
import { flowInfo } from '../../src/flow/metrics.ts'
import type { PromQL } from '../../src/metric.ts'
import { promql } from '../../src/metric.ts'
import { serverInfo, tenantInfo } from '../../src/tenants.ts'
import { DATASOURCE } from './grafana.ts'
import { picked } from './query.ts'

const ALL = { selected: true, text: ['All'], value: ['$__all'] }

/** Several or all; all is what has the label at all. */
const choice = (name: string, label: string, values: PromQL): QueryVariableBuilder => {
  const query = `label_values(${values.text}, ${name})`
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: 'PrometheusVariableQueryEditor-VariableQuery', qryType: 1 })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current(ALL)
}

const datasource = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('datasource')
    .label('Data Source')
    .type('prometheus')
    .current({ selected: false, text: 'default', value: 'default' })

/** Where the runbooks are read: their links begin with it. */
const runbooks = (): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder('runbooks')
    .label('Runbooks at')
    .defaultValue(RELATIVE.runbooks)
    .current({ selected: false, text: RELATIVE.runbooks, value: RELATIVE.runbooks })

export const flowChoice = (): QueryVariableBuilder => choice('flow', 'Flow', picked(flowInfo))

type Variable = QueryVariableBuilder | DatasourceVariableBuilder | TextBoxVariableBuilder

export const variables = (...more: readonly QueryVariableBuilder[]): readonly Variable[] => [
  datasource(),
  choice('tenant', 'Tenant', promql`${tenantInfo}`),
  choice('server', 'Server', promql`${serverInfo}`),
  ...more,
  runbooks(),
]
