/** Replies of real Odoos (18.0, 19.0), with the HTTP status and content type they came with. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Reply } from '../../../collectors/odoo/transport.ts'

const folder = join(import.meta.dirname, '../../fixtures/odoo/replies')
const index = z
  .record(z.string(), z.tuple([z.int(), z.string()]))
  .parse(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')))

export const recordedNames: readonly string[] = Object.keys(index)

export const recorded = (name: string): Reply => {
  const [status, type] = index[name] ?? [0, '']
  return {
    status,
    mediaType: type.split(';')[0] ?? '',
    location: undefined,
    date: undefined,
    body: readFileSync(join(folder, name)),
  }
}
