/** The XML-RPC side of the wire: calls read and answers written by the `xmlrpc` package. */
import { Readable } from 'node:stream'
import Deserializer from 'xmlrpc/lib/deserializer.js'
import serializer from 'xmlrpc/lib/serializer.js'
import { kinds, OdooError, traceback } from './errors.ts'
import { Double, type Result } from './values.ts'

export interface Call {
  readonly method: string
  readonly params: readonly unknown[]
}

/** What Python reads besides: `ex:nil`, and i8 as a number. */
class CallDeserializer extends Deserializer {
  override onOpentag(node: { name: string }): void {
    super.onOpentag({ ...node, name: node.name.replace(/^EX:/, '') })
  }
  override onClosetag(name: string): void {
    super.onClosetag(name.replace(/^EX:/, ''))
  }
  override endI8(data: string): void {
    this.endInt(data)
  }
}

/** Throws OdooError (ExpatError) for what is no method call. */
export const parseCall = (body: string): Promise<Call> => {
  if (body.trim() === '') return Promise.reject(new OdooError(kinds.xml, 'no element found: line 1, column 0'))
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, method?: string, params?: readonly unknown[]) => {
      if (error) reject(new OdooError(kinds.xml, `syntax error: ${error.message}`))
      else resolve({ method: method ?? '', params: params ?? [] })
    }
    new CallDeserializer().deserializeMethodCall(Readable.from([Buffer.from(body)]), done)
  })
}

const limit = 2 ** 31

/** Throws OdooError where Python's marshaller would: None, and whole numbers past 32 bits. */
const marshallable = (value: Result): void => {
  if (value === null) throw new OdooError(kinds.type, 'cannot marshal None unless allow_none is enabled')
  if (typeof value === 'number') {
    if (value >= limit || value < -limit) throw new OdooError(kinds.overflow, 'int exceeds XML-RPC limits')
  } else if (Array.isArray(value)) {
    for (const item of value) marshallable(item)
  } else if (typeof value === 'object' && !(value instanceof Double)) {
    for (const item of Object.values(value)) marshallable(item)
  }
}

export const response = (value: Result): string => {
  marshallable(value)
  return serializer.serializeMethodResponse(value)
}

export const fault = (error: OdooError): string =>
  serializer.serializeFault({
    faultCode: error.kind.faultCode,
    faultString: error.kind.faultCode === 1 ? traceback(error) : error.message,
  })
