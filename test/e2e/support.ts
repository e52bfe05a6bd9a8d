/** What tests of the whole path share: the shipped rules with less patience, and what Prometheus, Alertmanager and receiver say. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import type { HttpPart } from '../../demo/prometheus.ts'
import type { Alert, Receiver } from '../../demo/receiver.ts'
import { eventually } from '../support/eventually.ts'

const rule = z.looseObject({ for: z.string().optional(), keep_firing_for: z.string().optional() })
export type Rule = z.output<typeof rule>
const rules = z.object({ groups: z.array(z.looseObject({ rules: z.array(rule) })) })

const generated = join(import.meta.dirname, '../../alert-rules/generated')

/** Writes the shipped rules, each as `change` leaves it; gives the glob of the files. */
export const writeRules = (dir: string, change: (rule: Rule) => Rule): string => {
  for (const file of readdirSync(generated).filter((name) => name.endsWith('.yaml'))) {
    const { groups } = rules.parse(parse(readFileSync(join(generated, file), 'utf8')))
    writeFileSync(join(dir, file), stringify({ groups: groups.map((g) => ({ ...g, rules: g.rules.map(change) })) }))
  }
  return join(dir, '*.yaml')
}

/** What is minutes in production is a second here. */
export const impatient = (rule: Rule): Rule => ({
  ...rule,
  ...('for' in rule && { for: '1s' }),
  ...('keep_firing_for' in rule && { keep_firing_for: '1s' }),
})

export interface Told {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
}

export const isIt = ({ alert, labels }: Told, found: Alert['labels']): boolean =>
  found.alertname === alert && Object.entries(labels).every(([name, value]) => found[name] === value)

/** The notifications that say so of it, oldest first. */
export const notificationsOf = (receiver: Receiver, one: Told, said: Alert['status']) =>
  receiver
    .notifications()
    .filter(({ alerts }) => alerts.some(({ status, labels }) => status === said && isIt(one, labels)))

const active = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    fingerprint: z.string(),
    status: z.object({ inhibitedBy: z.array(z.string()) }),
  }),
)
export type Active = z.output<typeof active>[number]

/** As Alertmanager has them now. */
export const activeAlerts = async ({ url }: HttpPart, name?: string): Promise<readonly Active[]> => {
  const filter = name === undefined ? '' : `?filter=${encodeURIComponent(`alertname="${name}"`)}`
  const response = await fetch(`${url}/api/v2/alerts${filter}`)
  expect(response.status).toBe(200)
  return active.parse(await response.json())
}

/** Undefined: it does not fire. */
export const firing = async (alertmanager: HttpPart, one: Told): Promise<Active | undefined> =>
  (await activeAlerts(alertmanager, one.alert)).find(({ labels }) => isIt(one, labels))

const answer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})
export type Series = z.output<typeof answer>['data']['result'][number]

/** An instant query. */
export const ask = async ({ url }: HttpPart, query: string): Promise<readonly Series[]> => {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`)
  expect(response.status).toBe(200)
  return answer.parse(await response.json()).data.result
}

const groups = z.object({
  data: z.object({ groups: z.array(z.object({ name: z.string(), lastEvaluation: z.string() })) }),
})

/** Resolves after so many further evaluations of the group. */
export const evaluations = async ({ url }: HttpPart, group: string, times: number): Promise<void> => {
  const seen = new Set<string>()
  await eventually(
    async () => {
      const all = groups.parse(await (await fetch(`${url}/api/v1/rules`)).json()).data.groups
      const last = all.find(({ name }) => name === group)?.lastEvaluation
      if (last === undefined) throw new Error(`Prometheus has no group ${group}`)
      seen.add(last)
      // The first is one that was before.
      expect(seen.size).toBeGreaterThan(times)
    },
    20_000 + times * 10_000,
    250,
  )
}
