/**
 * XML-RPC, read and written by the xmlrpc package without its transport.
 *
 * Its reader takes any markup for a reply, rounds big integers, and lets a member named `__proto__` set a prototype;
 * here it is told to be strict. It is fed in small pieces, so that a big reply doesn't hold up everything else.
 */
import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import Deserializer from 'xmlrpc/lib/deserializer.js'
import serializer from 'xmlrpc/lib/serializer.js'
import { CollectError } from '../../src/collector.ts'
import type { Value } from './values.ts'

export interface XmlRpcFault {
  readonly code: number
  readonly text: string
}

export type XmlRpcReply = { readonly value: unknown } | { readonly fault: XmlRpcFault }

/** Nothing stops the parser within a piece, and on tags that don't match its work grows with the square: small ones. */
const PIECE = 512
/** Others get their turn after so many, some 3 ms of parsing. */
const PIECES_AT_ONCE = 32
/** A list of records is 12 deep. */
const DEEPEST = 100

/** What may stand in an element, by position, and how many must; http://xmlrpc.com/spec.md and its i8 and nil. */
interface Content {
  readonly allows: (position: number) => readonly string[]
  readonly least: number
}
const only = (...names: readonly string[]): Content => ({ allows: (n) => (n === 0 ? names : []), least: 1 })
const any = (name: string): Content => ({ allows: () => [name], least: 0 })
const SCALARS = ['INT', 'I4', 'I8', 'BOOLEAN', 'DOUBLE', 'STRING', 'NIL', 'BASE64', 'DATETIME.ISO8601']
const CONTENTS: ReadonlyMap<string, Content> = new Map([
  ['', only('METHODRESPONSE')],
  ['METHODRESPONSE', only('PARAMS', 'FAULT')],
  ['PARAMS', only('PARAM')],
  ['PARAM', only('VALUE')],
  ['FAULT', only('VALUE')],
  ['VALUE', { ...only('ARRAY', 'STRUCT', ...SCALARS), least: 0 }],
  ['ARRAY', only('DATA')],
  ['DATA', any('VALUE')],
  ['STRUCT', any('MEMBER')],
  ['MEMBER', { allows: (n) => [['NAME'], ['VALUE'], []][Math.min(n, 2)] ?? [], least: 2 }],
])

const INTEGER = /^[+-]?\d+$/
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const ISO8601 = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d:\d\d:\d\d)$/

const integer = (data: string): number => {
  const value = Number(data)
  if (!INTEGER.test(data)) throw new Error(`"${data.slice(0, 40)}" is no integer`)
  if (!Number.isSafeInteger(value)) throw new Error(`${data.slice(0, 40)} is more than a number can hold`)
  return value
}

const isFault = (value: unknown): value is { readonly faultCode: number; readonly faultString: string } =>
  typeof value === 'object' &&
  value !== null &&
  'faultCode' in value &&
  typeof value.faultCode === 'number' &&
  'faultString' in value &&
  typeof value.faultString === 'string'

class StrictDeserializer extends Deserializer {
  readonly #open = [{ name: '', children: 0 }]

  constructor() {
    super()
    const { _parser: parser } = this.parser
    // The package gives no way to ask for it: well-formed markup only, and names as they are written.
    parser.strict = true
    // Neither for this: no counting of lines, nor an event of the stream for each tag. That is three fifths of the work.
    parser.trackPosition = false
    parser.onopentag = (node) => this.onOpentag(node)
    parser.onclosetag = (name) => this.onClosetag(name)
    parser.ontext = (text) => this.onText(text)
  }

  override onOpentag(node: { name: string }): void {
    const name = node.name.replace(/^ex:/, '').toUpperCase()
    const parent = this.#open.at(-1)
    const content = CONTENTS.get(parent?.name ?? '')
    const fits = content?.allows(parent?.children ?? 0).includes(name) === true
    if (parent === undefined || !fits || this.#open.length > DEEPEST) {
      this.onError(new Error(`<${node.name.slice(0, 40)}> has no place there`))
      return
    }
    parent.children += 1
    this.#open.push({ name, children: 0 })
    super.onOpentag({ name })
  }

  override onClosetag(written: string): void {
    const closed = this.#open.pop()
    const least = CONTENTS.get(closed?.name ?? '')?.least ?? 0
    if (closed === undefined || closed.children < least) {
      this.onError(new Error(`<${written.slice(0, 40)}> lacks its content`))
    } else if (closed.name === 'FAULT' && !isFault(this.stack[0])) {
      this.onError(new Error('a fault without faultCode and faultString'))
    } else super.onClosetag(closed.name)
  }

  #scalar(value: number | string): void {
    this.push(value)
    this.value = false
  }

  override endInt(data: string): void {
    this.#scalar(integer(data))
  }

  override endI8(data: string): void {
    this.#scalar(integer(data))
  }

  override endDouble(data: string): void {
    if (!DOUBLE.test(data)) throw new Error(`"${data.slice(0, 40)}" is no number`)
    this.#scalar(Number(data))
  }

  /** As Odoo writes its own datetimes: without a zone, so that ours doesn't enter into it. */
  override endDateTime(data: string): void {
    const [match, year, month, day, time] = ISO8601.exec(data) ?? []
    if (match === undefined) throw new Error(`"${data.slice(0, 40)}" is no date`)
    this.#scalar(`${year}-${month}-${day} ${time}`)
  }

  /** Members are defined, not assigned: `__proto__` is a name like any. */
  override endStruct(): void {
    const items = this.stack.splice(this.marks.pop() ?? 0)
    const members = Array.from({ length: items.length / 2 }, (_, i) => [String(items[2 * i]), items[2 * i + 1]])
    this.push(Object.fromEntries(members))
    this.value = false
  }
}

async function* pieces(body: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let from = 0; from < body.length; from += PIECE) {
    signal.throwIfAborted()
    yield body.subarray(from, from + PIECE)
    if ((from / PIECE) % PIECES_AT_ONCE === 0) await setImmediate()
  }
}

/** Rejects with `decode` where the text is not a well-formed reply, or with the signal's reason when it aborts. */
export const parseReply = (body: Buffer, signal: AbortSignal): Promise<XmlRpcReply> =>
  new Promise((resolve, reject) => {
    if (!isUtf8(body)) return reject(new CollectError('decode', 'the reply is no XML-RPC: it is no UTF-8'))
    const stream = Readable.from(pieces(body, signal), { objectMode: false })
    new StrictDeserializer().deserializeMethodResponse(stream, (error, value) => {
      stream.destroy()
      if (error === null) resolve({ value })
      else if (signal.aborted) reject(signal.reason)
      else if (isFault(error)) resolve({ fault: { code: error.faultCode, text: error.faultString } })
      else {
        const [message] = error.message.split('\n')
        reject(new CollectError('decode', `the reply is no XML-RPC: ${message}`, { cause: error }))
      }
    })
  })

/** The XML of a call. */
export const writeCall = (method: string, params: readonly Value[]): string =>
  serializer.serializeMethodCall(method, params)
