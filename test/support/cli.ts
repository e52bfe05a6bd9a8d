import { run } from '../../src/cli.ts'

/** `odoo-pulse` with these arguments, in this process. */
export const cli = async (...args: readonly string[]) => {
  let [stdout, stderr] = ['', '']
  const code = await run(args, {
    version: '0',
    env: {},
    signals: { on: () => undefined, off: () => undefined } as never,
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    exit: () => undefined,
  })
  return { code, stdout, stderr }
}
