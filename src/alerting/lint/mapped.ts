/** A text made out of another, each letter of which still knows which one of the other it came from. Pure. */

export interface Mapped {
  readonly text: string
  /** The offset in the original of an offset in the text. */
  readonly origin: (offset: number) => number
}

/** A part of an original. */
export const mappedPart = (original: string, from: number, to: number): Mapped => ({
  text: original.slice(from, to),
  origin: (offset) => from + offset,
})

/** What the pattern finds, replaced; it has to be global. Within a replacement all letters come from its beginning. */
export const replaced = (
  { text, origin }: Mapped,
  pattern: RegExp,
  replacement: (found: string, at: number) => string,
): Mapped => {
  const pieces: string[] = []
  const origins: number[] = []
  const keep = (from: number, to: number) => {
    pieces.push(text.slice(from, to))
    for (let at = from; at < to; at++) origins.push(at)
  }
  let end = 0
  for (const { 0: found, index } of text.matchAll(pattern)) {
    keep(end, index)
    const put = replacement(found, index)
    pieces.push(put)
    for (let i = 0; i < put.length; i++) origins.push(put.length === found.length ? index + i : index)
    end = index + found.length
  }
  keep(end, text.length)
  return { text: pieces.join(''), origin: (offset) => origin(origins[offset] ?? text.length) }
}
