/** The whole service over the stand-in's Odoo: restarts, replicas, reloads, outages, companies that are not seen. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { eventually } from '../../support/eventually.ts'
import { asOf, fastClock, type Installation, install, JOBS, odooBlock, onlyFlows, type Shown } from './installation.ts'
import { jobsIn, keepWorking } from './jobs.ts'
import { startTampering } from './tampering.ts'

const DAY = 24 * 60 * MINUTE
const FLOW = 'jobs'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([18])
}, 60_000)
afterAll(() => estate?.stop())

const textOf = (flows = '') => `${onlyFlows()}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(estate.of(18))}${flows}`

const started = async (clock: ReturnType<typeof fastClock>, flows = ''): Promise<Installation> => {
  const env = { PULSE_KEY: estate.of(18).users.pulse.apiKey }
  const installation = await install({ clock, env, text: textOf(flows), own: { [FLOW]: JOBS } })
  onTestFinished(installation.stop)
  return installation
}
/** The same rows in a database of its own would cost more than to empty the table. */
const jobsAnew = async () => {
  const jobs = jobsIn(estate.postgres, estate.of(18).database)
  await jobs.query('DELETE FROM queue_job')
  return jobs
}
const isJudged = async ({ flow }: Installation): Promise<Shown | undefined> => {
  const shown = await flow(FLOW)
  return shown.state === 'judged' ? shown : undefined
}

test('one that was killed and one that never stopped say the same at the same instant', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(60)
  const jobs = await jobsAnew()
  await jobs.past(clock.now() - 31 * DAY, clock.now() - MINUTE, 20 * MINUTE)
  const runner = keepWorking(jobs, clock.now, MINUTE / 2)
  onTestFinished(runner.stop)
  const said = new Map<string, Map<number, Shown>>()
  const listen = async (name: string, { flow }: Installation): Promise<void> => {
    const shown = await flow(FLOW)
    // The whole span was read when this was said.
    if (shown.open === undefined) return
    const known = said.get(name) ?? new Map<number, Shown>()
    said.set(name, known.set(asOf(shown), shown))
  }
  const lasting = await started(clock)
  const killed = await started(clock)
  await holds('both', async () => (await isJudged(lasting)) && (await isJudged(killed)))
  // It keeps nothing: what it knew is gone as if by kill -9.
  await killed.stop()
  runner.halt()
  const again = await started(clock)
  await holds(
    'five instants both speak of',
    async () => {
      await Promise.all([listen('lasting', lasting), listen('again', again)])
      const common = [...(said.get('lasting')?.keys() ?? [])].filter((at) => said.get('again')?.has(at))
      return common.length >= 5
    },
    40_000,
  )
  for (const [at, shown] of said.get('again') ?? []) {
    const { windows, overdue } = said.get('lasting')?.get(at) ?? shown
    expect(shown).toMatchObject({ windows, overdue })
    expect(windows?.find(({ window }) => window === '3d')?.good).toBeGreaterThan(200)
  }
  const last = [...(said.get('again')?.values() ?? [])].at(-1)
  expect(last?.windows?.find(({ window }) => window === '5m')?.bad).toBeGreaterThan(0)
})

test('a reload keeps what is unchanged and begins anew what is not; exclude[] leaves flows out; what is gone vanishes', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(30)
  const jobs = await jobsAnew()
  await jobs.past(clock.now() - 31 * DAY, clock.now() - MINUTE, 60 * MINUTE)
  const installation = await started(clock)
  const { metrics, flow, flows, apply } = installation
  await holds('the whole span', async () => (await flow(FLOW)).progress === 1)
  expect(await metrics('?exclude[]=flows')).not.toContain('odoo_flow_')
  expect(await metrics('?exclude[]=flows')).toContain('odoo_up{tenant="acme"} 1')
  expect(await metrics()).toMatch(/odoo_flow_info{tenant="acme",flow="paid-order",.*state="off"} 1/)

  // Another flow is switched on, this one is as it was.
  await apply(textOf('    flows: { background-jobs: { enabled: true } }\n'))
  expect(await flow(FLOW)).toMatchObject({ state: 'judged', progress: 1 })
  await holds('the other flow', async () => (await flow('background-jobs')).state === 'judged')

  // What is promised of it is not what it is judged by.
  await apply(textOf(`    flows: { ${FLOW}: { objective: 0.9 } }\n`))
  await holds('its verdicts, all of them kept', async () => (await flow(FLOW)).progress === 1, 1_000)

  await apply(textOf(`    flows: { ${FLOW}: { target: { within: 1m } } }\n`))
  expect((await flow(FLOW)).progress ?? 0).toBeLessThan(1)
  await holds('the changed flow', () => isJudged(installation))

  await apply(`${onlyFlows()}tenants: { acme: { tier: shared, db_cluster: c } }\n`)
  expect(await flows()).toEqual([])
  expect(await metrics()).not.toContain('odoo_flow_')
})

