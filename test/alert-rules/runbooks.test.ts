/** Runbooks are there for every alert and every flow, and what they tell somebody to type means something. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ruleFiles } from '../../alert-rules/index.ts'
import { versions } from '../../demo/odoo/columns.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { alertsOf } from '../../src/alerting/rule.ts'
import { needs } from '../support/needs.ts'
import { blocksIn, books, expressionsOf, namesIn, runbooks, statementsOf } from './books.ts'
import { everything, problemsIn } from './promql.ts'

const alerts = alertsOf(ruleFiles).map(({ name }) => name)
const flows = readdirSync(join(runbooks, '../../slo'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))

const OF_ALERT = ['## Meaning', '## Impact', '## Diagnosis', '## Mitigation', '## How to verify recovery']
const OF_FLOW = [
  ...['## What is promised', '## Where to look', '## Usual causes', '## Mitigation'],
  '## How to verify recovery',
]

const headingsIn = (folder: string) =>
  namesIn(folder).map((name) => {
    const book = books.find(({ path }) => path === join(folder, `${name}.md`))
    return [name, book?.headings]
  })

test('alerts and runbooks match one to one, and every runbook has its sections', () => {
  expect(namesIn('')).toEqual([...alerts].sort())
  expect(headingsIn('')).toEqual(namesIn('').map((name) => [name, [`# ${name}`, ...OF_ALERT]]))
})

test('flows and their runbooks match one to one, and every one has its sections', () => {
  expect(namesIn('flows')).toEqual([...flows].sort())
  expect(headingsIn('flows')).toEqual(namesIn('flows').map((name) => [name, [`# ${name}`, ...OF_FLOW]]))
})

test('every link leads somewhere, and to every procedure one does', () => {
  const links = books.flatMap(({ path, links: to }) => to.map((link) => [path, join(dirname(path), link)] as const))
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter(([, to]) => !existsSync(join(runbooks, to.replace(/#.*$/, ''))))).toEqual([])
  const reached = new Set(links.map(([, to]) => to))
  expect(namesIn('procedures').filter((name) => !reached.has(join('procedures', `${name}.md`)))).toEqual([])
})

test('a link into a page leads to a heading of it', () => {
  const anchors = books.flatMap(({ path, links }) =>
    links.flatMap((link) => {
      const [file = '', anchor] = link.split('#')
      return anchor === undefined ? [] : [[file === '' ? path : join(dirname(path), file), anchor] as const]
    }),
  )
  const anchorOf = (heading: string) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-')
  const lost = anchors.filter(
    ([file, anchor]) => !books.find(({ path }) => path === file)?.headings.some((h) => anchorOf(h) === anchor),
  )
  expect(lost).toEqual([])
})

test('alerts that runbooks name exist', () => {
  const named = books.flatMap(({ path, text }) =>
    [...text.matchAll(/`(Odoo[A-Z]\w+)`/g)].map(([, name = '']) => [path, name] as const),
  )
  expect(named.filter(([, name]) => !alerts.includes(name))).toEqual([])
})

describe('PromQL', () => {
  const inBlocks = blocksIn('promql').flatMap((block) => expressionsOf(block).map((e) => [block.at, e] as const))
  // A selector in the running text, which is copied as well.
  const inText = books.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<!`)`([^`]*)`(?!`)/g)].flatMap(([, code = '']) =>
      /\b(odoo|pg|redis)[\w:]*(\{|\[\d)/.test(code) ? [[path, code] as const] : [],
    ),
  )

  test('every expression parses, and asks for metrics and labels there are', () => {
    expect(inBlocks.length).toBeGreaterThan(100)
    expect(inText.length).toBeGreaterThan(20)
    const problems = [...inBlocks, ...inText].flatMap(([at, expression]) =>
      problemsIn(expression).map((problem) => `${at}: ${problem}: ${expression}`),
    )
    expect(problems).toEqual([])
  })

  const promtool = (command: readonly string[], content: unknown): string => {
    const file = join(mkdtempSync(join(tmpdir(), 'runbooks-')), 'rules.yaml')
    writeFileSync(file, stringify(content, { lineWidth: 0 }))
    const { stdout, stderr } = spawnSync('promtool', [...command, file], { encoding: 'utf8', maxBuffer: 1e8 })
    rmSync(dirname(file), { recursive: true })
    return stdout + stderr
  }

  test('Prometheus finds their types in order', (context) => {
    needs(context, 'prometheus')
    const rules = [...inBlocks, ...inText].map(([, expr], i) => ({ record: `runbook:expression_${i}`, expr }))
    const told = promtool(['check', 'rules'], { groups: [{ name: 'runbooks', rules }] })
    expect(told).toContain(`SUCCESS: ${rules.length} rules found`)
  })

  /** What goes wrong as they are evaluated; promtool tells it of those that it holds against a sample. */
  const failures = (expressions: readonly string[]): readonly string[] => {
    const never = [{ labels: '{never="there"}', value: 0 }]
    const told = promtool(['test', 'rules'], {
      rule_files: [],
      tests: [
        {
          interval: '1m',
          input_series: everything().map((series) => ({ series, values: '0+1x90' })),
          promql_expr_test: expressions.map((expr) => ({ expr, eval_time: '90m', exp_samples: never })),
        },
      ],
    })
    expect(told.match(/^ {4}expr: /gm)?.length).toBe(expressions.length)
    return told.match(/^ {4}expr: .*, err: .*$/gm) ?? []
  }

  test('no join finds two of one, also with two replicas', (context) => {
    needs(context, 'prometheus')
    expect(failures([...inBlocks, ...inText].map(([, expression]) => expression))).toEqual([])
    expect(failures(['pg_up * on (server) group_left () rate(pg_stat_wal_bytes_total[15m])'])).toHaveLength(1)
  })

  test.for([
    ['does not parse', 'sum by (tenant (odoo_up)'],
    ['does not parse', 'odoo_up == 0 odoo_up'],
    ['no metric odoo_uup', 'odoo_uup == 0'],
    ['no label tenat of odoo_up', 'odoo_up{tenat="x"}'],
    ['no label servr', 'sum by (servr) (pg_up)'],
    ['no label flow of odoo:tenant:info', 'odoo:tenant:info{flow="x"}'],
    ['adds up replicas of odoo_queue_jobs', 'sum by (channel) (odoo_queue_jobs)'],
    ['adds up replicas of odoo_queue_jobs', 'max by (tenant) (count by (channel) (odoo_queue_jobs > 1))'],
  ])('%s: %s', ([problem, expression]) => {
    expect(problemsIn(expression ?? '')).toContain(problem)
  })
})

