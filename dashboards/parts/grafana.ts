/** How Grafana is spoken to. Pure. */
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'

/** As Grafana's templates name it. */
export const variable = (name: string): string => `\${${name}}`

/** The one that the reader has chosen. */
export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: variable('datasource') }
