/** `oncall:` and `links:` in odoo-pulse.yaml: who is told of what, and where texts lead. Its shape, and what it means. Pure. */
import { z } from 'zod'

/** Debian 12's, and the least that what is generated runs on. */
const OLDEST = '0.25'

const path = z
  .string()
  .min(1)
  .meta({ description: 'A file that Alertmanager reads; its own path, as it sees it. It is not read here.' })
const list = (name: z.ZodString, description: string) =>
  z
    .union([name, z.array(name).min(1)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .optional()
    .meta({ description })

const httpUrl = z
  .string({ error: 'write an http:// or https:// URL' })
  .regex(/^https?:\/\/[^\s]+$/, { error: 'write an http:// or https:// URL' })

const webhook = z
  .strictObject({
    url: httpUrl.optional().meta({ description: 'Where it is posted; nothing secret may stand in it.' }),
    url_file: path.optional().meta({ description: 'Where the URL stands, if it is a secret: Alertmanager 0.26.' }),
    credentials_file: path.optional().meta({ description: 'A bearer token, by the file it stands in.' }),
  })
  .meta({ description: 'Posted as JSON.' })

const email = z
  .strictObject({
    to: z.string().min(3).meta({ description: 'Addresses, with commas between them.' }),
    from: z.string().min(3).meta({ description: 'The sender.' }),
    smarthost: z
      .string()
      .regex(/^[^\s:]+:\d{1,5}$/, { error: 'write HOST:PORT' })
      .meta({ description: 'HOST:PORT of the mail server.' }),
    auth_username: z.string().min(1).optional().meta({ description: 'Its user.' }),
    auth_password_file: path.optional().meta({ description: 'Its password, by the file it stands in.' }),
    require_tls: z.boolean().optional().meta({ description: 'Default true.' }),
  })
  .meta({ description: 'By mail.' })

const slack = z
  .strictObject({
    api_url_file: path.meta({ description: 'Where the URL of the incoming webhook stands.' }),
    channel: z.string().min(1).meta({ description: '"#channel" or "@person".' }),
  })
  .meta({ description: 'To Slack.' })

const pagerduty = z
  .strictObject({
    routing_key_file: path.meta({ description: 'Where the key of the integration (Events v2) stands.' }),
  })
  .meta({ description: 'To PagerDuty.' })

const receiver = z
  .strictObject({
    webhook: webhook.optional(),
    email: email.optional(),
    slack: slack.optional(),
    pagerduty: pagerduty.optional(),
  })
  .refine((value) => Object.keys(value).length > 0, {
    error: 'it tells nobody: give webhook, email, slack or pagerduty',
  })
  .meta({ description: 'Whom it tells; of several, all of them.' })

/** Alertmanager's own form: https://prometheus.io/docs/alerting/latest/configuration/#time_interval */
const hours = z
  .array(
    z.strictObject({
      times: z
        .array(
          z.strictObject({
            start_time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'write a time such as "08:00"' }),
            end_time: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'write a time such as "18:00"' }),
          }),
        )
        .optional(),
      weekdays: z.array(z.string()).optional(),
      days_of_month: z.array(z.string()).optional(),
      months: z.array(z.string()).optional(),
      years: z.array(z.string()).optional(),
      location: z.string().optional().meta({ description: 'IANA time zone; default UTC.' }),
    }),
  )
  .min(1)
  .meta({ description: 'In the form of the time intervals of Alertmanager.' })

/** `name` is what names have to look like. */
const routeOf = (name: z.ZodString) =>
  z
    .strictObject({
      process: list(name, 'Of these business processes.'),
      tier: list(name, 'Of tenants of these tiers.'),
      tenant: list(name, 'Of these tenants.'),
      db_cluster: list(name, 'Of these machine groups.'),
      page: name.optional().meta({ description: 'Who is woken.' }),
      ticket: name.optional().meta({ description: 'Who gets the tickets.' }),
      ticket_hours: name.optional().meta({ description: 'When tickets are told: a name under `hours`.' }),
    })
    .meta({ description: 'Who is told of some alerts; the first route that fits counts.' })

export const ROUTE_BY = ['process', 'tier', 'tenant', 'db_cluster'] as const

/** `name` is what names have to look like. */
export const oncallSchema = (name: z.ZodString) =>
  z
    .strictObject({
      alertmanager_version: z
        .string()
        .regex(/^0\.\d{1,3}(\.\d+)?$/, { error: 'write a version such as "0.28", in quotes' })
        .default(OLDEST)
        .meta({ description: `Of the Alertmanager that will read it: at least ${OLDEST}, the default.` }),
      receivers: z.record(name, receiver).meta({ description: 'Who can be told, by a name of your choice.' }),
      page: name.meta({ description: 'Who is woken, where no route says otherwise, and told of all that fits none.' }),
      ticket: name.optional().meta({ description: 'Who gets the tickets. Default: whoever is woken.' }),
      ticket_hours: name
        .optional()
        .meta({ description: 'When tickets are told: a name under `hours`. Default: always.' }),
      telemetry: name
        .optional()
        .meta({ description: 'Who gets the tickets of Odoo Pulse itself. Default: as other tickets.' }),
      watchdog: name.optional().meta({
        description: 'The dead man’s switch: it is told every minute, and raises the alarm when that stops.',
      }),
      hours: z.record(name, hours).default({}).meta({ description: 'Hours, by a name of your choice.' }),
      routes: z.array(routeOf(name)).default([]).meta({ description: 'Who else is told of what.' }),
    })
    .optional()
    .meta({ description: 'Who is told of alerts: what `odoo-pulse generate` makes an Alertmanager configuration of.' })

const base = (description: string) => httpUrl.optional().meta({ description })
export const linksSchema = z
  .strictObject({
    runbooks: base('Where the runbooks stand; the name of a file follows.'),
    grafana: base('Of Grafana; /d/UID follows.'),
    pulse: base('Where people reach Odoo Pulse; /flows/TENANT/FLOW follows.'),
  })
  .optional()
  .meta({ description: 'Where the texts of alerts lead, in what `odoo-pulse generate` writes.' })

export type Oncall = NonNullable<z.output<ReturnType<typeof oncallSchema>>>
export type OncallReceiver = z.output<typeof receiver>
export type OncallRoute = Oncall['routes'][number]
export type ConfiguredLinks = z.output<typeof linksSchema>
