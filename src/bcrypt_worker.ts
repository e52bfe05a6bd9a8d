/** Worker thread: bcrypt in plain JavaScript takes some 100 ms of CPU, which the event loop must not spend. */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export interface Question {
  readonly id: number
  readonly password: string
  readonly hash: string
}
export interface Answer {
  readonly id: number
  readonly matches: boolean
}

parentPort?.on('message', ({ id, password, hash }: Question) => {
  const answer: Answer = { id, matches: compareSync(password, hash) }
  parentPort?.postMessage(answer)
})
