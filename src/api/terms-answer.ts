// Several losses of the same arguments at once: each term runs its own program, as it would alone,
// and the weighted sums of values and gradients are made here, in float64, term after term.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount, type Tensor, tensorBytes, viewOf } from '../buffer/tensor.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import { JsonWriter } from '../codec/json-writer.ts'
import type { Evaluated, PreparedLoss } from '../compute/prepared.ts'
import type { Patience } from '../compute/when-finished.ts'
import { LossdError } from '../errors.ts'
import type { FormatName } from './formats.ts'
import { type LossMachine, located, type Placed, placeInputs, prepare } from './loss-answer.ts'
import { printAll, refuseWarnings, safetensorsReply } from './loss-reply.ts'
import { type LossRequest, readLossRequest } from './loss-request.ts'
import { type Answer, jsonAnswer } from './replies.ts'
import { type FindLoss, readTerms, type Term, termBody } from './terms-request.ts'

/** One term on its way: what it asks, and what came of it. */
interface Running extends Placed {
  readonly term: Term
  readonly request: LossRequest
  readonly prepared: PreparedLoss
}

/** Answers a body of terms with the text of the reply. @throws as for one loss. */
export function answerTerms (
  settings: LossMachine, body: JsonObject, find: FindLoss, patience: Patience, format: FormatName
): Promise<Answer> {
  const lease = settings.machine.heap.lease()
  try {
    const running = readTerms(body, find).map(term => start(settings, body, term, lease))
    return run(settings.machine.heap, lease, running, patience, format)
  } catch (fault) {
    lease.end()
    throw fault
  }
}

async function run (
  heap: Heap, lease: Lease, running: readonly Running[], patience: Patience, format: FormatName
): Promise<Answer> {
  try {
    const results: Evaluated[] = []
    for (const { term, request, prepared, base, addresses } of running) {
      const evaluated = await placed(term, request,
        () => prepared.run(base, lease, patience, addresses))
      if (request.strict) refuseWarnings(evaluated)
      results.push(evaluated)
    }
    return await print(heap, lease, running, results, format)
  } finally {
    lease.end()
  }
}

function start (
  settings: LossMachine, body: JsonObject, term: Term, lease: Lease
): Running {
  const { entry } = term
  let request: LossRequest | undefined
  try {
    request = readLossRequest(
      termBody(body, term), entry.loss.name, entry.definition, settings.tensorsMax)
    const prepared = prepare(settings, entry, request)
    const placed = placeInputs(prepared, request, settings.machine.heap, lease)
    return { term, request, prepared, ...placed }
  } catch (fault) {
    throw ofTerm(request === undefined ? fault : located(fault, entry, request), term)
  }
}

async function placed<Result> (
  term: Term, request: LossRequest, run: () => Result | Promise<Result>
): Promise<Result> {
  try {
    return await run()
  } catch (fault) {
    throw ofTerm(located(fault, term.entry, request), term)
  }
}

// Options stand in the term; all else beside the terms.
function ofTerm (fault: unknown, { index }: Term): unknown {
  if (!(fault instanceof LossdError)) return fault
  const errors = fault.errors.map(place => place.pointer.startsWith('/options')
    ? { ...place, pointer: `/terms/${index}${place.pointer}` }
    : place)
  return new LossdError(fault.code, fault.message, { errors, cause: fault.cause })
}

const writer = new JsonWriter()

/** {"loss", "terms": [{"loss", "value"}], "gradients", "warnings"?} */
function print (
  heap: Heap, lease: Lease, running: readonly Running[], results: readonly Evaluated[],
  format: FormatName
): Answer | Promise<Answer> {
  const form = running.some(({ request }) => request.typed) ? 'typed' : 'plain'
  const scales = running.map(({ term }) => term.scale)
  const values = results.map(({ loss }) => loss)
  const first = values[0]?.shape ?? []
  for (const [index, { shape }] of values.entries()) refuseShape(shape, first, index)
  const loss = weightedSum(heap, lease, values, scales)
  const sums = sumGradients(heap, lease, results, scales)
  const warnings = results.flatMap(result => result.warnings)
  if (format === 'safetensors') {
    const tensors = new Map([['loss', loss]])
    for (const [index, value] of values.entries()) tensors.set(`term.${index}`, value)
    for (const [name, sum] of sums) tensors.set(`grad.${name}`, sum)
    return safetensorsReply(heap, lease, tensors,
      warnings.length === 0 ? {} : { warnings: JSON.stringify(warnings) })
  }
  writer.clear()
  writer.text('{"loss":').tensor(heap, loss, form).text(',"terms":[')
  for (const [index, value] of values.entries()) {
    writer.text(`${index === 0 ? '' : ','}{"loss":`).value(running[index]?.term.name)
      .text(',"value":').tensor(heap, value, form).text('}')
  }
  writer.text(']')
  printAll(writer, 'gradients', heap, sums, form)
  if (warnings.length > 0) writer.text(',"warnings":').value(warnings)
  return jsonAnswer(writer.text('}').take())
}

function sumGradients (
  heap: Heap, lease: Lease, results: readonly Evaluated[], scales: readonly number[]
): Map<string, Tensor> {
  const sums = new Map<string, Tensor>()
  for (const name of new Set(results.flatMap(({ gradients }) => [...gradients.keys()]))) {
    const parts: Tensor[] = []
    const weights: number[] = []
    for (const [index, { gradients }] of results.entries()) {
      const part = gradients.get(name)
      if (part === undefined) continue
      parts.push(part)
      weights.push(scales[index] ?? 1)
    }
    sums.set(name, weightedSum(heap, lease, parts, weights))
  }
  return sums
}

// Of tensors of one shape; FP64 if one of them is.
function weightedSum (
  heap: Heap, lease: Lease, parts: readonly Tensor[], scales: readonly number[]
): Tensor {
  const datatype = parts.some(part => part.datatype === 'FP64') ? 'FP64' : 'FP32'
  const { shape } = parts[0] ?? { shape: [] }
  const sum: Tensor = { datatype, shape, address: lease.allocate(tensorBytes({ datatype, shape })) }
  const views = parts.map(part => numbersOf(heap, part))
  const result = numbersOf(heap, sum)
  const count = elementCount(shape)
  for (let index = 0; index < count; index++) {
    let total = 0
    for (let part = 0; part < views.length; part++) {
      total += (scales[part] ?? 0) * (views[part]?.[index] ?? 0)
    }
    result[index] = total
  }
  return sum
}

function numbersOf (heap: Heap, tensor: Tensor): Float32Array | Float64Array {
  return tensor.datatype === 'FP64'
    ? viewOf(heap, { ...tensor, datatype: 'FP64' })
    : viewOf(heap, { ...tensor, datatype: 'FP32' })
}

function refuseShape (shape: readonly number[], first: readonly number[], index: number): void {
  if (shape.join() === first.join()) return
  throw new LossdError('SHAPE_MISMATCH', `The loss of term ${index} has shape [${shape.join()}], ` +
    `that of term 0 [${first.join()}]; terms are added, so they need one shape`,
    { pointer: `/terms/${index}` })
}
