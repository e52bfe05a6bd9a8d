/** What Odoo raises, with what each protocol makes of it (recorded on 18.0 and 19.0). */

export interface ErrorKind {
  /** Python's name, as JSON-2 gives it. */
  readonly name: string
  /** XML-RPC: 1 anything, 2 user error or missing, 3 access denied, 4 access error. */
  readonly faultCode: 1 | 2 | 3 | 4
  /** JSON-2. */
  readonly status: number
}

export const kinds = {
  value: { name: 'builtins.ValueError', faultCode: 1, status: 500 },
  type: { name: 'builtins.TypeError', faultCode: 1, status: 500 },
  index: { name: 'builtins.IndexError', faultCode: 1, status: 500 },
  key: { name: 'builtins.KeyError', faultCode: 1, status: 500 },
  plain: { name: 'builtins.Exception', faultCode: 1, status: 500 },
  overflow: { name: 'builtins.OverflowError', faultCode: 1, status: 500 },
  xml: { name: 'xml.parsers.expat.ExpatError', faultCode: 1, status: 500 },
  database: { name: 'psycopg2.errors.DataError', faultCode: 1, status: 500 },
  /** The database can't be reached, or isn't there. */
  operational: { name: 'psycopg2.OperationalError', faultCode: 1, status: 404 },
  attribute: { name: 'builtins.AttributeError', faultCode: 1, status: 500 },
  user: { name: 'odoo.exceptions.UserError', faultCode: 2, status: 422 },
  missing: { name: 'odoo.exceptions.MissingError', faultCode: 2, status: 404 },
  denied: { name: 'odoo.exceptions.AccessDenied', faultCode: 3, status: 403 },
  access: { name: 'odoo.exceptions.AccessError', faultCode: 4, status: 403 },
  unauthorized: { name: 'werkzeug.exceptions.Unauthorized', faultCode: 1, status: 401 },
  badRequest: { name: 'werkzeug.exceptions.BadRequest', faultCode: 1, status: 400 },
  notFound: { name: 'werkzeug.exceptions.NotFound', faultCode: 2, status: 404 },
  unprocessable: { name: 'werkzeug.exceptions.UnprocessableEntity', faultCode: 1, status: 422 },
  unsupportedMedia: { name: 'werkzeug.exceptions.UnsupportedMediaType', faultCode: 1, status: 415 },
} as const satisfies Record<string, ErrorKind>

export class OdooError extends Error {
  readonly kind: ErrorKind
  constructor(kind: ErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/** As Python's repr, for the values which errors quote. */
export const repr = (value: unknown): string => {
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  return String(value)
}

/** Like a traceback: several lines, with paths, of which only the last says what happened. */
export const traceback = (error: OdooError): string =>
  [
    'Traceback (most recent call last):',
    '  File "/srv/odoo/http.py", line 1, in serve',
    '  File "/srv/odoo/service.py", line 1, in dispatch',
    `${error.kind.name.replace('builtins.', '')}: ${error.message}`,
    '',
  ].join('\n')
