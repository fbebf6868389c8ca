// From the body of a request to the text of its reply: tensors into the heap, one evaluation, and
// the results printed. Everything borrowed from the heap goes back on every path.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import {
  childPointer, isStaged, type JsonTensor, writeElements
} from '../codec/json-tensor.ts'
import { type Needed, placeAll } from '../compute/place.ts'
import { type EvaluationMachine, PreparedLoss } from '../compute/prepared.ts'
import type { Patience } from '../compute/when-finished.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import type { TensorKind } from '../formulas/definition.ts'
import { resolveKinds } from '../formulas/kinds.ts'
import { type LossCall, vectorPrefix } from '../kernels/loss-program.ts'
import { entryFor, type LossEntry } from './catalogue.ts'
import { type PrintLoss, printJson } from './loss-reply.ts'
import { type LossRequest, readLossRequest, withLargest } from './loss-request.ts'
import { RecentCalls } from './recent-calls.ts'
import type { Answer } from './replies.ts'

export interface LossMachine {
  readonly machine: EvaluationMachine
  readonly tensorsMax: number
  readonly resultElementsMax: number
}

/**
 * Answers requests for losses: a promise if work left the main thread or there is much to print.
 * @throws Unfinished while the program is compiled.
 */
export type AnswerLoss = (
  entry: LossEntry, body: JsonObject, patience: Patience, explain?: Explain, print?: PrintLoss
) => Answer | Promise<Answer>

/** What a reply says of how it was made: its member `explain`. */
export type Explain = (prepared: PreparedLoss) => object

export function createLossAnswers (settings: LossMachine): AnswerLoss {
  const { machine, tensorsMax } = settings
  const { heap } = machine
  const recent = new RecentCalls()
  return (plain, body, patience, explain, print = printJson) => {
    const entry = entryFor(plain, body)
    const { loss: { name }, definition } = entry
    const request =
      withLargest(readLossRequest(body, name, definition, tensorsMax), definition, heap)
    const lease = heap.lease()
    let left = false
    try {
      const prepared = recent.find(entry, request) ??
        recent.keep(entry, request, prepare(settings, entry, request))
      const { base, placed } = placeInputs(prepared, request, heap, lease)
      const explanation = explain?.(prepared)
      const evaluated = prepared.run(base, lease, patience, placed)
      const answer = evaluated instanceof Promise
        ? evaluated.then(evaluated => print({ heap, lease, evaluated, request, explanation }))
        : print({ heap, lease, evaluated, request, explanation })
      if (!(answer instanceof Promise)) return answer
      left = true
      return answer
        .catch((fault: unknown) => { throw located(fault, entry, request) })
        .finally(() => lease.end())
    } catch (fault) {
      throw located(fault, entry, request)
    } finally {
      if (!left) lease.end()
    }
  }
}

/** What is done once for all requests of one kind. */
export function prepare (
  { machine, resultElementsMax }: LossMachine, entry: LossEntry, request: LossRequest
): PreparedLoss {
  return new PreparedLoss(machine, callOf(entry, request), resultElementsMax)
}

/** What a request asks of a loss; its tensors have no addresses. Throws GRADIENT_UNKNOWN. */
export function callOf (entry: LossEntry, request: LossRequest): LossCall {
  const { loss, definition } = entry
  const kinds = resolveKinds(definition, Object.fromEntries(request.tensors), loss.floating)
  const datatype = computingDatatype(request, kinds)
  const gradients = gradientsOf(entry, request, kinds)
  const tensors: Record<string, LossCall['tensors'][string]> = {}
  for (const [name, tensor] of request.tensors) {
    const kind = kinds[name] ?? 'real'
    const own = tensor.datatype ?? (kind === 'boolean' ? 'BOOL' : 'INT64')
    const largest = request.largest?.get(name)
    tensors[name] = { kind, tensor: placeless(tensor, kind === 'real' ? datatype : own), largest }
  }
  const { options } = request
  const gradOutput = request.gradOutput && placeless(request.gradOutput, datatype)
  const vectors = Object.fromEntries([...request.vectors].map(([name, tensor]) => {
    refuseVector(entry, request, kinds, name)
    return [name, placeless(tensor, datatype)]
  }))
  const hessians = request.secondOrder ? gradients : []
  return { definition, tensors, options, gradients, gradOutput, hessians, vectors, datatype }
}

/** Where a call is to run, and where its inputs lie if not in the block itself. */
export interface Placed {
  readonly base: number
  readonly placed: ReadonlyMap<string, Tensor> | undefined
}

