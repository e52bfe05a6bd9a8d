/** What is wrong with a rule or a query, as a value: where it stands, which check says so, what it is. */

export interface Finding {
  /** The id of the check. */
  readonly check: string
  readonly file: string
  /** From 1; absent where the file as a whole, or one that is missing, is meant. */
  readonly line?: number
  readonly column?: number
  /** Rule group and rule, dashboard and panel, or a path within the file. */
  readonly path: readonly string[]
  readonly message: string
  /** The text from there on, shortened. */
  readonly near?: string
}

/** Where a text stands: an expression, an annotation, a panel's query. */
export interface Place {
  readonly file: string
  readonly path: readonly string[]
  /** Of an offset in the text. */
  readonly position?: (offset: number) => { readonly line: number; readonly column?: number }
}

const SHOWN = 40

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}

/** At an offset in a text that stands at a place. */
export const findingAt = (check: string, place: Place, text: string, at: number, message: string): Finding => {
  const near = shortened(text.slice(at))
  return {
    check,
    file: place.file,
    ...place.position?.(at),
    path: place.path,
    message,
    ...(near === '' ? {} : { near }),
  }
}

/** `rules/flows.yaml:67:17 odoo-flows OdooFlowBurnFast expr: … (joins) near "…"`. */
export const formatFinding = ({ check, file, line, column, path, message, near }: Finding): string => {
  const at = line === undefined ? file : `${file}:${line}${column === undefined ? '' : `:${column}`}`
  const where = path.length === 0 ? at : `${at} ${path.join(' ')}`
  return `${where}: ${message} (${check})${near === undefined ? '' : ` near "${near}"`}`
}
