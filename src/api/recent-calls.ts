// The last few kinds of request for each loss, so that the next request like one of them needs no
// binding: same tensors, shapes, datatypes, options and wishes. Only the numbers differ.

import type { JsonTensor } from '../codec/json-tensor.ts'
import type { PreparedLoss } from '../compute/prepared.ts'
import type { LossEntry } from './catalogue.ts'
import type { LossRequest } from './loss-request.ts'

interface Kept {
  readonly tensors: readonly (readonly [name: string, tensor: Form])[]
  readonly gradOutput: Form | undefined
  readonly options: LossRequest['options']
  readonly optionCount: number
  readonly gradients: readonly string[] | undefined
  readonly datatype: LossRequest['datatype']
  readonly prepared: PreparedLoss
}

/** What of a tensor decides about the program: not its numbers. */
type Form = Pick<JsonTensor, 'datatype' | 'shape'>

const keptMax = 8

export class RecentCalls {
  readonly #kept = new Map<LossEntry, Kept[]>()

  /** What was prepared for a request like this one. */
  find (entry: LossEntry, request: LossRequest): PreparedLoss | undefined {
    const kept = this.#kept.get(entry)
    if (kept === undefined) return undefined
    for (const each of kept) {
      if (isLike(each, request)) return each.prepared.fits ? each.prepared : undefined
    }
    return undefined
  }

  /** Keeps what was prepared for a request; the oldest goes. */
  keep (entry: LossEntry, request: LossRequest, prepared: PreparedLoss): PreparedLoss {
    const { gradOutput, options, gradients, datatype } = request
    const kept = this.#kept.get(entry)?.filter(each => !isLike(each, request)) ?? []
    kept.unshift({
      tensors: [...request.tensors].map(([name, tensor]) => [name, formOf(tensor)]),
      gradOutput: gradOutput && formOf(gradOutput),
      options,
      optionCount: Object.keys(options).length,
      gradients,
      datatype,
      prepared
    })
    this.#kept.set(entry, kept.slice(0, keptMax))
    return prepared
  }
}

// The tensor itself would keep the body's numbers.
function formOf ({ datatype, shape }: JsonTensor): Form {
  return { datatype, shape }
}

function isLike (kept: Kept, request: LossRequest): boolean {
  if (kept.datatype !== request.datatype) return false
  if (kept.tensors.length !== request.tensors.size) return false
  for (const [name, form] of kept.tensors) {
    const tensor = request.tensors.get(name)
    if (tensor === undefined || !hasForm(tensor, form)) return false
  }
  const { gradOutput } = request
  if (gradOutput === undefined || kept.gradOutput === undefined) {
    if (gradOutput !== kept.gradOutput) return false
  } else if (!hasForm(gradOutput, kept.gradOutput)) return false
  return sameNames(kept.gradients, request.gradients) && sameOptions(kept, request.options)
}

function hasForm (tensor: JsonTensor, form: Form): boolean {
  if (tensor.datatype !== form.datatype || tensor.shape.length !== form.shape.length) return false
  for (let axis = 0; axis < form.shape.length; axis++) {
    if (tensor.shape[axis] !== form.shape[axis]) return false
  }
  return true
}

function sameNames (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((name, index) => name === b[index])
}

function sameOptions ({ options, optionCount }: Kept, others: LossRequest['options']): boolean {
  let count = 0
  for (const name in others) {
    count++
    if (!Object.is(options[name], others[name])) return false
  }
  return count === optionCount
}
