// How a text is refused: the character, a sentence, and where a name is unknown the nearest ones.

import { LossdError, nearest } from '../errors.ts'

/** Throws FORMULA_INVALID with one place: the character at `position`. */
export function fail (position: number, detail: string): never {
  throw new LossdError('FORMULA_INVALID', detail, { pointer: '/formula', position })
}

/** Throws FORMULA_TOO_LARGE: a limit of the language is reached. */
export function failTooLarge (position: number, detail: string): never {
  throw new LossdError('FORMULA_TOO_LARGE', detail, { pointer: '/formula', position })
}

/** The end of a sentence: `; did you mean a or b?`, or a full stop if no name is near. */
export function suggest (name: string, names: Iterable<string>): string {
  // To a name of one or two letters everything is near.
  const near = name.length > 2 ? nearest(name, new Set(names)) : []
  return near.length === 0 ? '.' : `; did you mean ${near.join(' or ')}?`
}
