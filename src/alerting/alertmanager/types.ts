/** What of Alertmanager's configuration is written: https://prometheus.io/docs/alerting/latest/configuration/ */

/** `label="value"`, `label=~"regex"`, as Alertmanager reads them. */
export type Matcher = string

export interface Route {
  readonly receiver?: string
  readonly matchers?: readonly Matcher[]
  readonly group_by?: readonly string[]
  readonly group_wait?: string
  readonly group_interval?: string
  readonly repeat_interval?: string
  readonly active_time_intervals?: readonly string[]
  readonly mute_time_intervals?: readonly string[]
  readonly continue?: boolean
  readonly routes?: readonly Route[]
}

export interface InhibitRule {
  readonly source_matchers: readonly Matcher[]
  readonly target_matchers: readonly Matcher[]
  readonly equal: readonly string[]
}

export interface Receiver {
  readonly name: string
  readonly webhook_configs?: readonly object[]
  readonly email_configs?: readonly object[]
  readonly slack_configs?: readonly object[]
  readonly pagerduty_configs?: readonly object[]
}

export interface AlertmanagerConfig {
  readonly route: Route
  readonly inhibit_rules: readonly InhibitRule[]
  readonly receivers: readonly Receiver[]
  readonly time_intervals: readonly { readonly name: string; readonly time_intervals: readonly object[] }[]
  readonly templates: readonly string[]
}
