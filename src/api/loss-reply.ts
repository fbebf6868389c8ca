// The reply of a loss, as JSON or as safetensors.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { JsonWriter, type TensorForm } from '../codec/json-writer.ts'
import { type NamedTensor, writeSafetensors } from '../codec/safetensors-writer.ts'
import type { Evaluated } from '../compute/prepared.ts'
import { LossdError } from '../errors.ts'
import type { FormatName } from './formats.ts'
import type { LossRequest } from './loss-request.ts'
import { type Answer, HeapReply, jsonAnswer } from './replies.ts'

/** What a request for a loss came to; the tensors lie in memory of the lease. */
export interface LossResults {
  readonly heap: Heap
  readonly lease: Lease
  readonly evaluated: Evaluated
  readonly request: LossRequest
  /** The member `explain` of the reply. */
  readonly explanation: object | undefined
}

/** Makes the reply; a promise if there is much to print. */
export type PrintLoss = (results: LossResults) => Answer | Promise<Answer>

/** How losses are printed in a format. */
export function lossPrinter (format: FormatName): PrintLoss {
  return format === 'safetensors' ? printSafetensors : printJson
}

const writer = new JsonWriter()

/** {"loss", "gradients", "hessians"?, "hessian_vectors"?, "denominator"?, "warnings"?} */
export const printJson: PrintLoss = ({ heap, evaluated, request, explanation }) => {
  const { typed, strict } = request
  if (strict) refuseWarnings(evaluated)
  const form = typed ? 'typed' : 'plain'
  writer.clear()
  writer.text('{"loss":').tensor(heap, evaluated.loss, form)
  printDerivatives(writer, heap, evaluated, form)
  if (evaluated.denominator !== null) writer.text(',"denominator":').number(evaluated.denominator)
  if (evaluated.warnings.length > 0) writer.text(',"warnings":').value(evaluated.warnings)
  if (explanation !== undefined) writer.text(',"explain":').value(explanation)
  return jsonAnswer(writer.text('}').take())
}

/** Tensors `loss`, `grad.input`, `hessian.input` …; the rest of the reply as metadata. */
const printSafetensors: PrintLoss = ({ heap, lease, evaluated, request, explanation }) => {
  if (request.strict) refuseWarnings(evaluated)
  const { denominator, warnings } = evaluated
  return safetensorsReply(heap, lease, lossTensors(evaluated, '.'), {
    ...(denominator === null ? {} : { denominator: String(denominator) }),
    ...(warnings.length === 0 ? {} : { warnings: JSON.stringify(warnings) }),
    ...(explanation === undefined ? {} : { explain: JSON.stringify(explanation) })
  })
}

/** What a loss and a sum of losses have alike. */
type Derived = Pick<Evaluated, 'loss' | 'gradients' | 'hessians' | 'hessianVectors'>

/** All results by the names that binary replies give them, such as `grad.input`. */
export function lossTensors (
  { loss, gradients, hessians, hessianVectors }: Derived, separator: string
): NamedTensor[] {
  const tensors: NamedTensor[] = [['loss', loss]]
  const add = (kind: string, results: ReadonlyMap<string, Tensor>): void => {
    for (const [name, tensor] of results) tensors.push([kind + separator + name, tensor])
  }
  add('grad', gradients)
  add('hessian', hessians)
  add('hessian_vector', hessianVectors)
  return tensors
}

/** A reply of tensors in memory of the lease. */
export function safetensorsReply (
  heap: Heap, lease: Lease, tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>>
): HeapReply {
  const pieces = writeSafetensors(heap, [...tensors], metadata)
  return new HeapReply('application/vnd.safetensors', pieces, lease, {
    'content-disposition': 'attachment; filename="result.safetensors"'
  })
}

/** Of a strict request. Throws WARNING_REFUSED. */
export function refuseWarnings ({ warnings }: Pick<Evaluated, 'warnings'>): void {
  if (warnings.length === 0) return
  const sentences = warnings.map(({ code, message }) => `${code}: ${message}`)
  throw new LossdError('WARNING_REFUSED', `The request is strict: ${sentences.join(' · ')}`,
    { errors: sentences.map(detail => ({ pointer: '/strict', detail })) })
}

/** The members that hold derivatives: those of second order only where they were asked for. */
export function printDerivatives (
  writer: JsonWriter, heap: Heap, { gradients, hessians, hessianVectors }: Derived,
  form: TensorForm
): void {
  printAll(writer, 'gradients', heap, gradients, form)
  if (hessians.size > 0) printAll(writer, 'hessians', heap, hessians, form)
  if (hessianVectors.size > 0) printAll(writer, 'hessian_vectors', heap, hessianVectors, form)
}

/** A member that holds tensors by name. */
function printAll (
  writer: JsonWriter, member: string, heap: Heap, tensors: ReadonlyMap<string, Tensor>,
  form: TensorForm
): void {
  writer.text(`,"${member}":{`)
  let first = true
  for (const [name, tensor] of tensors) {
    writer.text(first ? `"${name}":` : `,"${name}":`).tensor(heap, tensor, form)
    first = false
  }
  writer.text('}')
}
