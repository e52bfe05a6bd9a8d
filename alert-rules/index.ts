/** The rule files there are: one line each. */
import type { RuleFile } from '../src/alerting/rule.ts'
import { estate } from './estate.ts'
import { flows } from './flows.ts'
import { ingress } from './ingress.ts'
import { odoo } from './odoo.ts'
import { postgres } from './postgres.ts'
import { pulse } from './pulse.ts'
import { redis } from './redis.ts'

export const ruleFiles: readonly RuleFile[] = [estate, flows, ingress, odoo, postgres, pulse, redis]
