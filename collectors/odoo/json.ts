/** JSON as it comes over HTTP. */
import { CollectError } from '../../src/collector.ts'
import type { Reply } from './transport.ts'

export const isJson = ({ mediaType }: Reply): boolean => mediaType === 'application/json'

/** Throws `decode` where the body is no JSON in UTF-8. */
export const parseJson = ({ body }: Reply): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new CollectError('decode', `the reply is no JSON: ${error instanceof Error ? error.name : ''}`, {
      cause: error,
    })
  }
}
