/**
 * `npm run mutate`: changes the rules a little, one change at a time, and looks whether a promtool test notices. By
 * default all of them; exit 1 where too few are noticed, or an entry of equivalent.yaml is out of date.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { equivalents, listed } from './mutate/equivalent.ts'
import { hunt, mutantsOf, type Progress, sound } from './mutate/kill.ts'
import { isEnough, rowsOf, tableOf } from './mutate/report.ts'
import { reaching, rulesIn } from './mutate/rules.ts'
import { unitsIn } from './mutate/units.ts'

const USAGE = `usage: npm run mutate -- [--only NAME]... [--workers N] [--json]
  --only NAME   mutants of this alert or recording alone (once for each)
  --workers N   promtool processes side by side (2)
  --json        the figures and the survivors as JSON`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const root = join(import.meta.dirname, '..')
const say = (text: string): void => console.error(text)

const main = async (folder: string): Promise<number> => {
  const workers = Number(values.workers)
  const rules = rulesIn(join(root, 'alert-rules/generated'))
  const estate = { rules, reads: reaching(rules) }
  const unknown = values.only.filter((name) => !rules.some((rule) => rule.name === name))
  if (unknown.length > 0) {
    say(`no rule is named ${unknown.join(', ')}`)
    return 2
  }
  const isAsked = (name: string): boolean => values.only.length === 0 || values.only.includes(name)
  const entries = equivalents.parse(parse(readFileSync(join(root, 'tools/mutate/equivalent.yaml'), 'utf8')))
  const all = rules.flatMap(mutantsOf)
  const { equivalent, stale } = listed(all, entries)
  for (const { rule, place } of stale)
    say(`tools/mutate/equivalent.yaml: no mutant is like this any more: ${rule}: ${place}`)
  const mutants = await sound(
    folder,
    all.filter((mutant) => isAsked(mutant.rule) && !equivalent.has(mutant)),
  )
  const units = unitsIn(join(root, 'test/alert-rules'), estate)
  const begun = Date.now()
  const seconds = () => Math.round((Date.now() - begun) / 1000)
  let told = 0
  const progress = ({ done, of, survivors, trials }: Progress): void => {
    const line = `${done} of ${of} mutants, ${survivors.length} survive, ${trials} trials, ${seconds()} s`
    if (process.stderr.isTTY) process.stderr.write(`\r${line}`)
    else {
      for (const { rule, change } of survivors.slice(told)) say(`survives: ${rule}: ${change.kind}: ${change.place}`)
      if (survivors.length > told || trials % 50 < 3) say(line)
      told = survivors.length
    }
  }
  const { survivors, broken } = await hunt(folder, mutants, units, { workers, say: progress })
  if (process.stderr.isTTY) say('')
  for (const unit of broken) say(`it says nothing, as it fails with the rules as they are: ${unit.name}`)
  const rows = rowsOf(estate, mutants, survivors).filter(
    ({ alert, mutants: n }) => n > 0 && (values.only.length === 0 || isAsked(alert) || n > 0),
  )
  const totals = {
    mutants: mutants.length,
    survivors: survivors.length,
    equivalent: equivalent.size,
    seconds: seconds(),
  }
  console.log(values.json ? JSON.stringify({ ...totals, rows }, undefined, 2) : tableOf(rows))
  say(`${mutants.length} mutants, ${survivors.length} survive, ${equivalent.size} equivalent, ${seconds()} s`)
  return broken.length === 0 && stale.length === 0 && rows.every(isEnough) ? 0 : 1
}

if (values.help) console.log(USAGE)
else {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-'))
  try {
    process.exitCode = await main(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
