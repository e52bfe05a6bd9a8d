/** Replaces known texts, in every form they take on their way into a log, in one pass over the text. */

export const REDACTED = '[redacted]'

/** A form shorter than this counts only where it stands alone: the password `odoo` must not blot out `odoo_up`. */
const ANYWHERE = 8
const PREFIX = 4
/** A line of a longer secret (a PEM key) is a secret of its own from this length on. */
const LINE = 12

const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const encodings = (value: string): readonly string[] => {
  const bytes = Buffer.from(value)
  const well = value.toWellFormed()
  const encoded = [
    percentEncode(well),
    encodeURIComponent(well),
    encodeURI(well),
    new URLSearchParams({ v: well }).toString().slice(2),
  ]
  const url = new URL('http://host')
  url.password = value
  const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())
  return [
    ...encoded,
    url.password,
    ...[...encoded, url.password].map(lower),
    value.replaceAll("'", "''"),
    value.replaceAll("'", "\\'"),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Every way the value may be written, each also JSON-escaped once and twice (a log line within a log line). */
export const formsOf = (value: string): readonly string[] => {
  const lines = value.split(/\r?\n/).filter((line) => line !== value && line.trim().length >= LINE)
  const forms = [value, ...encodings(value), ...lines].flatMap((form) => [form, escaped(form), escaped(escaped(form))])
  return [...new Set(forms)].filter((form) => form.length >= PREFIX)
}

const isWord = (text: string, at: number): boolean => /[A-Za-z0-9_]/.test(text.charAt(at))

/** `%20odoo` and `\nodoo` in JSON: the character before belongs to an escape. */
const endsEscape = (text: string, at: number): boolean =>
  /(?:%[0-9A-Fa-f]{2}|\\[bfnrt]|\\u[0-9A-Fa-f]{4})$/.test(text.slice(Math.max(0, at - 6), at))

const standsAlone = (text: string, from: number, to: number): boolean =>
  (from === 0 || !isWord(text, from - 1) || endsEscape(text, from)) && (to === text.length || !isWord(text, to))

export interface Redactor {
  /** Keeps the last `kept` values of a key. */
  readonly add: (key: string, value: string, kept: number) => void
  readonly redact: (text: string) => string
}

/** The forms that begin alike: whether a text is one of them is asked once per length they have. */
interface Alike {
  readonly forms: ReadonlySet<string>
  /** Longest first. */
  readonly lengths: readonly number[]
}

/** Forms by their first characters: what a position costs does not grow with the number of secrets. */
const indexOf = (values: Iterable<string>): ReadonlyMap<string, Alike> => {
  const groups = Map.groupBy(new Set([...values].flatMap(formsOf)), (form) => form.slice(0, PREFIX))
  const alike = (forms: readonly string[]): Alike => ({
    forms: new Set(forms),
    lengths: [...new Set(forms.map((form) => form.length))].sort((a, b) => b - a),
  })
  return new Map([...groups].map(([prefix, forms]) => [prefix, alike(forms)]))
}

/** How many characters from here on are a known text; 0: none. */
const lengthAt = (index: ReadonlyMap<string, Alike>, text: string, at: number): number => {
  const alike = index.get(text.slice(at, at + PREFIX))
  const isKnown = (length: number): boolean =>
    alike?.forms.has(text.slice(at, at + length)) === true && (length >= ANYWHERE || standsAlone(text, at, at + length))
  return alike?.lengths.find(isKnown) ?? 0
}

export const createRedactor = (): Redactor => {
  const values = new Map<string, readonly string[]>()
  let index: ReadonlyMap<string, Alike> | undefined
  return {
    add: (key, value, kept) => {
      const before = values.get(key) ?? []
      if (before.at(-1) === value) return
      values.set(key, [...before.filter((v) => v !== value), value].slice(-kept))
      index = undefined
    },
    redact: (text) => {
      if (values.size === 0) return text
      index ??= indexOf([...values.values()].flat())
      let out = ''
      let from = 0
      for (let at = 0; at + PREFIX <= text.length; at++) {
        const length = lengthAt(index, text, at)
        if (length === 0) continue
        out += text.slice(from, at) + REDACTED
        from = at + length
        at = from - 1
      }
      return from === 0 ? text : out + text.slice(from)
    },
  }
}
