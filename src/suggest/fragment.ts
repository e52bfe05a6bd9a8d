/** The proposals as YAML to paste. Pure. */
import { stringify } from 'yaml'
import type { TenantFlow } from '../flow/spec/tenant_flow.ts'
import { isSame, targetText } from './candidates.ts'
import { plainTarget } from './json.ts'
import { type Proposal, percent } from './propose.ts'
import type { Study } from './study.ts'
import type { FlowFinding, TenantFinding } from './tenant.ts'

const HEAD = `# Proposed by \`odoo-pulse suggest\`, to be pasted by hand: put what stands under a tenant's \`flows\` here beneath the
# same tenant where it is configured, in place of these keys of these flows; \`narrow\`, \`group\` and the others stay.
# It can't stand in tenants.d itself: a tenant is configured in one place only. \`odoo-pulse check\` says whether all is well.
`

/** A scalar, a key or a small mapping, on one line. */
const inline = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()

/** Never of two lines, whatever it quotes. */
const comment = (text: string): string => `# ${text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')}`

/** A changed target is dated, so that items keep the one they started with. */
const targetLines = ({ targets }: TenantFlow, proposal: Proposal, { period, current }: Study): readonly string[] => {
  if (isSame(current.target, proposal.target)) return []
  const rows = [...targets, { since: period.to, target: proposal.target }].map(({ since, target }, i) =>
    i === 0 && since <= 0
      ? { target: plainTarget(target) }
      : { since: new Date(since).toISOString().replace('.000Z', 'Z'), target: plainTarget(target) },
  )
  return [
    comment(`${targetText(proposal.target)}: ${proposal.why.target}`),
    'dated:',
    ...rows.map((row) => `  - ${inline(row)}`),
  ]
}

const flowLines = (flow: TenantFlow, study: Study, proposal: Proposal): readonly string[] => [
  `${inline(flow.flow.name)}:`,
  ...[
    comment(`${proposal.mode}: ${proposal.why.mode}`),
    `mode: ${proposal.mode}`,
    comment(`${percent(proposal.objective)}: ${proposal.why.objective}`),
    `objective: ${proposal.objective}`,
    ...targetLines(flow, proposal, study),
  ].map((line) => `  ${line}`),
]

const proposed = (finding: FlowFinding): readonly string[] =>
  finding.status === 'studied' && finding.study.proposal
    ? flowLines(finding.flow, finding.study, finding.study.proposal)
    : []

/** `tenants.NAME.flows.FLOW` with mode, objective and, where it changes, target; undefined where nothing is proposed. */
export const fragmentOf = (tenants: readonly TenantFinding[]): string | undefined => {
  const blocks = tenants.flatMap(({ tenant, flows }) => {
    const lines = flows.flatMap(proposed)
    return lines.length === 0 ? [] : [`  ${inline(tenant)}:`, '    flows:', ...lines.map((line) => `      ${line}`)]
  })
  return blocks.length === 0 ? undefined : `${HEAD}tenants:\n${blocks.join('\n')}\n`
}
