/** Certificates made on the spot. */
import { generate } from 'selfsigned'

export interface Pair {
  readonly cert: string
  readonly key: string
}

const names = (cn: string) => [{ name: 'commonName', value: cn }]

export const createCa = async (cn = 'test CA'): Promise<Pair> => {
  const { cert, private: key } = await generate(names(cn), {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { cert, key }
}

/** For 127.0.0.1, server and client use. */
export const createPair = async (cn: string, ca?: Pair, keyType: 'ec' | 'rsa' = 'ec'): Promise<Pair> => {
  const { cert, private: key } = await generate(names(cn), {
    keyType,
    algorithm: 'sha256',
    ...(ca && { ca }),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: cn },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
          { type: 1, value: `${cn}@example.com` },
          { type: 6, value: `spiffe://example/${cn}` },
        ],
      },
    ],
  })
  return { cert, key }
}
