// Several losses of the same arguments at once: one program computes all terms and the derivatives
// of their weighted sum in as few passes over the arguments as there can be.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import type { JsonTensor } from '../codec/json-tensor.ts'
import { JsonWriter } from '../codec/json-writer.ts'
import { type Needed, placeAll } from '../compute/place.ts'
import { refuseLarge } from '../compute/result-size.ts'
import { evaluateSum, type EvaluatedSum } from '../compute/sum.ts'
import type { Patience } from '../compute/when-finished.ts'
import { LossdError } from '../errors.ts'
import { vectorPrefix } from '../kernels/loss-program.ts'
import type { TermCall } from '../kernels/sum-plan.ts'
import { idOf, inTerm } from '../kernels/sum-term.ts'
import type { FormatName } from './formats.ts'
import { callOf, type LossMachine } from './loss-answer.ts'
import { lossTensors, printDerivatives, refuseWarnings, safetensorsReply } from './loss-reply.ts'
import { type LossRequest, readLossRequest, withLargest } from './loss-request.ts'
import { type Answer, jsonAnswer } from './replies.ts'
import { type FindLoss, readTerms, type Term, termBody } from './terms-request.ts'

/** One term: what it asks, as if alone. */
interface Asked {
  readonly term: Term
  readonly request: LossRequest
  readonly call: TermCall
}

/**
 * Answers a body of terms. @throws as for one loss, Unfinished while the program is compiled or
 * large tensors are converted.
 */
export function answerTerms (
  settings: LossMachine, body: JsonObject, find: FindLoss, patience: Patience, format: FormatName
): Promise<Answer> {
  const { machine, resultElementsMax } = settings
  const { heap } = machine
  const asked = ofOneDatatype(readTerms(body, find).map(term => ask(settings, body, term)))
  refuseAmbiguous(asked)
  const plan = machine.programs.sum(asked.map(({ call }) => call))
  refuseLarge('loss', plan.shape, resultElementsMax)
  const lease = heap.lease()
  try {
    const inputs = placeAll(neededBy(asked), heap, lease)
    const names = new Map(asked.flatMap(({ call }) =>
      [...call.ids].map(([name, id]) => [id, name])))
    const call = {
      plan, inputs,
      scales: asked.map(({ term }) => term.scale),
      datatype: asked[0]?.call.datatype ?? 'FP32',
      nameOf: (id: string) => names.get(id) ?? id
    }
    return finish(evaluateSum(machine, call, lease, patience), heap, lease, asked, format)
  } catch (fault) {
    lease.end()
    throw fault
  }
}

async function finish (
  evaluated: Promise<EvaluatedSum>, heap: Heap, lease: Lease, asked: readonly Asked[],
  format: FormatName
): Promise<Answer> {
  try {
    const sum = await evaluated
    if (asked.some(({ request }) => request.strict)) refuseWarnings(sum)
    return await print(heap, lease, asked, sum, format)
  } finally {
    lease.end()
  }
}

function ask ({ machine, tensorsMax }: LossMachine, body: JsonObject, term: Term): Asked {
  const { entry, index } = term
  const { definition } = entry
  const none = new Map<string, string>()
  return inTerm(index, { definition, ids: none }, () => {
    const request =
      readLossRequest(termBody(body, term), entry.loss.name, definition, tensorsMax)
    return asFor(term, withLargest(request, definition, machine.heap))
  })
}

function asFor (term: Term, request: LossRequest): Asked {
  const call = callOf(term.entry, request)
  const ids = new Map(Object.entries(call.tensors).map(([name, { tensor }]) =>
    [name, idOf(term.index, name, request.inOptions.has(name), tensor.datatype)]))
  return { term, request, call: { ...call, ids } }
}

// Terms share their tensors: one that computes in float64 makes all do so.
function ofOneDatatype (asked: readonly Asked[]): readonly Asked[] {
  if (asked.every(({ call }) => call.datatype === asked[0]?.call.datatype)) return asked
  return asked.map(({ term, request }) => asFor(term, { ...request, datatype: 'FP64' }))
}

function refuseAmbiguous (asked: readonly Asked[]): void {
  const ids = new Map<string, string | undefined>()
  for (const { call } of asked) {
    for (const [index, name] of call.gradients.entries()) {
      const id = call.ids.get(name)
      if ((ids.get(name) ?? id) !== id) {
        throw new LossdError('GRADIENT_UNKNOWN', `${name} is another tensor in each of several ` +
          'terms: it has no one gradient', { pointer: `/gradients/${index}` })
      }
      ids.set(name, id)
    }
  }
}

// Every tensor once, however many terms read it.
function neededBy (asked: readonly Asked[]): ReadonlyMap<string, Needed> {
  const needed = new Map<string, Needed>()
  const add = (id: string, tensor: JsonTensor | undefined, datatype: Tensor['datatype']): void => {
    if (tensor !== undefined && !needed.has(id)) needed.set(id, { tensor, datatype })
  }
  for (const { request: { tensors, vectors, gradOutput }, call } of asked) {
    for (const [name, { tensor: { datatype } }] of Object.entries(call.tensors)) {
      add(call.ids.get(name) ?? name, tensors.get(name), datatype)
    }
    add('grad_output', gradOutput, call.datatype)
    for (const [name, vector] of vectors) {
      add(vectorPrefix + (call.ids.get(name) ?? name), vector, call.datatype)
    }
  }
  return needed
}

const writer = new JsonWriter()

/** {"loss", "terms": [{"loss", "value"}], "gradients", "hessians"?, …, "warnings"?} */
function print (
  heap: Heap, lease: Lease, asked: readonly Asked[], sum: EvaluatedSum, format: FormatName
): Answer | Promise<Answer> {
  const form = asked.some(({ request }) => request.typed) ? 'typed' : 'plain'
  const { values, loss, warnings } = sum
  if (format === 'safetensors') {
    const tensors = lossTensors(sum, '.')
    for (const [index, value] of values.entries()) tensors.push([`term.${index}`, value])
    return safetensorsReply(heap, lease, tensors,
      warnings.length === 0 ? {} : { warnings: JSON.stringify(warnings) })
  }
  writer.clear()
  writer.text('{"loss":').tensor(heap, loss, form).text(',"terms":[')
  for (const [index, value] of values.entries()) {
    writer.text(`${index === 0 ? '' : ','}{"loss":`).value(asked[index]?.term.name)
      .text(',"value":').tensor(heap, value, form).text('}')
  }
  writer.text(']')
  printDerivatives(writer, heap, sum, form)
  if (warnings.length > 0) writer.text(',"warnings":').value(warnings)
  return jsonAnswer(writer.text('}').take())
}
