// A definition for the members of families that a request gives: made from the same text, with as
// many. The recent ones are kept, so that requests alike meet the same programs.

import { redefine } from './define.ts'
import type { Definition } from './definition.ts'
import { membersOf } from './families.ts'

interface Kept {
  readonly of: Definition
  readonly counts: string
  readonly definition: Definition
}

const keptMax = 32
let kept: readonly Kept[] = []

/**
 * The definition for a request of tensors of these names; without families it is the same one.
 * Throws TENSORS_TOO_MANY, FORMULA_TOO_LARGE.
 */
export function withMembers (definition: Definition, names: Iterable<string>): Definition {
  const { families } = definition
  if (families.length === 0) return definition
  const members = membersOf(families, names)
  const counts = [...members.values()].join()
  const found = kept.find(each => each.of === definition && each.counts === counts) ??
    { of: definition, counts, definition: redefine(definition, members) }
  kept = [found, ...kept.filter(each => each !== found)].slice(0, keptMax)
  return found.definition
}
