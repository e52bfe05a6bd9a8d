/** A folder with a web configuration and the certificates it names. */
import { hashSync } from 'bcryptjs'
import { createCa, createPair } from './certificates.ts'
import { tempFolder } from './edge.ts'

export const [ca, otherCa] = await Promise.all([createCa(), createCa('other CA')])
export const [server, renewed, client, stranger] = await Promise.all([
  createPair('server', ca),
  createPair('renewed', ca),
  createPair('client', ca),
  createPair('stranger', otherCa),
])

export const folderWith = (yaml: string) => {
  const folder = tempFolder()
  folder.write('server.crt', server.cert)
  folder.write('server.key', server.key)
  folder.write('ca.crt', ca.cert)
  return { ...folder, file: folder.write('web.yml', yaml) }
}
export const TLS = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n'

/** Cheap: tests compare many. */
export const COST = 5
export const hash = (password: string, cost = COST): string => hashSync(password, cost)
export const basic = (credentials: string) => ({
  Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
})
