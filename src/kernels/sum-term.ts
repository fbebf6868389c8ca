// A term of a sum of losses, what the graph of the sum calls its numbers and tensors, and how its
// errors are told.

import type { Binding } from '../formulas/bind.ts'
import type { Definition } from '../formulas/definition.ts'
import { LossdError } from '../errors.ts'
import type { LossWishes } from './loss-graph.ts'

export interface SumTerm {
  readonly definition: Definition
  readonly binding: Binding
  /** Whose tensor an argument is: what has the same id is the same in all terms. */
  readonly ids: ReadonlyMap<string, string>
  /** Wishes by the term's own names of arguments. */
  readonly wishes: LossWishes
}

/** The graph's number that a term is multiplied by. */
export const scaleName = (term: number): string => `scale ${term}`

/** The graph's name of a number of a term. */
export const numberName = (term: number, name: string): string => `${term} ${name}`

/**
 * Runs what concerns one term. Its errors name arguments; here options, and tensors that stand
 * among them, are those of the term.
 */
export function inTerm<Result> (
  index: number, { definition, ids }: Pick<SumTerm, 'definition' | 'ids'>, run: () => Result
): Result {
  try {
    return run()
  } catch (fault) {
    if (!(fault instanceof LossdError)) throw fault
    const isOwn = (name: string): boolean => ids.get(name)?.startsWith(`${index} `) === true
      || definition.options.some(option => option.name === name)
    const errors = fault.errors.map(place => {
      const [, name = ''] = place.pointer.split('/')
      const own = name === 'options' ? '' : isOwn(name) ? '/options' : null
      return own === null ? place : { ...place, pointer: `/terms/${index}${own}${place.pointer}` }
    })
    throw new LossdError(fault.code, fault.message, { errors, cause: fault.cause })
  }
}

/** The id of a tensor of the request, which all terms share, or of one of a term's options. */
export function idOf (index: number, name: string, own: boolean, datatype: string): string {
  const read = datatype === 'FP32' || datatype === 'FP64' ? '' : ` ${datatype}`
  return `${own ? `${index} ` : ''}${name}${read}`
}
