/** Whose session is it? */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applicationLabel, type Evidence, roleOf } from '../../../collectors/postgres/sessions.ts'

test.for([
  ['odoo-4711', 'odoo'],
  ['odoo', 'odoo'],
  ['psql', 'psql'],
  ['pgAdmin 4 - CONN:1234567', 'pgadmin'],
  ['DBeaver 24.1.0 - Main <shop>', 'dbeaver'],
  ['odoo-pulse', 'odoo-pulse'],
  ['', ''],
  [null, ''],
  ['some-program-4711', 'other'],
  ['odoo-evil-4711', 'other'],
] as const)('%s is %s', ([name, label]) => {
  expect(applicationLabel(name)).toBe(label)
})

test('however many names there are, the labels are few', () => {
  const labels = new Set<string>()
  const pieces = ['odoo', 'psql', 'pgadmin', 'dbeaver', ' ', '-', '4', ':']
  const name = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(name, (given) => {
      expect(labels.add(applicationLabel(given)).size).toBeLessThan(40)
    }),
  )
})

test.for<[Partial<Evidence>, string]>([
  [{ application_name: 'odoo-1' }, 'odoo_web'],
  [{ application_name: 'odoo-1', runs_cron: true }, 'odoo_cron'],
  [{ application_name: 'odoo-1', runs_job: true }, 'odoo_job'],
  [{ application_name: '', owns: true }, 'odoo_web'],
  [{ application_name: 'erp-7', owns: true }, 'odoo_web'],
  [{ application_name: 'erp-7' }, 'other'],
  [{ application_name: 'psql', owns: true, runs_cron: true }, 'other'],
  [{ application_name: null }, 'other'],
])('%o is of %s', ([given, role]) => {
  expect(roleOf({ application_name: '', owns: false, runs_cron: null, runs_job: null, ...given })).toBe(role)
})
