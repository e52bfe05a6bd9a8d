/** The files of slo/ and flows.d → the flows there are. Pure. */
import { type Flow, flowNameOf, parseFlow } from '../flow/spec/spec_file.ts'
import type { Problem } from './problem.ts'
import type { Source } from './yaml.ts'

export interface FlowSources {
  readonly shipped: readonly Source[]
  /** The operator's; one of the name of a shipped one takes its place. */
  readonly own: readonly Source[]
}

export const noFlows: FlowSources = { shipped: [], own: [] }

export interface FlowsFound {
  /** Those without problems, by name. */
  readonly flows: readonly Flow[]
  /** Of all files, whatever is in them. */
  readonly names: readonly string[]
  /** Where each of the operator's own stands. */
  readonly files: ReadonlyMap<string, Source>
  readonly problems: readonly Problem[]
}

const byName = (sources: readonly Source[]): ReadonlyMap<string, Source> =>
  new Map(sources.map((source) => [flowNameOf(source.file) ?? source.file, source]))

export const flowsIn = ({ shipped, own }: FlowSources): FlowsFound => {
  const files = new Map([...byName(shipped), ...byName(own)])
  const parsed = [...files].map(([name, source]) => ({ name, ...parseFlow(source) }))
  return {
    flows: parsed.flatMap(({ flow }) => flow ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    names: [...files.keys()].filter((name) => flowNameOf(`${name}.yaml`) !== undefined).sort(),
    files: byName(own),
    problems: parsed.flatMap(({ problems }) => problems),
  }
}
