/** What members are called: on the page of the whole service, and how often that is asked. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { CollectError, Unsupported } from '../../../src/collector.ts'
import type { Call } from '../../../src/flow/follow/ask.ts'
import { askNames, type Names, namesDue, noNames } from '../../../src/flow/follow/names.ts'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import type { FlowAccess } from '../../../src/flow/read/access.ts'
import type { FlowReader } from '../../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../../src/flow/spec/resolve.ts'
import { hours, minutes } from '../../../src/metric.ts'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { flowOf } from '../readable.ts'
import { AT, fullReading } from '../reports.ts'
import { catalogueOf } from '../stand_in.ts'
import { fastClock, install, JOBS, odooBlock, onlyFlows } from './installation.ts'
import { jobsIn } from './jobs.ts'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18])
}, 60_000)
afterAll(() => estate?.stop())

const groupedBy = (dimension: string, field: string): string =>
  JOBS.replace('{ dimension: channel, field: channel }', `{ dimension: ${dimension}, field: ${field} }`)

test('a company is named on the page and in the API; a user is not, and a channel names itself', {
  timeout: 60_000,
}, async () => {
  const { url, users, database } = estate.of(18)
  const [company] = await estate.postgres.query('SELECT name FROM res_company WHERE id = 1', undefined, database)
  const clock = fastClock(60)
  const jobs = jobsIn(estate.postgres, database)
  await jobs.past(clock.now() - hours(2), clock.now() - MINUTE, MINUTE)
  await jobs.query('UPDATE queue_job SET company_id = 1, user_id = 2')
  const { metrics, details, stop } = await install({
    clock,
    env: { PULSE_KEY: users.pulse.apiKey },
    text: `${onlyFlows()}tenants:\n  acme:\n    tier: dedicated\n    db_cluster: c\n    odoo:\n${odooBlock(estate.of(18), url)}`,
    own: { company: groupedBy('company', 'company_id'), user: groupedBy('user', 'user_id'), channel: JOBS },
  })
  onTestFinished(stop)
  const page = await holds('a name beside all three groups', async () => {
    const text = await metrics()
    const groups = ['company', 'user', 'channel'].every((flow) =>
      text.includes(`odoo_flow_group_verdicts{tenant="acme",flow="${flow}"`),
    )
    return groups && text.includes('odoo_flow_group_info{') ? text : undefined
  })
  const named = page.split('\n').filter((line) => line.startsWith('odoo_flow_group_info'))
  expect(named).toEqual([
    `odoo_flow_group_info{tenant="acme",flow="company",dimension="company",member="1",name="${company?.name}"} 1`,
  ])
  expect(page).toMatch(/odoo_flow_group_verdicts{tenant="acme",flow="user",dimension="user",member="2",/)
  expect(JSON.stringify(await details('company'))).toContain(JSON.stringify(company?.name))
})

const flow = flowOf('carrier-label', 18)

/** A connection on which names are told, or refused. */
const calling = (tell: FlowReader<ResolvedFlow>['groupNames']): Call => {
  const unused = () => Promise.reject(new Error('nobody asks this'))
  const access: FlowAccess = {
    via: 'rpc',
    odoo: { catalogue: catalogueOf(18), modules: new Set() },
    reader: {
      checksums: unused,
      rows: async function* () {},
      reaching: async function* () {},
      changedSince: unused,
      present: unused,
      documents: unused,
      groupNames: tell,
    },
    now: () => AT,
    withheld: undefined,
  }
  return (_, work) => work(access, new AbortController().signal)
}

test('asked for those who are new alone, seldomer each time; who has gone is forgotten', async () => {
  const asked: (readonly string[])[] = []
  const call = calling(async (_, members) => {
    asked.push(members)
    return new Map(members.map((member) => [member, `Carrier ${member}`]))
  })
  const ask = (names: Names, members: number, at: number) => askNames(names, flow, fullReading(members), call, () => at)
  expect(namesDue(noNames, undefined)).toBeUndefined()
  expect(namesDue(noNames, fullReading(0))).toBeUndefined()
  expect(namesDue(noNames, fullReading(2))).toBeLessThan(AT)
  const first = await ask(noNames, 2, AT)
  expect(namesDue(first, fullReading(2))).toBeUndefined()
  expect(namesDue(first, fullReading(3))).toBe(AT + minutes(1))
  const second = await ask(first, 3, AT)
  expect(asked).toEqual([['1', '2'], ['3']])
  expect([...second.known.values()]).toEqual(['Carrier 1', 'Carrier 2', 'Carrier 3'])
  expect(namesDue(second, fullReading(4))).toBe(AT + minutes(2))
  const fewer = await ask({ ...second, times: 100 }, 1, AT)
  expect([...fewer.known.keys()]).toEqual(['1'])
  expect(namesDue(fewer, fullReading(2))).toBe(AT + hours(1))
})

test('a failure is no matter, and asked again later; a refusal is not', async () => {
  const failing = calling(() => Promise.reject(new CollectError('timeout', 'no answer')))
  const failed = await askNames(noNames, flow, fullReading(2), failing, () => AT)
  expect(namesDue(failed, fullReading(2))).toBe(AT + minutes(1))
  const refusing = calling(() => Promise.reject(new Unsupported('no right to read delivery.carrier')))
  const refused = await askNames(failed, flow, fullReading(2), refusing, () => AT)
  expect(refused.known).toEqual(new Map())
  expect(namesDue(refused, fullReading(2))).toBeUndefined()
})
