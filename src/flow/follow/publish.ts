/** Reports on the metrics page: what was read vanishes unless it is read again, that a flow is there stays. */
import type { Source } from '../../exposition.ts'
import type { Duration, Instant, Sample } from '../../metric.ts'
import { clockSamples, flowInfo, flowObjective, flowSamples } from '../metrics.ts'
import type { FlowReport } from '../report.ts'
import { STALE_AFTER } from './followed.ts'

/** As `exclude[]` names it. */
export const FLOWS = 'flows'

export interface PublishDeps {
  readonly put: (source: Source, samples: readonly Sample[], expiresAt: Instant) => Promise<void>
  readonly now: () => Instant
  /** Of looks. */
  readonly interval: Duration
  readonly onError: (error: unknown) => void
}

const isLasting = ({ metric }: Sample): boolean => metric === flowInfo || metric === flowObjective

/** `all` are the tenant's: what one flow may have of series depends on the others. */
export const publisher =
  ({ put, now, interval, onError }: PublishDeps) =>
  (changed: readonly FlowReport[], all: readonly FlowReport[]): void => {
    const expiresAt = now() + STALE_AFTER * interval
    const say = (target: string, part: string, samples: readonly Sample[], until: Instant): void => {
      put({ target, collector: FLOWS, part }, samples, until).catch(onError)
    }
    for (const report of changed) {
      const { tenant, flow } = report
      const samples = flowSamples(report, all)
      say(tenant, `${flow.flow.name} configured`, samples.filter(isLasting), Number.POSITIVE_INFINITY)
      say(
        tenant,
        flow.flow.name,
        samples.filter((sample) => !isLasting(sample)),
        // What is heavy is read less often.
        Math.max(expiresAt, (report.nextLook ?? 0) + (STALE_AFTER - 1) * interval),
      )
    }
    const [first] = all
    if (first !== undefined) say(first.tenant, 'clock', clockSamples(all), expiresAt)
  }
