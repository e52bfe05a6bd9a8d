/** How values of PostgreSQL's types are read, where the driver's own way won't do. Pure. */
import { CollectError } from '../../src/collector.ts'

/** https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const OIDS = { int8: 20, numeric: 1700, date: 1082, timestamp: 1114, timestamptz: 1184, interval: 1186 }

/** A number, or `decode` where a number would be another: identifiers and the like are cast to text or float8 in SQL. */
const exact = (text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new CollectError('decode', `${text} is more than a number can hold: cast it to float8 or text in SQL`)
  }
  return value
}

/** The driver would read these in the machine's own zone, or as objects; ask for epoch seconds in SQL instead. */
const asText = (text: string): string => text

const PARSERS: ReadonlyMap<number, (text: string) => number | string> = new Map<
  number,
  (text: string) => number | string
>([
  [OIDS.int8, exact],
  [OIDS.numeric, exact],
  [OIDS.date, asText],
  [OIDS.timestamp, asText],
  [OIDS.timestamptz, asText],
  [OIDS.interval, asText],
])

/** Undefined: as the driver does it. */
export const parserOf = (oid: number): ((text: string) => number | string) | undefined => PARSERS.get(oid)
