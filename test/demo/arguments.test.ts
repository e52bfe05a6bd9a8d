import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../demo/arguments.ts'

const defaults = { for: undefined, listen: { host: '127.0.0.1', port: 18_069 }, faults: [], speed: 60, install: true }

describe('the command line of the demo', () => {
  test.each([
    [[], {}],
    [['--for', '60s'], { for: 60_000 }],
    [['--for', '1h30m'], { for: 5_400_000 }],
    [['--listen', '127.0.0.1:9999'], { listen: { host: '127.0.0.1', port: 9999 } }],
    [['--listen', 'localhost:0'], { listen: { host: '127.0.0.1', port: 0 } }],
    [['--fault', 'lock-held,standby-paused'], { faults: ['lock-held', 'standby-paused'] }],
    [['--fault', 'lock-held', '--fault', 'lock-held, connections-full'], { faults: ['lock-held', 'connections-full'] }],
    [['--speed', '1'], { speed: 1 }],
    [['--no-install'], { install: false }],
  ])('%j', (argv, options) => {
    expect(parseArguments(argv)).toEqual({ options: { ...defaults, ...options } })
  })

  test.each([
    [['--for', 'ever'], /--for.*Write a duration/],
    [['--for', '0s'], /Write a duration/],
    [['--for', '1y'], /At most 24d/],
    [['--listen', '0.0.0.0:9999'], /loopback only/],
    [['--listen', '127.0.0.1:65536'], /Write 127\.0\.0\.1:PORT/],
    [['--fault', 'odoo-dawn'], /odoo-dawn is no fault of the demo\. These are: standby-paused/],
    [['--speed', '0'], /from 1 \(the wall clock\) to 600/],
    [['--speed', 'fast'], /from 1/],
    [['--fault', 'lock-held,'], /is no fault of the demo/],
    [['--fual', 'lock-held'], /unknown option '--fual'.*--fault/s],
    [['extra'], /too many arguments/],
  ])('%j is a usage error', (argv, text) => {
    expect(parseArguments(argv)).toEqual({ exitCode: 2, text: expect.stringMatching(text) })
  })

  test('--help lists the options and the faults, and is no error', () => {
    const help = parseArguments(['--help'])
    expect(help).toEqual({ exitCode: 0, text: expect.stringContaining('--no-install') })
    expect(help).toEqual({ exitCode: 0, text: expect.stringContaining('connections-full') })
  })
})
