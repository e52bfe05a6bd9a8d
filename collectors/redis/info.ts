/** The text of INFO as fields and sections: https://redis.io/docs/latest/commands/info/ Pure. */

export interface Info {
  /** The raw texts, by field. No name stands in two sections. */
  readonly fields: ReadonlyMap<string, string>
  /** Names in lower case, as the headings give them; an empty section counts. */
  readonly sections: ReadonlySet<string>
}

/** Lines it can't read are left out: modules add what they like. */
export const parseInfo = (text: string): Info => {
  const fields = new Map<string, string>()
  const sections = new Set<string>()
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) sections.add(line.slice(1).trim().toLowerCase())
    const colon = line.indexOf(':')
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return { fields, sections }
}

/** Plain decimals only: `1M`, `nan`, `ok`, hexadecimals and nothing are undefined. */
export const decimal = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^-?\d{1,20}(\.\d+)?$/.test(text)) return undefined
  return Number(text)
}

export const numberOf = ({ fields }: Info, field: string): number | undefined => decimal(fields.get(field))

/** For fields that say -1 where there is nothing to say. */
export const notNegative = (value: number | undefined): number | undefined =>
  value === undefined || value < 0 ? undefined : value

/** 1 for `ok`, 0 for any other answer, undefined for none. */
export const okOf = ({ fields }: Info, field: string): number | undefined => {
  const text = fields.get(field)
  return text === undefined || text === '' ? undefined : Number(text === 'ok')
}

/** `calls=2,usec=12` → its parts. */
export const pairsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(',').flatMap((pair): [string, string][] => {
      const equals = pair.indexOf('=')
      return equals > 0 ? [[pair.slice(0, equals), pair.slice(equals + 1)]] : []
    }),
  )

/** The fields that begin so, by the rest of their names, each as its parts. */
export const groupsOf = (
  { fields }: Info,
  prefix: string,
): readonly (readonly [string, ReadonlyMap<string, string>])[] =>
  [...fields].flatMap(([field, text]) =>
    field.startsWith(prefix) && field.length > prefix.length
      ? [[field.slice(prefix.length), pairsOf(text)] as const]
      : [],
  )
