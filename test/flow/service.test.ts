/** Flows in a whole service whose Odoo is down: they are on every page, said to fail, and nothing waits for it. */
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { collectors } from '../../collectors/index.ts'
import { freePort } from '../../demo/processes.ts'
import { formatProblem, loadConfig } from '../../src/config.ts'
import { secretsBeside } from '../../src/secrets.ts'
import { composeService } from '../../src/service.ts'
import { ask, tempFolder } from '../support/edge.ts'
import { eventually } from '../support/eventually.ts'
import { flowNames } from './reports.ts'

test('an Odoo that is down: every flow is told, with its state; documents fail at once', {
  timeout: 30_000,
}, async () => {
  const [port, nobody] = [await freePort(), await freePort()]
  const folder = tempFolder()
  folder.write('key', 'of-acme')
  const odoo = `{ url: "http://127.0.0.1:${nobody}", database: acme, user: pulse, api_key: { file: key } }`
  const file = folder.write(
    'odoo-pulse.yaml',
    `listen: 127.0.0.1:${port}\ntenants: { acme: { tier: shared, db_cluster: c, odoo: ${odoo} } }\n`,
  )
  const secrets = secretsBeside(file, {})
  const loaded = await loadConfig({ file, collectors, secrets })
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const start = composeService({ version: '0', collectors, webConfigFile: undefined, enableLifecycle: false })
  const service = await start(loaded.config, {
    log: pino({ level: 'silent' }),
    secrets,
    reload: async () => ({ ok: true }),
  })
  onTestFinished(() => service.stop(0))
  const url = `http://127.0.0.1:${port}`

  const statesIn = (text: string) =>
    [...text.matchAll(/^odoo_flow_info\{.*flow="([^"]+)".*state="([^"]+)"\} 1$/gm)].map(([, flow, state]) => [
      flow,
      state,
    ])
  await eventually(async () => {
    const states = new Map(statesIn((await ask(`${url}/metrics`)).text).map(([flow, state]) => [flow, state]))
    expect([...states.keys()].sort()).toEqual(flowNames)
    expect(states.get('order-confirmation')).toBe('off')
    expect(states.get('picking')).toBe('failing')
  })
  const probed = (await ask(`${url}/probe?target=acme&collector=flows`)).text
  expect(statesIn(probed)).toHaveLength(flowNames.length)
  expect(probed.split('\n').filter((line) => line !== '' && !/^(# \w+ )?odoo_flow_/.test(line))).toEqual([])
  expect((await ask(`${url}/metrics?exclude[]=flows`)).text).not.toContain('odoo_flow_')
  expect((await ask(`${url}/`)).text).toContain('Business flows')

  const begun = performance.now()
  const picking = JSON.parse((await ask(`${url}/api/v1/flows/acme/picking`)).text)
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(picking).toMatchObject({ state: 'failing', reason: expect.any(String), documents_failed: expect.any(String) })
  expect(picking).not.toHaveProperty('windows')
})
