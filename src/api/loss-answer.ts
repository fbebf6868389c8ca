// From the body of a request to the text of its reply: tensors into the heap, one evaluation, and
// the results printed. Everything borrowed from the heap goes back on every path.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Json } from '../codec/json-reader.ts'
import { type JsonTensor, writeTensor } from '../codec/json-tensor.ts'
import { JsonWriter } from '../codec/json-writer.ts'
import { type Evaluated, evaluateLoss, type EvaluationMachine } from '../compute/evaluate.ts'
import { LossdError, nearest } from '../errors.ts'
import type { TensorKind } from '../formulas/definition.ts'
import { resolveKinds } from '../formulas/kinds.ts'
import type { LossCall } from '../kernels/loss-program.ts'
import type { LossEntry } from './catalogue.ts'
import { type LossRequest, readLossRequest } from './loss-request.ts'
import type { Patience } from './patience.ts'

type LossTensors = LossCall['tensors']

export interface LossMachine {
  readonly machine: EvaluationMachine
  readonly tensorsMax: number
}

/** The reply to a request for one loss; a promise if the work left the main thread. */
export function answerLoss (
  { machine, tensorsMax }: LossMachine, entry: LossEntry, body: Json, patience: Patience
): string | Buffer | Promise<string | Buffer> {
  const { loss, definition } = entry
  const { heap } = machine
  const request = readLossRequest(body, loss.name, definition, tensorsMax)
  const lease = heap.lease()
  let left = false
  try {
    const kinds = resolveKinds(definition, shapesOf(request), loss.floating)
    const datatype = computingDatatype(request, kinds)
    const gradients = gradientsOf(entry, request, kinds)
    const tensors = write(heap, request, kinds, datatype, lease)
    const gradOutput = request.gradOutput === undefined
      ? undefined
      : writeTensor(request.gradOutput, datatype, heap, lease)
    const { options, typed } = request
    const evaluated = evaluateLoss(machine,
      { definition, tensors, options, gradients, gradOutput, datatype }, lease, patience)
    if (!(evaluated instanceof Promise)) return print(heap, evaluated, typed)
    left = true
    return evaluated.then(result => print(heap, result, typed))
      .catch((fault: unknown) => { throw located(fault, entry, request) })
      .finally(() => lease.end())
  } catch (fault) {
    throw located(fault, entry, request)
  } finally {
    if (!left) lease.end()
  }
}

const writer = new JsonWriter()

/** Formulas name an argument; where it stands in the body is known here. */
function located (fault: unknown, { definition }: LossEntry, { inOptions }: LossRequest): unknown {
  if (!(fault instanceof LossdError)) return fault
  const isOption = (name: string): boolean =>
    inOptions.has(name) || definition.options.some(option => option.name === name)
  const errors = fault.errors.map(place => isOption(place.pointer.split('/', 2)[1] ?? '')
    ? { ...place, pointer: `/options${place.pointer}` }
    : place)
  return new LossdError(fault.code, fault.message, { errors, cause: fault.cause })
}

/** {"loss", "gradients", "denominator"?, "warnings"?} */
function print (heap: Heap, evaluated: Evaluated, typed: boolean): string | Buffer {
  const form = typed ? 'typed' : 'plain'
  writer.clear()
  writer.text('{"loss":').tensor(heap, evaluated.loss, form).text(',"gradients":{')
  let first = true
  for (const [name, gradient] of evaluated.gradients) {
    writer.text(first ? `"${name}":` : `,"${name}":`).tensor(heap, gradient, form)
    first = false
  }
  writer.text('}')
  if (evaluated.denominator !== null) writer.text(',"denominator":').number(evaluated.denominator)
  if (evaluated.warnings.length > 0) writer.text(',"warnings":').value(evaluated.warnings)
  return writer.text('}').take()
}

function shapesOf ({ tensors }: LossRequest): Record<string, JsonTensor> {
  return Object.fromEntries(tensors)
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
  entry: LossEntry, { gradients, tensors }: LossRequest, kinds: Readonly<Record<string, TensorKind>>
): readonly string[] {
  const isReal = (name: string): boolean => kinds[name] === 'real'
  if (gradients === undefined) return entry.defaultGradients.filter(isReal)
  for (const [index, name] of gradients.entries()) {
    if (entry.differentiable.includes(name) && isReal(name)) continue
    throw new LossdError('GRADIENT_UNKNOWN', reasonOf(entry, name, tensors),
      { pointer: `/gradients/${index}` })
  }
  return [...new Set(gradients)]
}

function reasonOf (
  { loss, definition, differentiable }: LossEntry, name: string, tensors: LossRequest['tensors']
): string {
  const these = `these have: ${differentiable.join(', ')}`
  if (!definition.tensors.some(tensor => tensor.name === name)) {
    const near = nearest(name, differentiable)
    return `${loss.name} has no argument ${name}; ${near.length > 0 ? `nearest: ${near}` : these}`
  }
  const frozen = loss.frozen?.find(([argument, when]) => argument === name && when === 'true')
  if (frozen !== undefined) return frozen[2]
  if (!tensors.has(name)) return `${name} has no gradient: the request does not give it`
  return `${name} has no gradient: it holds no real numbers; ${these}`
}

/** Every tensor in the heap: real ones in the computing datatype, others as they are. */
function write (
  heap: Heap, { tensors }: LossRequest, kinds: Readonly<Record<string, TensorKind>>,
  datatype: 'FP32' | 'FP64', lease: Lease
): LossTensors {
  const written: Record<string, LossTensors[string]> = {}
  for (const [name, tensor] of tensors) {
    const kind = kinds[name] ?? 'real'
    const own = tensor.datatype ?? (kind === 'boolean' ? 'BOOL' : 'INT64')
    const held = writeTensor(tensor, kind === 'real' ? datatype : own, heap, lease)
    written[name] = { kind, tensor: held }
  }
  return written
}
