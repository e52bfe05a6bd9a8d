/** Counters of a reverse proxy, in the text Traefik 3 serves: families by name, series by label, a family only once used. */
import type { Instant } from '../src/metric.ts'

export interface Counted {
  /** Undefined: no route fitted, only the entry point saw it. */
  readonly service: string | undefined
  readonly method: string
  readonly protocol: 'http' | 'websocket' | 'sse'
}

export interface Certificate {
  readonly cn: string
  readonly serial: string
  readonly notAfter: Instant
}

export interface IngressMetrics {
  readonly count: (what: Counted, code: number, seconds: number) => void
  readonly text: () => string
}

export interface IngressState {
  readonly openConnections: () => number
  readonly certificates: () => readonly Certificate[]
}

/** As an operator of Odoo would set them (metrics.prometheus.buckets); Traefik's own end at 5 s. */
const BUCKETS = [0.1, 0.3, 1.2, 5, 15, 30, 60, 120]
const ENTRYPOINT = 'web'
const VERBS = new Set(['HEAD', 'GET', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI'])

interface Series {
  count: number
  sum: number
  readonly buckets: number[]
}

type Labels = readonly (readonly [name: string, value: string])[]

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const line = (name: string, labels: Labels, value: number): string => {
  const inner = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',')
  return `${name}${inner === '' ? '' : `{${inner}}`} ${value}\n`
}

const family = (name: string, help: string, type: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`

const histogramLines = (name: string, labels: Labels, { buckets, sum, count }: Series): readonly string[] => [
  ...BUCKETS.map((le, i) => line(`${name}_bucket`, [...labels, ['le', String(le)]], buckets[i] ?? 0)),
  line(`${name}_bucket`, [...labels, ['le', '+Inf']], count),
  line(`${name}_sum`, labels, sum),
  line(`${name}_count`, labels, count),
]

const LAYERS = [
  { layer: 'entrypoint', on: 'on an entrypoint' },
  { layer: 'service', on: 'on a service' },
] as const

/** One layer's series, by their labels. */
const createLayer = () => {
  const all = new Map<string, { readonly labels: Labels; readonly series: Series }>()
  return {
    count: (labels: Labels, seconds: number) => {
      const key = JSON.stringify(labels)
      const { series } = all.get(key) ?? { series: { count: 0, sum: 0, buckets: BUCKETS.map(() => 0) } }
      all.set(key, { labels, series })
      series.count += 1
      series.sum += seconds
      BUCKETS.forEach((le, i) => {
        if (seconds <= le) series.buckets[i] = (series.buckets[i] ?? 0) + 1
      })
    },
    sorted: () => [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry),
  }
}

export const createIngressMetrics = ({ openConnections, certificates }: IngressState): IngressMetrics => {
  const started = Date.now() / 1000
  const layers = { entrypoint: createLayer(), service: createLayer() }
  const trafficText = ({ layer, on }: (typeof LAYERS)[number]): string => {
    const entries = layers[layer].sorted()
    const [requests, duration] = [`traefik_${layer}_requests_total`, `traefik_${layer}_request_duration_seconds`]
    const by = 'partitioned by status code, protocol, and method.'
    return (
      family(
        duration,
        `How long it took to process the request ${on}, ${by}`,
        'histogram',
        entries.flatMap(({ labels, series }) => histogramLines(duration, labels, series)),
      ) +
      family(
        requests,
        `How many HTTP requests processed ${on}, ${by}`,
        'counter',
        entries.map(({ labels, series }) => line(requests, labels, series.count)),
      )
    )
  }

  const certificateLines = (): readonly string[] =>
    certificates().map(({ cn, serial, notAfter }) =>
      line(
        'traefik_tls_certs_not_after',
        [
          ['cn', cn],
          ['sans', cn],
          ['serial', serial],
        ],
        Math.floor(notAfter / 1000),
      ),
    )

  return {
    count: ({ service, method, protocol }, code, seconds) => {
      const of = (name: string, value: string): Labels => [
        ['code', String(code)],
        ...(name < 'method' ? ([[name, value]] as const) : []),
        ['method', VERBS.has(method) ? method : 'EXTENSION_METHOD'],
        ['protocol', protocol],
        ...(name < 'method' ? [] : ([[name, value]] as const)),
      ]
      layers.entrypoint.count(of('entrypoint', ENTRYPOINT), seconds)
      if (service !== undefined) layers.service.count(of('service', service), seconds)
    },
    text: () =>
      [
        family('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', 'gauge', [
          line('process_start_time_seconds', [], started),
        ]),
        family('traefik_config_last_reload_success', 'Last config reload success', 'gauge', [
          line('traefik_config_last_reload_success', [], Math.floor(started)),
        ]),
        family('traefik_config_reloads_total', 'Config reloads', 'counter', [
          line('traefik_config_reloads_total', [], 1),
        ]),
        trafficText(LAYERS[0]),
        family('traefik_open_connections', 'How many open connections exist, by entryPoint and protocol', 'gauge', [
          line(
            'traefik_open_connections',
            [
              ['entrypoint', ENTRYPOINT],
              ['protocol', 'TCP'],
            ],
            openConnections(),
          ),
        ]),
        trafficText(LAYERS[1]),
        family('traefik_tls_certs_not_after', 'Certificate expiration timestamp', 'gauge', certificateLines()),
      ].join(''),
  }
}
