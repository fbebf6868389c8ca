// A sum of losses evaluated: one program gives the terms' values, their weighted sum, and its
// derivatives. Terms that disagree about a tensor come in groups, whose sums are added here.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { allocateTensor, type Tensor, tensorBytes, viewOf } from '../buffer/tensor.ts'
import { LossdError } from '../errors.ts'
import { sentenceOf } from '../kernels/loss-program.ts'
import type { PlannedTerm, SumPlan } from '../kernels/sum-plan.ts'
import { inTerm, scaleName } from '../kernels/sum-term.ts'
import { alikeOf, refuseAlike } from '../kernels/whole-numbers.ts'
import { execute, type Machine } from './execute.ts'
import type { Evaluated } from './prepared.ts'
import type { RunOptions } from './pool.ts'

export interface SumCall {
  readonly plan: SumPlan
  readonly scales: readonly number[]
  readonly datatype: 'FP32' | 'FP64'
  /** All inputs by their names in the graph. */
  readonly inputs: ReadonlyMap<string, Tensor>
  /** The argument that an id in the graph stands for. */
  readonly nameOf: (id: string) => string
}

export interface EvaluatedSum extends Omit<Evaluated, 'denominator'> {
  /** The loss of each term, before it is scaled. */
  readonly values: readonly Tensor[]
}

/** @throws HEAP_FULL, TARGET_RANGE, VALUE_RANGE, VALUE_REFUSED, and what the pool throws. */
export async function evaluateSum (
  machine: Machine, call: SumCall, lease: Lease, options: RunOptions
): Promise<EvaluatedSum> {
  const { heap } = machine
  const { plan, datatype, inputs, nameOf } = call
  const { program, lengths, shape, terms, isEmpty } = plan
  const outputs = new Map(program.outputs.map(([name]) => {
    const [kind = '', , ...id] = name.split(' ')
    const ofTensor = inputs.get(id.join(' '))?.shape ?? []
    const own = kind === 'value' || kind === 'loss' ? shape : ofTensor
    return [name, allocateTensor(lease, datatype, own)]
  }))
  const numbers = new Map(plan.numbers)
  for (const [term, scale] of call.scales.entries()) numbers.set(scaleName(term), scale)
  await execute(machine, program, {
    lengths, numbers, inputs: addresses(inputs), outputs: addresses(outputs)
  }, lease, options)

  const holds = (name: string): boolean => {
    const tensor = outputs.get(name)
    return tensor !== undefined && (numbersOf(heap, tensor)[0] ?? 0) > 0
  }
  for (const [index, term] of terms.entries()) refuse(heap, call, term, index, holds)
  const found: Record<string, Map<string, Tensor>> =
    { value: new Map(), loss: new Map(), gradient: new Map(), hessian: new Map(),
      hessian_vector: new Map() }
  for (const [name, tensor] of outputs) {
    const [kind = '', group = '', ...id] = name.split(' ')
    const results = found[kind]
    if (results === undefined) continue
    if (isEmpty && id.length > 0) {
      heap.u8.fill(0, tensor.address, tensor.address + tensorBytes(tensor))
    }
    const own = kind === 'value' ? group : kind === 'loss' ? '' : nameOf(id.join(' '))
    const sum = results.get(own)
    if (sum === undefined) results.set(own, tensor)
    else addTo(heap, sum, tensor)
  }
  const { value, loss, gradient, hessian, hessian_vector: hessianVectors } = found
  const none = new Map<string, Tensor>()
  const sum = loss?.get('')
  if (sum === undefined) throw new Error('a sum without a loss')
  return {
    loss: sum,
    values: [...value ?? none].sort(([a], [b]) => Number(a) - Number(b)).map(([, each]) => each),
    gradients: gradient ?? none,
    hessians: hessian ?? none,
    hessianVectors: hessianVectors ?? none,
    warnings: terms.flatMap(term => held(term, holds))
  }
}

function refuse (
  heap: Heap, { inputs, datatype }: SumCall, term: PlannedTerm, index: number,
  holds: (name: string) => boolean
): void {
  const { definition, binding, checks, ids } = term
  const valuesOf = (argument: string): ArrayLike<number | bigint> => {
    const tensor = inputs.get(ids.get(argument) ?? '')
    return tensor === undefined ? [] : viewOf(heap, tensor)
  }
  inTerm(index, term, () => {
    for (const [name, check] of checks) {
      if (!holds(name)) continue
      const sentence = sentenceOf(definition, binding, check, valuesOf(check.argument))
      throw new LossdError(check.code, sentence, { pointer: `/${check.argument}` })
    }
    for (const alike of alikeOf(binding, datatype)) refuseAlike(alike, valuesOf(alike.argument))
  })
}

function held (
  { definition, binding, warnings, known }: PlannedTerm, holds: (name: string) => boolean
): Evaluated['warnings'] {
  const all = [...known, ...[...warnings].flatMap(([name, each]) => holds(name) ? [each] : [])]
  return all.map(warning =>
    ({ code: warning.code, message: sentenceOf(definition, binding, warning) }))
}

function addTo (heap: Heap, sum: Tensor, tensor: Tensor): void {
  const total = numbersOf(heap, sum)
  for (const [index, value] of numbersOf(heap, tensor).entries()) {
    total[index] = (total[index] ?? 0) + value
  }
}

function numbersOf (heap: Heap, tensor: Tensor): Float32Array | Float64Array {
  return tensor.datatype === 'FP64'
    ? viewOf(heap, { ...tensor, datatype: 'FP64' })
    : viewOf(heap, { ...tensor, datatype: 'FP32' })
}

function addresses (tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, number> {
  return new Map([...tensors].map(([name, { address }]) => [name, address]))
}
