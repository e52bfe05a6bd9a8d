/** Does the monitoring user see all companies? Where it doesn't, Odoo shows it less, and no error. */
import { probe } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'

export const odooUserCompaniesRatio = metric({
  name: 'odoo_user_companies_ratio',
  type: 'gauge',
  unit: 'ratio',
  help: 'Companies the monitoring user is allowed in, of all there are; below 1 the documents of the others are not seen.',
  labels: ['tenant'],
  maxSeries: 1,
})

export interface UserCompanies {
  readonly company_ids: readonly number[]
  /** Counted by Odoo past all rules (odoo/addons/base/models/res_users.py); a search by the user finds its own only. */
  readonly companies_count: number
}

export const companies = probe({
  name: 'companies',
  metrics: [odooUserCompaniesRatio],
  interval: minutes(5),
  read: (client: OdooClient, signal) =>
    client.searchRead<UserCompanies>(
      'res.users',
      [['id', '=', client.uid]],
      ['company_ids', 'companies_count'],
      { order: 'id', limit: 1 },
      signal,
    ),
  map: (users) =>
    users
      .filter((user) => user.companies_count > 0)
      .flatMap((user) => sample(odooUserCompaniesRatio, {}, user.company_ids.length / user.companies_count)),
})
