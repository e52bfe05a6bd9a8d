import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createCleanups } from '../../demo/cleanups.ts'
import { type ProcessOptions, startProcess } from '../../demo/processes.ts'
import { eventually } from '../support/eventually.ts'

const sh = (script: string, more: Partial<ProcessOptions> = {}): ProcessOptions => ({
  name: 'The child',
  command: 'sh',
  args: ['-c', script],
  ready: (output) => output.line(/ready/),
  ...more,
})

const gone = (pid: number) => expect(() => process.kill(pid, 0)).toThrow('ESRCH')

test('it is ready when it says so; it ends when asked to', async () => {
  const child = await startProcess(sh('echo starting; echo ready >&2; exec sleep 60'))
  expect(child.lines()).toEqual(['starting', 'ready'])
  await child.stop()
  expect(await child.exited).toBe('signal SIGTERM')
  gone(child.pid)
  await child.stop()
})

test('what does not listen is killed within the bound, with its children', async () => {
  const child = await startProcess(sh("trap '' TERM; sleep 61 & echo ready $!; while :; do sleep 1; done"))
  const grandchild = Number(child.lines().at(-1)?.split(' ')[1])
  expect(process.kill(grandchild, 0)).toBe(true)
  const began = performance.now()
  await child.stop(300)
  expect(performance.now() - began).toBeLessThan(2500)
  gone(child.pid)
  // Whose parent is gone waits for init to take note.
  await eventually(() => gone(grandchild))
})

test('an end before it is ready is said with the last lines', async () => {
  const failure = startProcess(sh('for i in $(seq 40); do echo line $i; done; exit 3'))
  await expect(failure).rejects.toThrow(
    /^The child did not start: it ended with exit code 3\.\nIts last lines:\n {2}line 11\n/,
  )
})

test('a deadline passed ends it, and is said', async () => {
  const failure = startProcess(sh('echo thinking; exec sleep 62', { deadline: 200 }))
  await expect(failure).rejects.toThrow(/not ready after 0\.2 s\.\nIts last lines:\n {2}thinking$/)
})

test('a command that is not there is said', async () => {
  await expect(startProcess(sh('', { command: '/nowhere/prometheus' }))).rejects.toThrow(
    /^The child could not be started: .*ENOENT/,
  )
})

test('the environment is not handed on, and the log file has the whole output', async () => {
  process.env.ODOO_PULSE_TEST = 'secret'
  const logFile = join(tmpdir(), `odoo-pulse-test-${process.pid}.log`)
  try {
    const script = 'for i in $(seq 40); do echo $i; done; echo ready "$ODOO_PULSE_TEST" "$GIVEN"; exec sleep 63'
    const child = await startProcess(sh(script, { logFile, env: { GIVEN: 'this' } }))
    expect(child.lines().at(-1)).toBe('ready  this')
    await child.stop()
    await eventually(() => expect(readFileSync(logFile, 'utf8').split('\n')).toHaveLength(42))
  } finally {
    delete process.env.ODOO_PULSE_TEST
    rmSync(logFile, { force: true })
  }
})

test('cleanups run once, last first, each whatever the others do; what comes late is undone at once', async () => {
  const cleanups = createCleanups()
  const ran: string[] = []
  cleanups.defer(() => void ran.push('first'))
  cleanups.defer(() => Promise.reject(new Error('stuck')))
  cleanups.defer(async () => void ran.push('last'))
  expect(await cleanups.run()).toEqual([new Error('stuck')])
  expect(ran).toEqual(['last', 'first'])
  cleanups.defer(() => void ran.push('late'))
  await cleanups.run()
  expect(ran).toEqual(['last', 'first', 'late'])
})
