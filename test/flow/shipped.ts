/** The flows as shipped. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Source } from '../../src/config/yaml.ts'
import { type ParsedFlow, parseFlow } from '../../src/flow/spec/spec_file.ts'

const folder = resolve(import.meta.dirname, '../../slo')

export const flowFiles: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()

export const shippedSource = (file: string): Source => ({
  file: `slo/${file}`,
  text: readFileSync(join(folder, file), 'utf8'),
})

export const shipped = (file: string): ParsedFlow => parseFlow(shippedSource(file))