/**
 * A block for a call with the request's tensors; staged ones stay where they are.
 * @throws Unfinished while large ones are converted; HEAP_FULL.
 */
export function placeInputs (
  prepared: PreparedLoss, request: LossRequest, heap: Heap, lease: Lease
): Placed {
  const { inputs, bytes, ownBytes } = prepared
  if (!hasStaged(request)) {
    const base = lease.allocate(bytes)
    for (const { name, datatype, offset } of inputs) {
      const tensor = inputOf(request, name)
      if (tensor !== undefined) writeElements(tensor, datatype, heap, base + offset)
    }
    return { base, placed: undefined }
  }
  const needed = new Map<string, Needed>()
  for (const { name, datatype } of inputs) {
    const tensor = inputOf(request, name)
    if (tensor !== undefined) needed.set(name, { tensor, datatype })
  }
  const placed = placeAll(needed, heap, lease)
  return { base: lease.allocate(ownBytes), placed }
}

function inputOf (
  { tensors, gradOutput, vectors }: LossRequest, name: string
): JsonTensor | undefined {
  return tensors.get(name) ??
    (name === 'grad_output' ? gradOutput : vectors.get(name.slice(vectorPrefix.length)))
}

function hasStaged ({ tensors }: LossRequest): boolean {
  for (const tensor of tensors.values()) if (isStaged(tensor)) return true
  return false
}

/** A tensor that has no address yet. */
function placeless ({ shape }: JsonTensor, datatype: Tensor['datatype']): Tensor {
  return { datatype, shape, address: 0 }
}

/** Formulas name an argument; where it stands in the body is known here. */
export function located (
  fault: unknown, { definition }: LossEntry, { inOptions }: LossRequest
): unknown {
  if (!(fault instanceof LossdError)) return fault
  const isOption = (name: string): boolean =>
    inOptions.has(name) || definition.options.some(option => option.name === name)
  const errors = fault.errors.map(place => isOption(place.pointer.split('/', 2)[1] ?? '')
    ? { ...place, pointer: `/options${place.pointer}` }
    : place)
  return new LossdError(fault.code, fault.message, { errors, cause: fault.cause })
}

/** FP64 if the request says so or a real argument is typed so, else FP32. */
function computingDatatype (
  { datatype, tensors }: LossRequest, kinds: Readonly<Record<string, TensorKind>>
): 'FP32' | 'FP64' {
  if (datatype === 'FP64') return datatype
  for (const [name, tensor] of tensors) {
    if (tensor.datatype === 'FP64' && kinds[name] === 'real') return 'FP64'
  }
  return 'FP32'
}

/** The gradients wanted. Throws GRADIENT_UNKNOWN. */
function gradientsOf (
  entry: LossEntry, { gradients, tensors, inOptions }: LossRequest,
  kinds: Readonly<Record<string, TensorKind>>
): readonly string[] {
  const isReal = (name: string): boolean => kinds[name] === 'real'
  if (gradients === undefined) {
    return entry.defaultGradients.filter(name => isReal(name) && !inOptions.has(name))
  }
  for (const [index, name] of gradients.entries()) {
    if (entry.differentiable.includes(name) && isReal(name)) continue
    throw new LossdError('GRADIENT_UNKNOWN', reasonOf(entry, name, tensors),
      { pointer: `/gradients/${index}` })
  }
  return [...new Set(gradients)]
}

function refuseVector (
  entry: LossEntry, request: LossRequest, kinds: Readonly<Record<string, TensorKind>>, name: string
): void {
  if (entry.differentiable.includes(name) && kinds[name] === 'real') return
  throw new LossdError('GRADIENT_UNKNOWN', reasonOf(entry, name, request.tensors),
    { pointer: childPointer('/hessian_vector', name) })
}

function reasonOf (
  { loss, definition, differentiable }: LossEntry, name: string, tensors: LossRequest['tensors']
): string {
  const these = `these have: ${differentiable.join(', ')}`
  if (!definition.tensors.some(tensor => tensor.name === name)) {
    const near = nearest(name, differentiable)
    return `${loss.name} has no argument ${shown(name)}; ` +
      (near.length > 0 ? `nearest: ${near.join(', ')}` : these)
  }
  const frozen = loss.frozen?.find(([argument, when]) => argument === name && when === 'true')
  if (frozen !== undefined) return frozen[2]
  if (!tensors.has(name)) return `${name} has no gradient: the request does not give it`
  return `${name} has no gradient: it holds no real numbers; ${these}`
}
