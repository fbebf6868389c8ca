// Pieces of work for the workshop's tests: one that is done, and ones that refuse, fail, take for
// ever, take all memory, and end their thread.

import { LossdError } from '../../src/errors.ts'
import type { Work } from '../../src/kernels/apart.ts'

const module = import.meta.url

export const double: Work<number, number> = { module, name: 'double', run: x => 2 * x }

export const refuse: Work<string, never> = {
  module,
  name: 'refuse',
  run: detail => { throw new LossdError('VALUE_REFUSED', detail, { pointer: '/options/p' }) }
}

export const fail: Work<string, never> = {
  module,
  name: 'fail',
  run: message => { throw new TypeError(message) }
}

/** Takes so many milliseconds. */
export const spin: Work<number, number> = {
  module,
  name: 'spin',
  weigh: milliseconds => milliseconds,
  run: milliseconds => {
    const endMs = performance.now() + milliseconds
    while (performance.now() < endMs);
    return milliseconds
  }
}

export const hoard: Work<null, number> = {
  module,
  name: 'hoard',
  run: () => {
    const lists: number[][] = []
    for (;;) lists.push(new Array(1_000_000).fill(0.5))
  }
}

export const leave: Work<null, null> = {
  module,
  name: 'leave',
  run: () => process.exit(3)
}

/** Cannot be sent back. */
export const closure: Work<null, () => void> = { module, name: 'closure', run: () => () => {} }
