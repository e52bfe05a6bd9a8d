/** What the promtool tests look at, alert by alert: when it fires, when it does not, and of what series. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parseDuration } from '../../src/config/duration.ts'
import { type Duration, minutes } from '../../src/metric.ts'
import { type Rule, selectorsIn } from '../../tools/mutate/rules.ts'
import { subjectsOf } from '../../tools/mutate/units.ts'

interface ExpectedAlert {
  readonly exp_labels: Readonly<Record<string, string>>
  readonly exp_annotations?: Readonly<Record<string, string>>
}

interface TestFile {
  readonly tests: readonly {
    readonly name: string
    readonly input_series: readonly { readonly series: string }[]
    readonly alert_rule_test?: readonly {
      readonly alertname: string
      readonly eval_time: string
      readonly exp_alerts: readonly ExpectedAlert[]
    }[]
    readonly promql_expr_test?: readonly {
      readonly expr: string
      readonly eval_time: string
      readonly exp_samples: readonly { readonly labels: string }[]
    }[]
  }[]
}

/** At one minute of a case. */
export interface Look {
  readonly alert: string
  /** The case it is of: file and name. */
  readonly in: string
  readonly at: Duration
  /** What fires, by its labels; empty where it is to be silent. */
  readonly firing: ReadonlySet<string>
  /** With all that somebody would read. */
  readonly texts: readonly Readonly<Record<string, string>>[]
  /** Names of the exporter's replicas that told the case's series. */
  readonly replicas: ReadonlySet<string>
  /** By tenant, the windows of the business calendar. */
  readonly windows: ReadonlyMap<string, ReadonlySet<string>>
}

export const testFiles = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'))

const valuesOf = (label: string, series: readonly string[]): ReadonlySet<string> =>
  new Set(series.flatMap((s) => new RegExp(`[{, ]${label}="((?:[^"\\\\]|\\\\.)*)"`).exec(s)?.[1] ?? []))

const windowsOf = (series: readonly string[]): Look['windows'] => {
  const active = series.filter((s) => s.startsWith('odoo_business_window_'))
  return new Map(
    [...valuesOf('tenant', active)].map((tenant) => [
      tenant,
      valuesOf(
        'business_window',
        active.filter((s) => s.includes(`tenant="${tenant}"`)),
      ),
    ]),
  )
}

/** Of what fires alone: an expression on the pending ones says nothing of it. */
const isOfFiring = (expr: string): boolean =>
  selectorsIn(expr).some(({ matchers }) =>
    matchers.some(({ label, value }) => label === 'alertstate' && value === 'firing'),
  )

export const looksIn = (folder: string, rules: readonly Rule[]): readonly Look[] =>
  testFiles.flatMap((file) =>
    (parse(readFileSync(join(folder, file), 'utf8')) as TestFile).tests.flatMap((t) => {
      const series = t.input_series.map((s) => s.series)
      const common = { in: `${file}: ${t.name}`, replicas: valuesOf('instance', series), windows: windowsOf(series) }
      const at = (text: string): Duration => parseDuration(text) ?? 0
      return [
        ...(t.alert_rule_test ?? []).map(({ alertname, eval_time, exp_alerts }) => ({
          ...common,
          alert: alertname,
          at: at(eval_time),
          firing: new Set(exp_alerts.map(({ exp_labels }) => JSON.stringify(exp_labels))),
          texts: exp_alerts.flatMap(({ exp_labels, exp_annotations }) =>
            exp_annotations === undefined ? [] : [{ ...exp_labels, ...exp_annotations }],
          ),
        })),
        ...(t.promql_expr_test ?? [])
          .filter(({ expr }) => isOfFiring(expr))
          .flatMap((check) =>
            subjectsOf(check, rules).flatMap(({ node }) =>
              node.alert === undefined
                ? []
                : [
                    {
                      ...common,
                      alert: node.alert,
                      at: at(check.eval_time),
                      firing: new Set(check.exp_samples.map(({ labels }) => labels)),
                      texts: [],
                    },
                  ],
            ),
          ),
      ]
    }),
  )

/** Looks of one case at two minutes that follow each other. */
const neighbours = (looks: readonly Look[]): readonly (readonly [Look, Look])[] =>
  looks.flatMap((before) =>
    looks
      .filter((look) => look.in === before.in && look.at > before.at && look.at <= before.at + minutes(1))
      .map((after) => [before, after] as const),
  )

const hasMore = (more: ReadonlySet<string>, less: ReadonlySet<string>): boolean =>
  [...more].some((one) => !less.has(one))

/** It fires at a minute, and did not at the one before. */
export const beginsAtTheMinute = (looks: readonly Look[]): boolean =>
  neighbours(looks).some(([before, after]) => hasMore(after.firing, before.firing))
export const endsAtTheMinute = (looks: readonly Look[]): boolean =>
  neighbours(looks).some(([before, after]) => hasMore(before.firing, after.firing))