describe('SQL', () => {
  const inText = books.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<!`)`(select [^`]*)`(?!`)/g)].map(([, code = '']) => ({ at: path, text: code })),
  )
  const statements = [...blocksIn('sql'), ...inText].flatMap((block) =>
    statementsOf(block).map((s) => [block.at, s] as const),
  )
  const BEGINS = /^(select|with|update|delete|insert|alter|vacuum|reindex|checkpoint|begin|commit|rollback|drop|set)\b/i
  /** What PostgreSQL can plan without doing it. */
  const PLANNED = /^(select|with|update|delete|insert)\b/i
  /** Progress and failures of crons are there from 18 on, which the text says. */
  const FROM_18 = /ir_cron_progress|failure_count/
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
    for (const version of versions) {
      await createOdooDatabase(postgres, `odoo${version}`, version)
      // What a failed release has to touch, and the stand-in has no use for.
      await postgres.query('CREATE TABLE ir_ui_view (id int4, active bool)', undefined, `odoo${version}`)
    }
  })
  afterAll(async () => {
    await postgres?.stop()
  })

  test('no block is empty, every statement begins with a word of SQL', () => {
    expect(blocksIn('sql').filter((block) => statementsOf(block).length === 0)).toEqual([])
    expect(statements.filter(([, statement]) => !BEGINS.test(statement))).toEqual([])
  })

  test.for(versions)('PostgreSQL can plan them over the tables of an Odoo %i', async (version) => {
    const planned = statements.filter(
      ([, statement]) => PLANNED.test(statement) && (version > 17 || !FROM_18.test(statement)),
    )
    expect(planned.length).toBeGreaterThan(30)
    const problems: string[] = []
    for (const [at, statement] of planned) {
      // What somebody is to put in: a process id, or an id of Odoo.
      const text = statement.replaceAll(/\b(PID|ID)\b/g, '0')
      try {
        await postgres.query(`EXPLAIN ${text}`, undefined, `odoo${version}`)
      } catch (error) {
        problems.push(`${at}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    expect(problems).toEqual([])
  })
})
