/** The two halves of the xmlrpc package (1.3.2) that stand without its transport; its types name neither. */
declare module 'xmlrpc/lib/serializer.js' {
  const serializer: {
    readonly serializeMethodCall: (method: string, params: readonly unknown[]) => string
    readonly serializeMethodResponse: (result: unknown) => string
    readonly serializeFault: (fault: { readonly faultCode: number; readonly faultString: string }) => string
  }
  export default serializer
}

declare module 'xmlrpc/lib/deserializer.js' {
  import type { Readable } from 'node:stream'

  export default class Deserializer {
    /** Values read so far. */
    stack: unknown[]
    /** Where in the stack the open arrays and structs begin. */
    marks: number[]
    /** Whether a value has been opened and holds no typed element so far. */
    value: boolean
    /** A stream of sax, and the parser in it. */
    parser: {
      _parser: {
        strict: boolean
        trackPosition: boolean
        onopentag: (node: { name: string }) => void
        onclosetag: (name: string) => void
        ontext: (text: string) => void
      }
    }
    deserializeMethodCall(
      stream: Readable,
      callback: (error: Error | null, method?: string, params?: readonly unknown[]) => void,
    ): void
    deserializeMethodResponse(
      stream: Readable,
      callback: (error: (Error & { faultCode?: unknown; faultString?: unknown }) | null, value?: unknown) => void,
    ): void
    onOpentag(node: { name: string }): void
    onClosetag(name: string): void
    onText(text: string): void
    onError(error: Error): void
    push(value: unknown): void
    endInt(data: string): void
    endI8(data: string): void
    endDouble(data: string): void
    endDateTime(data: string): void
    endStruct(data: string): void
  }
}
