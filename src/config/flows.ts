/** `flows:` in the configuration: its shape, and what it makes of the flows for one tenant. Pure. */
import { z } from 'zod'
import { parseDay } from '../calendar/window.ts'
import { condition } from '../flow/condition/condition.ts'
import { notNarrowed } from '../flow/spec/narrow.ts'
import { group, MODES, objective, objectiveOf, target } from '../flow/spec/spec.ts'
import { defined, type Flow } from '../flow/spec/spec_file.ts'
import type { TenantFlow } from '../flow/spec/tenant_flow.ts'
import type { Instant } from '../metric.ts'

const INSTANT = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
const INSTANT_ADVICE = 'write an instant such as 2026-12-01T00:00:00Z, or with an offset, 2026-12-01T00:00:00+01:00'
const instant: z.ZodType<Instant, string> = z
  .string({ error: INSTANT_ADVICE })
  .regex(INSTANT, { error: INSTANT_ADVICE, abort: true })
  // Date.parse takes 30 February for 2 March.
  .refine((text) => parseDay(text.slice(0, 10)) !== undefined, { error: INSTANT_ADVICE, abort: true })
  .transform((text) => Date.parse(text))

const MOST_TARGETS = 50
/** The first holds from ever, as far as it says nothing else. */
const EVER: Instant = 0

const dated = z
  .array(
    z.strictObject({ since: instant.optional().meta({ description: 'From then on, for items that start.' }), target }),
  )
  .min(1)
  .max(MOST_TARGETS)
  .check(({ value, issues }) => {
    for (const [i, { since }] of value.entries()) {
      if (i === 0) continue
      const before = value[i - 1]?.since ?? EVER
      if (since === undefined)
        issues.push({
          code: 'custom',
          path: [i],
          message: 'missing: `since`; only the first can do without',
          input: value,
        })
      else if (since <= before)
        issues.push({
          code: 'custom',
          path: [i, 'since'],
          message: 'not after the one before it: oldest first',
          input: since,
        })
    }
  })

/** The parts of `flows.NAME`; each alone, so that what is wrong with one hides nothing of the others. */
export const settingsParts = {
  narrow: z.array(condition).min(1),
  target,
  dated,
} as const

const flowSettings = z
  .strictObject({
    enabled: z.boolean().optional().meta({ description: 'false: the flow is not judged. Default true.' }),
    narrow: settingsParts.narrow.optional().meta({
      description: 'Which of the rows the promise is for: conditions that must hold besides those of the flow.',
    }),
    target: target.optional().meta({ description: "In place of the flow's own." }),
    dated: dated.optional().meta({
      description: 'In place of `target`, where it changes: items keep the target in force when they started.',
    }),
    objective: objective.optional().meta({ description: 'The share of items due that must be good, 0.5 to 0.9999.' }),
    mode: z.enum(MODES).optional().meta({ description: 'observe, ticket or page.' }),
    value: z.boolean().optional().meta({ description: 'Whether amounts of money are shown. Default false.' }),
    group: group.optional(),
  })
  .refine((settings) => settings.target === undefined || settings.dated === undefined, {
    path: ['dated'],
    error: '`target` and `dated` exclude one another: keep one',
  })
  .meta({ id: 'FlowSettings', description: 'What a tenant, a tier or all tenants want of a flow.' })

export type FlowSettings = z.output<typeof flowSettings>
export type Layer = Readonly<Record<string, FlowSettings>> | undefined

/** By flow; which flows there are is not the schema's to say. */
export const flowsSchema = (description: string) =>
  z.record(z.string(), flowSettings.prefault({})).optional().meta({ description })

const above = (below: FlowSettings, settings: FlowSettings): FlowSettings => {
  const said = defined(settings)
  const { target: _target, dated: _dated, ...rest } = below
  return said.target || said.dated ? { ...rest, ...said } : { ...below, ...said }
}

const targetsOf = (flow: Flow, settings: FlowSettings): TenantFlow['targets'] => {
  const [first, ...others] = settings.dated ?? []
  if (first === undefined) return [{ since: EVER, target: settings.target ?? flow.target }]
  return [
    { since: first.since ?? EVER, target: first.target },
    ...others.map((row) => ({ since: row.since ?? EVER, target: row.target })),
  ]
}

/** A flow as a tenant of this tier has it; a key of a later layer takes the place of an earlier one's. */
export const tenantFlowOf = (flow: Flow, layers: readonly Layer[], tier: string): TenantFlow => {
  const said = layers.map((layer) => (layer && Object.hasOwn(layer, flow.name) ? layer[flow.name] : undefined))
  const settings = said.filter((each) => each !== undefined).reduce(above, {})
  const { narrow = [] } = settings
  return {
    flow,
    off: settings.enabled === false ? 'switched off in the configuration' : notNarrowed(flow, narrow),
    narrow,
    group: settings.group,
    targets: targetsOf(flow, settings),
    objective: settings.objective ?? objectiveOf(flow, tier),
    mode: settings.mode ?? flow.mode,
    showsValue: settings.value ?? false,
  }
}
