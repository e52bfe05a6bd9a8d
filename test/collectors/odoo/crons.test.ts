import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cron, cronLabels } from '../../../collectors/odoo/crons.ts'

const name = fc.constantFrom('Sync', 'Sync (2)', 'Sync (3)', 'Sync (2) (2)', 'Mail', false as const)
const crons: fc.Arbitrary<readonly Cron[]> = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 1, max: 30 }), cron_name: name, active: fc.boolean() }),
  { selector: ({ id }) => id, maxLength: 12 },
)

test('every cron has a label of its own', () => {
  fc.assert(fc.property(crons, (list) => new Set(cronLabels(list).values()).size === list.length))
})

test('labels do not depend on the order crons come in, nor on which are active', () => {
  fc.assert(
    fc.property(crons, fc.boolean(), (list, active) => {
      const other = list.map((cron) => ({ ...cron, active })).reverse()
      expect(cronLabels(other)).toEqual(cronLabels(list))
    }),
  )
})

test('the first of its name is called just that, and a new cron renames none', () => {
  fc.assert(
    fc.property(crons, (list) => {
      const labels = cronLabels(list)
      for (const cron of list) {
        const first = list.every(({ id, cron_name }) => id >= cron.id || cron_name !== cron.cron_name)
        if (first && cron.cron_name) expect(labels.get(cron.id)).toBe(cron.cron_name)
      }
      const added = cronLabels([...list, { id: 99, cron_name: 'Sync', active: true }])
      for (const [id, label] of labels) expect(added.get(id)).toBe(label)
    }),
  )
})
