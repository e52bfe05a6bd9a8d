/** Which sections a runbook has, below its name, in this order. */
export const RUNBOOK_SECTIONS = {
  alert: ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'How to verify recovery'],
  flow: ['What is promised', 'Where to look', 'Usual causes', 'Mitigation', 'How to verify recovery'],
} as const
