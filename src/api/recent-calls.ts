// The last few kinds of request for each loss, so that the next request like one of them needs no
// binding: same tensors, shapes, datatypes, options and wishes. Only the numbers differ.

import { type Form, sameForm } from '../buffer/tensor.ts'
import type { JsonTensor } from '../codec/json-tensor.ts'
import { Recent } from '../codec/recent.ts'
import type { PreparedLoss } from '../compute/prepared.ts'
import type { LossEntry } from './catalogue.ts'
import type { LossRequest } from './loss-request.ts'

interface Kept {
  readonly tensors: Forms
  readonly inOptions: LossRequest['inOptions']
  readonly gradOutput: Form | undefined
  readonly secondOrder: boolean
  readonly vectors: Forms
  readonly options: LossRequest['options']
  readonly optionCount: number
  readonly gradients: readonly string[] | undefined
  readonly datatype: LossRequest['datatype']
  readonly largest: LossRequest['largest']
  readonly prepared: PreparedLoss
}

type Forms = readonly (readonly [name: string, tensor: Form])[]

const keptMax = 8

export class RecentCalls {
  readonly #kept = new WeakMap<LossEntry, Recent<Kept>>()

  /** What was prepared for a request like this one. */
  find (entry: LossEntry, request: LossRequest): PreparedLoss | undefined {
    const found = this.#kept.get(entry)?.find(each => isLike(each, request) && each.prepared.fits)
    return found?.prepared
  }

  /** Keeps what was prepared for a request; the oldest goes. */
  keep (entry: LossEntry, request: LossRequest, prepared: PreparedLoss): PreparedLoss {
    const { gradOutput, options, gradients, datatype, secondOrder, inOptions, largest } = request
    const kept = this.#kept.get(entry) ?? new Recent<Kept>(keptMax)
    this.#kept.set(entry, kept)
    kept.keep({
      tensors: formsOf(request.tensors),
      gradOutput: gradOutput && formOf(gradOutput),
      secondOrder,
      inOptions,
      vectors: formsOf(request.vectors),
      options,
      optionCount: Object.keys(options).length,
      gradients,
      datatype,
      largest,
      prepared
    })
    return prepared
  }
}

// The tensor itself would keep the body's numbers.
function formOf ({ datatype, shape }: JsonTensor): Form {
  return { datatype, shape }
}

function formsOf (tensors: ReadonlyMap<string, JsonTensor>): Forms {
  return [...tensors].map(([name, tensor]) => [name, formOf(tensor)])
}

function isLike (kept: Kept, request: LossRequest): boolean {
  if (kept.datatype !== request.datatype || kept.secondOrder !== request.secondOrder) return false
  if (!haveForms(request.tensors, kept.tensors)) return false
  if (!haveForms(request.vectors, kept.vectors)) return false
  const { gradOutput } = request
  if (gradOutput === undefined || kept.gradOutput === undefined) {
    if (gradOutput !== kept.gradOutput) return false
  } else if (!sameForm(gradOutput, kept.gradOutput)) return false
  return sameNames(kept.gradients, request.gradients) && sameOptions(kept, request.options) &&
    samePlaces(kept.inOptions, request.inOptions) && sameLargest(kept.largest, request.largest)
}

function sameLargest (a: LossRequest['largest'], b: LossRequest['largest']): boolean {
  if (a === undefined || b === undefined) return a === b
  for (const [name, value] of a) if (b.get(name) !== value) return false
  return true
}

function haveForms (tensors: ReadonlyMap<string, JsonTensor>, forms: Forms): boolean {
  if (forms.length !== tensors.size) return false
  for (const [name, form] of forms) {
    const tensor = tensors.get(name)
    if (tensor === undefined || !sameForm(tensor, form)) return false
  }
  return true
}

function samePlaces (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false
  for (const name of a) if (!b.has(name)) return false
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
