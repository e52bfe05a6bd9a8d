/** Flows of an operator's own: the README's, and one whose every text is as odd as its file may hold. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Flow, parseFlow } from '../../src/flow/spec/spec_file.ts'

const root = resolve(import.meta.dirname, '../..')

const parsed = (file: string, text: string): Flow => {
  const { flow, problems } = parseFlow({ file, text })
  if (flow === undefined) throw new Error(JSON.stringify(problems))
  return flow
}

const README = /^```yaml\n(# flows\.d\/wms-export\.yaml\n.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'))
export const wmsExport = parsed('flows.d/wms-export.yaml', README?.[1] ?? '')

export const odd = parsed(
  'flows.d/x-1--odd-.yaml',
  String.raw`
title: "L'Été \"1\": <!-- & a\n# heading ${'`'}of${'`'} {{ $labels.tenant }} 'all' -->"
process: "L'Été \"1\" \\ {x=\"y\"}"
owner: "--> <b>nobody</b> ---> 100 %"
kind: journey
evidence: ledger
model: x_odd
base: [{ not: { or: [{ field: x_a, in: ["it's", "\"q\" \\ ${'`'}b${'``'}c"] }, { field: x_b, "<": { parameter: now } }] } }]
company: none
visible: none
start: { when: [{ field: x_c, is: set }], use: x_c, else: { first: [x_d, create_date] } }
open: [{ and: [{ field: x_state, "=": new }, { field: x_ok, "!=": true }] }]
done: { when: [], at: x_end }
target: { by: "16:00", after_open_days: 4 }
slot: { field: create_date }
horizon: 7d
mode: ticket
unknowable: |
  Much.

  ## Mitigation
  none
`,
)

export const shipped: readonly Flow[] = readdirSync(join(root, 'slo'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => parsed(`slo/${name}`, readFileSync(join(root, 'slo', name), 'utf8')))
