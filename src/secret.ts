/**
 * Secrets: the configuration holds only references; values are read at the moment of use and known to
 * the redactor from then on.
 */
import { z } from 'zod'

/** Where a secret stands. Plain data: it can be compared, printed and logged. */
export type SecretRef = { readonly file: string } | { readonly env: string }

export const secretRef: z.ZodType<SecretRef> = z
  .union(
    [
      z.strictObject({
        file: z.string().min(1).meta({ description: "Path, relative to the main configuration file's directory." }),
      }),
      z.strictObject({
        // Strict, so that a password put here by mistake is not named in an error.
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .meta({ description: 'Name of an environment variable.' }),
      }),
    ],
    { error: 'a secret is given as {file: PATH} or {env: NAME}, never inline' },
  )
  .meta({ id: 'Secret', description: 'A secret, by reference: {file: PATH} (followed on rotation) or {env: NAME}.' })

export interface Secrets {
  /** Throws an Error that names the reference and never the value. */
  readonly read: (ref: SecretRef) => Promise<string>
  /** The text with every secret read so far (raw, URL-encoded, base64, hex, JSON-escaped) replaced by `[redacted]`. */
  readonly redact: (text: string) => string
  /** Makes a text that was derived from a secret (such as base64 of user:password) known to `redact`. */
  readonly also: (derived: string) => void
}
