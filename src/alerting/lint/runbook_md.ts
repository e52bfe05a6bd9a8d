/** A runbook → its name and its sections. Pure. */
import type { Source } from '../../config/yaml.ts'

export interface Runbook {
  readonly file: string
  /** The part of its path that names it: `OdooUnreachable`, `flows/picking`. */
  readonly name: string
  readonly headings: readonly string[]
}

export const readRunbook = ({ file, text }: Source): Runbook => {
  const outsideCode = text.replace(/^(`{3,}|~{3,}).*?^\1/gms, '')
  const [, folder = '', name = ''] = /(flows\/|procedures\/)?([^/]+)\.md$/.exec(file) ?? []
  return {
    file,
    name: `${folder}${name}`,
    headings: [...outsideCode.matchAll(/^#{1,2} +(.+?) *$/gm)].map(([heading]) => heading.trim()),
  }
}
