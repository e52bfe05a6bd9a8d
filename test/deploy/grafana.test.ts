/** The three ways into Grafana, as far as they can be known without one. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { dashboards } from '../../dashboards/index.ts'
import { MOST_BYTES } from '../../tools/dashboards/config_maps.ts'
import { generated, root } from '../dashboards/support.ts'

const deploy = (path: string): string => readFileSync(join(root, 'deploy', path), 'utf8')

interface ConfigMap {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly data: Readonly<Record<string, string>>
}
const maps = parseAllDocuments(deploy('kubernetes/dashboards.yaml')).map((document) => document.toJS() as ConfigMap)

test('one labelled ConfigMap a dashboard, with the dashboard in it', () => {
  expect(maps.map(({ metadata }) => metadata.name)).toEqual(dashboards.map(({ name }) => `odoo-pulse-${name}`))
  maps.forEach(({ kind, metadata, data }, i) => {
    expect(kind).toBe('ConfigMap')
    expect(metadata.labels.grafana_dashboard).toBe('1')
    expect(Object.values(data).map((text) => JSON.parse(text))).toEqual([generated[i]])
    expect(Object.keys(data)).toEqual([`${metadata.name}.json`])
  })
})

test('each is small enough to be stored, and to be applied', () => {
  for (const map of maps) {
    const bytes = Buffer.byteLength(JSON.stringify(map))
    expect(bytes, map.metadata.name).toBeLessThan(Math.min(MOST_BYTES.configMap, MOST_BYTES.lastApplied))
  }
})

interface Compose {
  readonly services: { readonly grafana: { readonly volumes: readonly string[] } }
}
const mounts = (parse(deploy('compose.yaml')) as Compose).services.grafana.volumes
  .map((line) => line.split(':'))
  .map(([from = '', to = '']) => ({ from, to }))

test('file provisioning reads the folder that is mounted, and the source of data that the dashboards take by default', () => {
  const { providers } = parse(deploy('grafana/provisioning/dashboards/odoo-pulse.yaml'))
  expect(providers).toMatchObject([{ type: 'file', allowUiUpdates: false }])
  expect(mounts).toContainEqual({ from: '../dashboards/generated', to: providers[0].options.path })
  const { datasources } = parse(deploy('grafana/provisioning/datasources/odoo-pulse.yaml'))
  expect(datasources).toMatchObject([{ type: 'prometheus', isDefault: true }])
  const { global } = parse(deploy('prometheus.yml'))
  expect(datasources[0].jsonData.timeInterval).toBe(global.scrape_interval)
  for (const { from } of mounts.filter((mount) => mount.from.startsWith('.'))) {
    expect(existsSync(join(root, 'deploy', from)), from).toBe(true)
  }
})
