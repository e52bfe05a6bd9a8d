/** `npm run check`: types, format, lint of code, alerts and dashboards, freshness of generated files, what promtool and amtool say. All steps run; any failure is exit code 1. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bringDebianParts, findBinary } from './debian.ts'

const root = join(import.meta.dirname, '..')
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name))

interface Step {
  readonly what: string
  /** The first of the names found on the PATH. */
  readonly command: readonly string[]
  readonly args: readonly string[]
}

const steps: readonly Step[] = [
  { what: 'types', command: ['tsc'], args: ['-p', '.'] },
  { what: 'format and lint of the code', command: ['biome'], args: ['ci', '.'] },
  { what: 'generated files are fresh', command: [process.execPath], args: ['tools/generate.ts', '--check'] },
  {
    what: 'lint, as shipped',
    command: [process.execPath],
    args: [
      ...['src/main.ts', 'lint', '--config', 'deploy/odoo-pulse.yaml', '--rules', 'alert-rules/generated'],
      ...['--dashboards', 'dashboards/generated', '--alertmanager', 'deploy/alertmanager.yml'],
      ...['--tests', 'test/alert-rules'],
    ],
  },
  {
    what: 'lint, as generated for the example',
    command: [process.execPath],
    args: ['src/main.ts', 'lint', '--config', 'odoo-pulse.example.yaml'],
  },
  { what: 'rules', command: ['promtool'], args: ['check', 'rules', ...filesIn('alert-rules/generated')] },
  {
    what: 'deploy: Prometheus',
    command: ['promtool'],
    args: ['check', 'config', '--syntax-only', 'deploy/prometheus.yml'],
  },
  { what: 'deploy: Alertmanager', command: ['amtool'], args: ['check-config', 'deploy/alertmanager.yml'] },
]

const searchPath = `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`

const passes = ({ what, command, args }: Step): boolean => {
  const binary = command[0]?.startsWith('/') ? command[0] : findBinary(command, searchPath)
  if (binary === undefined) {
    console.log(`skip  ${what}: lacks ${command.join(' or ')}`)
    return process.env.CI !== 'true'
  }
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: root, encoding: 'utf8' })
  console.log(`${status === 0 ? 'ok   ' : 'FAIL '} ${what}`)
  if (status !== 0) console.log(`${stdout}${stderr}`)
  return status === 0
}

bringDebianParts({ install: !process.argv.includes('--no-install'), say: (line) => console.error(line) })
const results = steps.map(passes)
process.exitCode = results.every(Boolean) ? 0 : 1
