/** HTML that is safe by construction: text is escaped, markup is a type of its own. Pure. */

/** Markup that is safe as it stands. */
export interface Html {
  readonly markup: string
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c)

type Part = string | number | Html | readonly Html[]
const markupOf = (part: Part): string => {
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return 'markup' in part ? part.markup : part.map((p) => p.markup).join('')
}
/** Everything in the holes is escaped, but for what is Html already. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: strings.reduce((text, s, i) => text + markupOf(parts[i - 1] ?? '') + s),
})
export const NONE: Html = { markup: '' }
