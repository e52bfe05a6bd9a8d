/** The shape of an answer: the types in its tree, whatever the values. */
import { Readable } from 'node:stream'
import Deserializer from 'xmlrpc/lib/deserializer.js'

export type Shape = string | { readonly [key: string]: Shape } | readonly Shape[]

const second = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** False stands for null, so it fits anything. */
const nothing = 'false'

const merge = (a: Shape, b: Shape): Shape => {
  if (a === nothing) return b
  if (b === nothing) return a
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b].length === 0 ? [] : [[...a, ...b].reduce(merge)]
  if (isRecord(a) && isRecord(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return Object.fromEntries([...keys].map((key) => [key, merge(a[key] ?? nothing, b[key] ?? nothing)]))
  }
  return JSON.stringify(a) === JSON.stringify(b) ? a : `${JSON.stringify(a)} or ${JSON.stringify(b)}`
}

/** `[id, name]`, and domains, are not lists of one thing. */
const isTuple = (value: readonly unknown[]): boolean => value.length > 1 && new Set(value.map((v) => typeof v)).size > 1

export const shapeOf = (value: unknown): Shape => {
  // JSON writes a float that is whole like an int: there all numbers are the same.
  if (value instanceof Double) return 'double'
  if (value === false || value === null) return nothing
  if (typeof value === 'string') return second.test(value) ? 'instant' : 'text'
  if (typeof value === 'number') return 'int'
  if (Array.isArray(value)) {
    if (isTuple(value)) return 'tuple'
    return value.length === 0 ? [] : [value.map(shapeOf).reduce(merge)]
  }
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, shapeOf(v)]))
  return typeof value
}

const element = (shape: readonly Shape[]): Shape => shape[0] ?? nothing

const keysOf = (shape: object): string => Object.keys(shape).sort().join()

/** What of `real` is not so in `ours`, by path. */
export const differences = (real: Shape, ours: Shape, path = ''): readonly string[] => {
  if (real === nothing || ours === nothing) return []
  if (Array.isArray(real) && Array.isArray(ours)) return differences(element(real), element(ours), `${path}[]`)
  if (!isRecord(real) || !isRecord(ours) || Array.isArray(real) || Array.isArray(ours)) {
    return JSON.stringify(real) === JSON.stringify(ours)
      ? []
      : [`${path}: ${JSON.stringify(real)} became ${JSON.stringify(ours)}`]
  }
  if (keysOf(real) !== keysOf(ours)) return [`${path}: ${keysOf(real)} became ${keysOf(ours)}`]
  return Object.keys(real).flatMap((key) => differences(real[key] ?? nothing, ours[key] ?? nothing, `${path}.${key}`))
}

class Double {}

/** Tells floats from ints, which JavaScript does not. */
class TypedDeserializer extends Deserializer {
  override endDouble(data: string): void {
    super.endDouble(data)
    this.stack[this.stack.length - 1] = new Double()
  }
}

export type Reply = { readonly value: unknown } | { readonly code: number; readonly text: string }

export const parseReply = (body: string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    new TypedDeserializer().deserializeMethodResponse(Readable.from([Buffer.from(body)]), (error, value) => {
      if (!error) resolve({ value })
      else if (typeof error.faultCode === 'number') resolve({ code: error.faultCode, text: String(error.faultString) })
      else reject(error)
    })
  })
