/** The rule files there are: one line each. */
import type { RuleFile } from '../src/alerting/rule.ts'
import { postgres } from './postgres.ts'
import { pulse } from './pulse.ts'

export const ruleFiles: readonly RuleFile[] = [postgres, pulse]
