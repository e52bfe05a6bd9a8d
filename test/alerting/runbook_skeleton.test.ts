/** What a flow's file says stands in its runbook's skeleton, in the sections of every runbook of a flow. */
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runbookSkeleton } from '../../src/alerting/runbook_skeleton.ts'
import { bookOf, expressionsOf } from '../alert-rules/books.ts'
import { problemsIn } from '../alert-rules/promql.ts'
import { odd, shipped, wmsExport } from './flows.ts'

test('of a flow over a custom model', async () => {
  await expect(runbookSkeleton(wmsExport)).toMatchFileSnapshot(resolve(import.meta.dirname, 'wms-export.md'))
})

test.for([wmsExport, odd, ...shipped])('$name: its sections, and PromQL that means something', (flow) => {
  const { headings, blocks } = bookOf(`${flow.name}.md`, runbookSkeleton(flow))
  expect(headings).toEqual([
    `# ${flow.name}`,
    '## What is promised',
    '## Where to look',
    '## Usual causes',
    '## Mitigation',
    '## How to verify recovery',
  ])
  const expressions = blocks.filter(({ language }) => language === 'promql').flatMap(expressionsOf)
  expect(expressions.length).toBeGreaterThanOrEqual(8)
  expect(expressions.flatMap(problemsIn)).toEqual([])
})

test('odd texts stay within their paragraph and their comment', () => {
  const text = runbookSkeleton(odd)
  expect(text).toContain("\nL'Été \"1\": &lt;!-- & a # heading `of` {{ $labels.tenant }} 'all' -->.\n")
  expect(text).toContain('- What cannot be known: Much. ## Mitigation none\n')
  expect(text).toContain(
    String.raw`\`\`\` ["!", "|", ("x_a", "in", ["it's", "\"q\" \\ ${'`b``c'}"]), ("x_b", "<", "NOW")] \`\`\``.replaceAll(
      '\\`',
      '`',
    ),
  )
  const comments = [...text.matchAll(/<!--.*?-->/gs)].map(([comment]) => comment)
  expect(comments.length).toBeGreaterThanOrEqual(6)
  expect(comments.filter((comment) => !/^<!-- describe [^\n]* -->$/.test(comment))).toEqual([])
  // Nothing is left of a comment that ended early.
  expect(text.replaceAll(/<!--.*?-->/gs, '')).not.toContain('answers for it')
})
