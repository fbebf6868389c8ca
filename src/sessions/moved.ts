// Errors of a formula, told as errors of a session: where things stand is another place there.

import { LossdError } from '../errors.ts'

/**
 * Errors of a bound formula speak of the request of a single loss. Here its options and constants
 * stand in the session's loss, at `pointer`, and its first tensor is the model's output.
 */
export function moved<T> (
  pointer: string, constants: readonly string[], run: () => T, output = ''
): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof LossdError)) throw error
    const detail = output === ''
      ? error.message
      : error.message.replace(outputShape(output), '$1the model’s output$2')
    const errors = error.errors.map(place => ({
      ...place, detail, pointer: movedPointer(place.pointer, pointer, constants)
    }))
    throw new LossdError(error.code, detail, { errors, cause: error })
  }
}

// `input has shape …` and `…; input [3,3] needs …`
function outputShape (output: string): RegExp {
  return new RegExp(`(^|; )${output.replaceAll('.', '\\.')}( has shape| \\[)`)
}

function movedPointer (old: string, pointer: string, constants: readonly string[]): string {
  if (old.startsWith('/options/')) return pointer + old.slice('/options'.length)
  return constants.includes(old.slice(1)) ? pointer + old : old
}
