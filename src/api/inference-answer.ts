// A request of the Open Inference Protocol as the body of a loss, and the loss's results as a reply
// of the protocol: any of the outputs may be JSON or binary.

import { JsonWriter } from '../codec/json-writer.ts'
import type { Json, JsonObject } from '../codec/json-reader.ts'
import {
  binaryReply, type InferenceOutput, type InferenceRequest, writeOutputs
} from '../codec/open-inference.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import { lossTensors, type PrintLoss, refuseWarnings } from './loss-reply.ts'
import { lossTexts } from './loss-request.ts'
import { type Answer, HeapReply, jsonAnswer } from './replies.ts'

/** The kinds of outputs beside the loss, by what their names begin with. */
const outputKinds = ['grad_', 'hessian_vector_', 'hessian_'] as const
const vectorInput = 'hessian_vector.'

/** A request as POST /v1/losses/{loss} takes it. Throws FIELD_INVALID for an output it lacks. */
export function lossBody (request: InferenceRequest): JsonObject {
  const body: Record<string, Json> = Object.create(null)
  const options: Record<string, Json> = Object.create(null)
  const vectors: Record<string, Json> = Object.create(null)
  for (const [name, tensor] of request.inputs) {
    if (name.startsWith(vectorInput)) vectors[name.slice(vectorInput.length)] = tensor
    else body[name] = tensor
  }
  if (Object.keys(vectors).length > 0) body['hessian_vector'] = vectors
  for (const [name, value] of request.parameters) {
    if (!Object.hasOwn(lossTexts.fields, name)) options[name] = value
    else body[name] = name === 'gradients' ? String(value).split(',').filter(Boolean) : value
  }
  body['options'] = options
  addOutputs(body, request)
  return body
}

// Which outputs are asked for says which derivatives are computed.
function addOutputs (body: Record<string, Json>, { outputs }: InferenceRequest): void {
  if (outputs === undefined) return
  const names = new Set<string>()
  for (const [index, { name }] of outputs.entries()) {
    if (name === 'loss') continue
    const kind = outputKinds.find(each => name.startsWith(each))
    if (kind === undefined) throw unknownOutput(name, index, ['loss', 'grad_input'])
    if (kind !== 'hessian_vector_') names.add(name.slice(kind.length))
    if (kind === 'hessian_') body['second_order'] ??= 'diagonal'
  }
  body['gradients'] ??= [...names]
}

const writer = new JsonWriter()

/** Prints results as the protocol says; `binary` is what outputs are that do not say. */
export function inferencePrinter (
  model: string, request: InferenceRequest, binary: boolean
): PrintLoss {
  return ({ heap, lease, evaluated, request: { strict } }): Answer | Promise<Answer> => {
    if (strict) refuseWarnings(evaluated)
    const tensors = new Map(lossTensors(evaluated, '_'))
    const wanted = request.outputs ?? [...tensors.keys()].map(name => ({ name, binary: undefined }))
    const outputs = wanted.map((output, index): InferenceOutput => {
      const tensor = tensors.get(output.name)
      if (tensor === undefined) throw unknownOutput(output.name, index, [...tensors.keys()])
      return { name: output.name, tensor, binary: output.binary ?? binary }
    })
    const { denominator, warnings } = evaluated
    const parameters = {
      ...(denominator === null ? {} : { denominator: finite(denominator) }),
      ...(warnings.length === 0 ? {} : { warnings: JSON.stringify(warnings) })
    }
    writer.clear()
    writer.text('{"model_name":').value(model).text(',"model_version":"1",')
    if (request.id !== undefined) writer.text('"id":').value(request.id).text(',')
    if (Object.keys(parameters).length > 0) {
      writer.text('"parameters":').value(parameters).text(',')
    }
    writeOutputs(writer, heap, outputs)
    const head = jsonAnswer(writer.take())
    if (outputs.every(output => !output.binary)) return head
    const finish = (answer: Answer): HeapReply => {
      const pieces = binaryReply(textOf(answer), heap, outputs)
      const [first] = pieces
      return new HeapReply('application/octet-stream', pieces, lease, {
        'inference-header-content-length': String(first?.length ?? 0)
      })
    }
    return head instanceof Promise ? head.then(finish) : finish(head)
  }
}

// The header beside binary outputs in one piece, also where large ones are JSON.
function textOf (answer: Answer): string | Buffer {
  if (!(answer instanceof HeapReply)) return answer
  const text = Buffer.concat(answer.pieces, answer.bytes)
  answer.release()
  return text
}

function finite (value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function unknownOutput (name: string, index: number, names: readonly string[]): LossdError {
  const near = nearest(name, names)
  return new LossdError('FIELD_INVALID', `There is no output ${shown(name)}; ` +
    `${near.length > 0 ? 'nearest' : 'there are'}: ${(near.length > 0 ? near : names).join(', ')}`,
    { pointer: `/outputs/${index}/name` })
}
