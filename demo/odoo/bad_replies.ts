/** Replies that are not what was asked for: what proxies, memory limits, upgrades and other programs make of Odoo's. */
import { setTimeout as delay } from 'node:timers/promises'
import { kinds, OdooError } from './errors.ts'
import type { Answer } from './routes.ts'
import { Double, type Result } from './values.ts'

export const badReplies = [
  'truncated', // half of the document, the length of a half
  'cut_off', // half of the document, the length of the whole, and the connection is closed
  'empty', // no body
  'html', // a page, with 200
  'html_404', // a page, with 404: Odoo's own while its database is down (JSON-2)
  'html_502', // a proxy's page
  'fault_1', // anything; JSON-2: 500
  'fault_2', // a UserError; JSON-2: 422
  'fault_3', // access denied; JSON-2: 403
  'fault_4', // an AccessError; JSON-2: 403
  'wrong_types', // the right shape, but numbers are texts, texts are numbers, booleans are neither
  'wrong_shape', // a mapping, whatever was asked
  'huge', // a list of 40 MB
  'hanging', // none, until it is switched off
] as const

export type BadReply = (typeof badReplies)[number]

const faults: Readonly<Record<string, OdooError>> = {
  fault_1: new OdooError(kinds.plain, 'something went wrong in /srv/odoo/addons/custom/models/model.py'),
  fault_2: new OdooError(kinds.user, 'This cannot be done.'),
  fault_3: new OdooError(kinds.denied, 'Access Denied'),
  fault_4: new OdooError(kinds.access, 'You are not allowed to access this.'),
}

const HUGE = 40 * 1024 * 1024
const PIECE = 'x'.repeat(1024)

const mistyped = (value: Result): Result => {
  if (value instanceof Double || typeof value === 'number') return 'many'
  if (typeof value === 'string') return 17
  if (value === null || typeof value === 'boolean') return 'perhaps'
  if (Array.isArray(value)) return value.map(mistyped)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mistyped(inner)]))
}

/** In place of the result, where the reply is bad in what it says. Throws OdooError for faults. */
export const badResult = async (reply: () => BadReply | undefined, result: () => Promise<Result>): Promise<Result> => {
  // Asked again and again: it is answered once the switch is off.
  while (reply() === 'hanging') await delay(50, undefined, { ref: false })
  const bad = reply()
  const fault = faults[bad ?? '']
  if (fault) throw fault
  if (bad === 'wrong_shape') return { surprise: true }
  if (bad === 'huge') return Array.from({ length: HUGE / PIECE.length }, () => PIECE)
  return bad === 'wrong_types' ? mistyped(await result()) : result()
}

const page = (status: number): Answer => ({
  status,
  type: 'text/html; charset=utf-8',
  body: `<!doctype html>\n<html lang=en>\n<title>${status}</title>\n<h1>Not what was asked for</h1>\n`,
})

/** In place of the answer, where the reply is bad on the wire. */
export const badAnswer = (reply: BadReply | undefined, answer: Answer): Answer => {
  const half = answer.body.slice(0, answer.body.length / 2)
  switch (reply) {
    case 'truncated':
      return { ...answer, body: half }
    case 'cut_off':
      return { ...answer, body: half, promised: Buffer.byteLength(answer.body) }
    case 'empty':
      return { ...answer, body: '' }
    case 'html':
      return page(200)
    case 'html_404':
      return page(404)
    case 'html_502':
      return page(502)
    default:
      return answer
  }
}
