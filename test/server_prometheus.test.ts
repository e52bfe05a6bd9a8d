/** The edge as a real Prometheus meets it: discovery, client certificates, basic authentication, its own gzip and timeouts. */
import { hashSync } from 'bcryptjs'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { startPrometheus } from '../demo/prometheus.ts'
import { findBinary } from '../tools/debian.ts'
import { createCa, createPair } from './support/certificates.ts'
import { ask, pageOf, startEdge, targetState, tempFolder } from './support/edge.ts'
import { eventually } from './support/eventually.ts'
import { needs } from './support/needs.ts'

const NAME = 'L\'Été "1"'

test('Prometheus finds and scrapes every target, each with an up of its own', async (context) => {
  needs(context, 'prometheus')
  const folder = tempFolder()
  const ca = await createCa()
  const [server, client] = await Promise.all([createPair('server', ca), createPair('client', ca)])
  const write = (name: string, text: string): string => folder.write(name, text)
  write('ca.crt', ca.cert)
  for (const [name, pair] of Object.entries({ server, client })) {
    write(`${name}.crt`, pair.cert)
    write(`${name}.key`, pair.key)
  }
  write('password', 'right')
  const webConfigFile = write(
    'web.yml',
    stringify({
      tls_server_config: {
        cert_file: 'server.crt',
        key_file: 'server.key',
        client_ca_file: 'ca.crt',
        client_auth_type: 'RequireAndVerifyClientCert',
        client_allowed_sans: ['client'],
      },
      basic_auth_users: { prometheus: hashSync('right', 5) },
    }),
  )
  const edge = await startEdge({
    webConfigFile,
    states: () => [targetState('db1', 'postgres'), targetState('db1', 'redis'), targetState(NAME, 'odoo')],
    page: () => Promise.resolve(pageOf('# HELP page_up x\n# TYPE page_up gauge\npage_up 1\n')),
    probe: async (target, collector) => {
      const labels = `target=${JSON.stringify(target)}`
      return pageOf(`# HELP asked x\n# TYPE asked gauge\nasked{${labels},by="${collector}"} 1\n`)
    },
  })
  const access = {
    scheme: 'https',
    basic_auth: { username: 'prometheus', password_file: 'password' },
    tls_config: { ca_file: 'ca.crt', cert_file: 'client.crt', key_file: 'client.key' },
  }
  const config = stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      { job_name: 'page', static_configs: [{ targets: [`127.0.0.1:${edge.port}`] }], ...access },
      {
        job_name: 'probes',
        ...access,
        http_sd_configs: [{ url: `${edge.url}/sd`, basic_auth: access.basic_auth, tls_config: access.tls_config }],
      },
    ],
  })
  const binary = findBinary(['prometheus'])
  if (binary === undefined) throw new Error('no prometheus binary')
  const prometheus = await startPrometheus({ binary, dir: folder.path, config })
  onTestFinished(() => prometheus.process.stop())
  const query = async (promql: string): Promise<readonly Record<string, string>[]> => {
    const reply = await ask(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(promql)}`)
    return JSON.parse(reply.text).data.result.map(({ metric }: { metric: Record<string, string> }) => metric)
  }
  await eventually(async () => expect(await query('up == 1')).toHaveLength(4), 30_000, 250)

  expect(await query('page_up')).toHaveLength(1)
  const ups = await query('up{job="probes"}')
  const identities = ups.map(({ instance }) => instance).sort()
  expect(identities).toEqual([`${NAME}/odoo`, 'db1/postgres', 'db1/redis'])
  expect(await query(`asked{instance=${JSON.stringify(`${NAME}/odoo`)},by="odoo"}`)).toHaveLength(1)
  // each scrape had begun and ended well: nothing was left waiting, nobody was refused
  expect(new Set(edge.served.map(([, code]) => code))).toEqual(new Set([200]))
  await prometheus.process.stop()
})
