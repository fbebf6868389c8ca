// Waiting for what is made apart: a question is asked again when what it lacked has been finished,
// for as long as who asks has patience.

import { LossdError } from '../errors.ts'
import { Unfinished } from '../kernels/apart.ts'
import type { RunOptions } from './task.ts'

export type Patience = Pick<RunOptions, 'deadlineMs' | 'signal'>

/**
 * What `ask` gives: at once if nothing is lacking. It is told how much patience is left.
 * @throws what `ask` throws; the promise also DEADLINE_EXCEEDED, CANCELLED, what making comes to.
 */
export function whenFinished<Answer> (
  patience: Patience, ask: (left: Patience) => Answer
): Answer | Promise<Awaited<Answer>> {
  try {
    return ask(patience)
  } catch (fault) {
    if (!(fault instanceof Unfinished)) throw fault
    return askAgain(fault, patience, ask)
  }
}

async function askAgain<Answer> (
  first: Unfinished, patience: Patience, ask: (left: Patience) => Answer
): Promise<Awaited<Answer>> {
  const { deadlineMs = Infinity, signal } = patience
  const endMs = performance.now() + deadlineMs
  for (let unfinished = first; ;) {
    await within(unfinished.finished, endMs, patience)
    try {
      return await ask({ deadlineMs: Math.max(1, endMs - performance.now()), signal })
    } catch (fault) {
      if (!(fault instanceof Unfinished)) throw fault
      unfinished = fault
    }
  }
}

function within (
  finished: Promise<void>, endMs: number, { deadlineMs, signal }: Patience
): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    }
    const cancel = (): void => {
      leave()
      reject(new LossdError('CANCELLED'))
    }
    const expire = (): void => {
      leave()
      reject(new LossdError('DEADLINE_EXCEEDED', `Not finished within ${deadlineMs} ms`))
    }
    const leftMs = endMs - performance.now()
    const timer = leftMs < Infinity ? setTimeout(expire, Math.max(0, leftMs)) : undefined
    signal?.addEventListener('abort', cancel)
    finished.then(() => { leave(); resolve() }, (reason: unknown) => { leave(); reject(reason) })
    if (signal?.aborted === true) cancel()
  })
}
