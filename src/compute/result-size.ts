// How large a result may be: printing holds the main thread, and one request may ask for far more
// than it sends, where a loss that is not reduced broadcasts its tensors.

import { LossdError } from '../errors.ts'

/** Throws RESULT_TOO_LARGE. An empty array counts as one: it is printed, too. */
export function refuseLarge (what: string, shape: readonly number[], most: number): void {
  let count = 1
  for (const length of shape) {
    if (length === 0) break
    count *= length
  }
  if (count <= most) return
  throw new LossdError('RESULT_TOO_LARGE',
    `The ${what} would have shape [${shape.join()}], ${count} elements; the limit is ${most}`)
}