test('an Odoo that hangs: the last reading stands a while, then nothing is said but why; well again at once', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(60)
  await (await jobsAnew()).past(clock.now() - DAY, clock.now() - MINUTE, 60 * MINUTE)
  const odoo = estate.of(18)
  const installation = await started(clock)
  await holds('a verdict', () => isJudged(installation))
  onTestFinished(() => odoo.faults.hang(false))
  odoo.faults.hang(true)
  const failing = await holds('the failure', async () => {
    const shown = await installation.flow(FLOW)
    // At this pace the reading is too old before the question has run out of time.
    return shown.state === 'failing' && /no answer/.test(shown.reason ?? '') ? shown : undefined
  })
  expect(failing.windows).toBeUndefined()
  await eventually(async () => {
    const page = await installation.metrics()
    expect(page).toMatch(/odoo_flow_info{tenant="acme",flow="jobs",.*state="failing"} 1/)
    expect(page).not.toContain('odoo_flow_verdicts')
  })
  odoo.faults.hang(false)
  await holds('recovery', () => isJudged(installation))
  const told = installation.log().filter((line) => line.flow === FLOW && line.state !== undefined)
  const states = told.map(({ state }) => state)
  expect(states.filter((state, i) => state !== states[i - 1])).toEqual(['judged', 'failing', 'judged'])
  expect(states.length).toBeLessThan(6)
})

test('no verdicts while not every company is seen; rights that are lost are a failure', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(120)
  await (await jobsAnew()).past(clock.now() - DAY, clock.now() - MINUTE, 60 * MINUTE)
  const { faults } = estate.of(18)
  onTestFinished(async () => {
    await faults.companies([1, 2, 3])
    faults.rightsLost(false)
  })
  await faults.companies([1])
  const installation = await started(clock)
  const { flow } = installation
  const withheld = await holds('the state', async () => {
    const shown = await flow(FLOW)
    return shown.state === 'withheld' ? shown : undefined
  })
  expect(withheld.reason).toMatch(/sees 1 of 3 companies/)
  expect(withheld.windows).toBeUndefined()
  await faults.companies([1, 2, 3])
  await holds('verdicts', () => isJudged(installation))
  faults.rightsLost(true)
  const lost = await holds('the loss', async () => {
    const shown = await flow(FLOW)
    return shown.state === 'failing' ? shown : undefined
  })
  expect(lost.reason).toMatch(/^was judged before and can't be any more: .*queue\.job/)
  faults.rightsLost(false)
  await holds('verdicts again', () => isJudged(installation))
})

test('by SQL where it is configured, unless the tenant says otherwise; both ways say the same', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(60)
  const jobs = await jobsAnew()
  await jobs.past(clock.now() - 31 * DAY, clock.now() - MINUTE, 20 * MINUTE)
  const { port, password } = estate.postgres
  const tenant = (reader: string) => `    tier: dedicated
    db_cluster: c
    flow_reader: ${reader}
    odoo_sql: { host: 127.0.0.1, port: ${port}, user: postgres, dbname: ${estate.of(18).database}, password: { env: PGPASSWORD } }
    odoo:
${odooBlock(estate.of(18))}`
  const installation = await install({
    clock,
    env: { PULSE_KEY: estate.of(18).users.pulse.apiKey, PGPASSWORD: password },
    text: `${onlyFlows()}tenants:\n  acme:\n${tenant('auto')}  twin:\n${tenant('rpc')}`,
    own: { [FLOW]: JOBS },
  })
  onTestFinished(installation.stop)
  const said = new Map<string, Map<number, Shown>>()
  const listen = async (name: string): Promise<void> => {
    const shown = await installation.flow(FLOW, name)
    if (shown.open === undefined) return
    said.set(name, (said.get(name) ?? new Map<number, Shown>()).set(asOf(shown), shown))
  }
  await holds(
    'three instants both speak of',
    async () => {
      await Promise.all([listen('acme'), listen('twin')])
      return [...(said.get('acme')?.keys() ?? [])].filter((at) => said.get('twin')?.has(at)).length >= 3
    },
    40_000,
  )
  expect(await installation.flow(FLOW)).toMatchObject({ via: 'sql', state: 'judged' })
  expect(await installation.flow(FLOW, 'twin')).toMatchObject({ via: 'rpc', state: 'judged' })
  for (const [at, { windows }] of said.get('acme') ?? []) {
    const twin = said.get('twin')?.get(at)
    if (twin !== undefined) expect(twin.windows).toEqual(windows)
    expect(windows?.find(({ window }) => window === '3d')?.good).toBeGreaterThan(200)
  }
})

test('Odoo’s clock that is set back, and forth again, is followed; nothing waits for an hour that has been', {
  timeout: 60_000,
}, async () => {
  const clock = fastClock(60)
  await (await jobsAnew()).past(clock.now() - DAY, clock.now() - MINUTE, 60 * MINUTE)
  const odoo = estate.of(18)
  const before = await startTampering(odoo.url)
  onTestFinished(before.stop)
  const text = `${onlyFlows()}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo, before.url)}`
  const env = { PULSE_KEY: odoo.users.pulse.apiKey }
  const installation = await install({ clock, env, text, own: { [FLOW]: JOBS } })
  onTestFinished(installation.stop)
  const judgedAround = (ahead: number) => async (): Promise<Shown | undefined> => {
    const shown = await isJudged(installation)
    return shown && Math.abs(asOf(shown) - clock.now() - ahead) < 10 * MINUTE ? shown : undefined
  }
  await holds('verdicts', judgedAround(0))
  before.tamper((_body, reply, response) => {
    response.writeHead(200, { 'content-type': 'text/xml', date: new Date(Date.now() - 120 * MINUTE).toUTCString() })
    response.end(reply)
    return true
  })
  await holds('verdicts of two hours ago', judgedAround(-120 * MINUTE))
  const skew = /odoo_flow_clock_skew_seconds{tenant="acme"} (\S+)/.exec(await installation.metrics())
  expect(Number(skew?.[1])).toBeGreaterThan(-7210)
  expect(Number(skew?.[1])).toBeLessThan(-7190)
  before.tamper(undefined)
  await holds('verdicts of now', judgedAround(0))
})
