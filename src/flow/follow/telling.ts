/** What is told of a tenant's flows: on the page what was looked at or has changed, in the log each change once. */
import type { Logger } from 'pino'
import type { FlowReport } from '../report.ts'
import type { Followed } from './followed.ts'

export interface Telling {
  /** Its next report is put on the page, whether or not it has changed otherwise. */
  readonly looked: (flow: Followed) => void
  readonly tell: (flows: readonly Followed[], reports: readonly FlowReport[]) => void
}

const keyOf = ({ state, reason, reading }: FlowReport): string => JSON.stringify([state, reason, reading !== undefined])

const logChange = (log: Logger, { flow, state, reason }: FlowReport): void => {
  const fields = { flow: flow.flow.name, state }
  if (state === 'failing' || state === 'withheld') log.warn(fields, `flow ${state}: ${reason}`)
  else if (state === 'unsupported') log.info(fields, `flow unsupported: ${reason}`)
  else if (state === 'judged') log.info(fields, 'flow is judged')
  else log.debug(fields, `flow ${state}`)
}

/** The mean of the flows' shares of their span; undefined where none has one. */
const shareOf = (reports: readonly FlowReport[]): number | undefined => {
  const shares = reports.flatMap(({ progress, state }) => (state === 'off' ? [] : (progress ?? [])))
  return shares.length === 0 ? undefined : shares.reduce((sum, share) => sum + share, 0) / shares.length
}

export const createTelling = (
  log: Logger,
  publish: (changed: readonly FlowReport[], all: readonly FlowReport[]) => void,
): Telling => {
  const fresh = new Set<Followed>()
  const said = new Map<Followed, string>()
  let tenths: number | undefined

  const sayProgress = (reports: readonly FlowReport[]): void => {
    const share = shareOf(reports)
    const now = share === undefined ? undefined : Math.floor(share * 10 + 1e-9)
    if (now === undefined || now === tenths || reports.some(({ state }) => state === 'starting')) return
    if (tenths === undefined || now > tenths) {
      const what = now === 10 ? 'the whole span is read' : tenths === undefined ? 'backfill begins' : 'backfill'
      log.info({ share: now / 10 }, `flows: ${what}`)
    }
    tenths = now
  }

  return {
    looked: (flow) => fresh.add(flow),
    tell: (flows, reports) => {
      const changed = reports.filter((report, i) => {
        const flow = flows[i]
        if (flow === undefined) return false
        const key = keyOf(report)
        const isNews = said.get(flow) !== key
        said.set(flow, key)
        const told = JSON.stringify([report.state, report.reason])
        if (flow.told !== told) logChange(log, report)
        flow.told = told
        return isNews || fresh.has(flow)
      })
      fresh.clear()
      if (changed.length > 0) publish(changed, reports)
      sayProgress(reports)
    },
  }
}
