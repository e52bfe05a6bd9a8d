/**
 * What a scrape costs, by number of series: prom-client formatting everything at the scrape (the usual way)
 * against joining what was rendered as it arrived. Ratios of medians, measured in turn in one run.
 */
import { performance } from 'node:perf_hooks'
import { Gauge, Registry } from 'prom-client'
import { createExposition } from '../src/exposition.ts'
import { metric, sample } from '../src/metric.ts'

const FAMILIES = 50
const PROBES = 10
const ROUNDS = 15

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const timed = async (run: () => unknown): Promise<number> => {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}

const families = Array.from({ length: FAMILIES }, (_, i) =>
  metric({
    name: `bench_family_${i}_count`,
    type: 'gauge',
    unit: 'count',
    help: 'A family of the benchmark.',
    labels: ['server', 'datname', 'member'],
    maxSeries: 1e6,
  }),
)

const compare = async (series: number): Promise<void> => {
  const members = series / FAMILIES
  const labelsOf = (m: number) => ({ server: 'pg-main', datname: `tenant${m % 7}`, member: `member ${m}` })

  const registry = new Registry()
  for (const { name, help, labels } of families) {
    const gauge = new Gauge({ name, help, labelNames: labels, registers: [registry] })
    for (let m = 0; m < members; m++) gauge.set(labelsOf(m), m)
  }

  const exposition = createExposition(() => 0)
  const putProbe = (p: number, value: number) =>
    exposition.put(
      { target: 'pg-main', collector: 'bench', part: `probe ${p}` },
      families
        .filter((_, i) => i % PROBES === p)
        .flatMap((family) => Array.from({ length: members }, (_, m) => sample(family, labelsOf(m), value + m)).flat()),
      Number.POSITIVE_INFINITY,
    )
  for (let p = 0; p < PROBES; p++) await putProbe(p, 0)

  const usual: number[] = []
  const unchanged: number[] = []
  const changed: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    usual.push(await timed(() => registry.metrics()))
    await putProbe(round % PROBES, round)
    changed.push(await timed(() => exposition.page()))
    unchanged.push(await timed(() => exposition.page()))
  }
  const [a, b, c] = [median(usual), median(changed), median(unchanged)]
  console.log(
    [
      String(series).padStart(7),
      `${a.toFixed(2)} ms`.padStart(11),
      `${b.toFixed(2)} ms`.padStart(11),
      `${c.toFixed(3)} ms`.padStart(11),
      `${(a / b).toFixed(1)} ×`.padStart(9),
    ].join('  '),
  )
}

console.log(' series   at scrape   after a change    unchanged    ratio')
for (const series of [1000, 10_000, 100_000]) await compare(series)
