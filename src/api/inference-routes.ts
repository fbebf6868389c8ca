// The Open Inference Protocol, version 2: every loss is a model, its arguments are the inputs, the
// loss and its gradients the outputs. Served as its clients send it, with JSON and binary tensors.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Heap } from '../buffer/heap.ts'
import {
  type ArrivedInference, inferenceFrame, type InferenceRequest, readArrived, readInference
} from '../codec/open-inference.ts'
import { whenFinished } from '../compute/when-finished.ts'
import { LossdError, shown } from '../errors.ts'
import { lossNames } from '../losses/index.ts'
import { type Lifecycle, stateRefusal } from './admission.ts'
import { BinaryBody, scatter } from './binary-bodies.ts'
import { type BodySettings, jsonParser, objectOf, paramOf } from './bodies.ts'
import { findEntry, type LossEntry } from './catalogue.ts'
import { version } from './docs.ts'
import { headerLength, mediaTypes, replyFormat } from './formats.ts'
import { FormulaEntries } from './formula-entries.ts'
import { inferencePrinter, lossBody } from './inference-answer.ts'
import { inferenceSchemas } from './inference-schemas.ts'
import type { KeptFormulas } from './kept-formulas.ts'
import type { AnswerLoss, LossMachine } from './loss-answer.ts'
import { patienceOf } from './patience.ts'
import { sendAnswer, sendJson, sendProblem } from './replies.ts'
import { unknownLoss } from './routes.ts'

export interface InferenceSettings extends LossMachine, Omit<BodySettings, 'machine'> {
  readonly kept: KeptFormulas
  readonly lifecycle: Lifecycle
}

/** A body whose binary tensors have arrived. */
class InferenceBody extends BinaryBody<ArrivedInference> {}

export function registerInferenceRoutes (
  app: FastifyInstance, settings: InferenceSettings, answerLoss: AnswerLoss
): void {
  const { deadlineMs, kept, lifecycle } = settings
  const entries = new FormulaEntries()
  takeInference(app, settings)

  const find = (request: FastifyRequest, options: InferenceRequest['parameters']): LossEntry => {
    const name = paramOf(request, 'model')
    const asked = paramOf(request, 'version')
    if (asked !== '' && asked !== '1') {
      throw new LossdError('LOSS_UNKNOWN', `${shown(name)} has version 1 only, not ${shown(asked)}`)
    }
    const formula = kept.find(name)
    const entry = findEntry(name) ??
      (formula && entries.find(formula, Object.fromEntries(options)))
    if (entry === undefined) throw unknownLoss(name, [...lossNames, ...kept.names])
    return entry
  }

  app.get('/v2', { schema: inferenceSchemas.server }, (_request, reply) => {
    sendJson(reply, JSON.stringify({ name: 'lossd', version, extensions: ['binary_tensor_data'] }))
  })
  app.get('/v2/health/live', { schema: inferenceSchemas.live }, (_request, reply) => {
    sendJson(reply, '{"live":true}')
  })
  app.get('/v2/health/ready', { schema: inferenceSchemas.ready }, (request, reply) => {
    const refusal = stateRefusal(lifecycle)
    if (refusal === undefined) sendJson(reply, '{"ready":true}')
    else sendProblem(request, reply, refusal)
  })
  for (const [at, hide] of [['', false], ['/versions/:version', true]] as const) {
    const url = `/v2/models/:model${at}`
    const schemaOf = (schema: object): object => ({ ...schema, hide })
    app.get(url, { schema: schemaOf(inferenceSchemas.model) }, (request, reply) => {
      const entry = find(request, none)
      sendJson(reply, JSON.stringify(describe(paramOf(request, 'model'), entry)))
    })
    app.get(`${url}/ready`, { schema: schemaOf(inferenceSchemas.modelReady) }, (request, reply) => {
      find(request, none)
      sendJson(reply, JSON.stringify({ name: paramOf(request, 'model'), ready: true }))
    })
    const config = { takes: both, gives: both, untyped: true }
    const schema = schemaOf(inferenceSchemas.infer)
    app.post(`${url}/infer`, { schema, config }, (request, reply) => {
      const patience = patienceOf(request, reply, deadlineMs)
      sendAnswer(request, reply, whenFinished(patience, left => {
        const inference = inferenceOf(request)
        const entry = find(request, inference.parameters)
        const binary = inference.binary ?? replyFormat(request) === 'inference'
        const print = inferencePrinter(paramOf(request, 'model'), inference, binary)
        return answerLoss(entry, lossBody(inference), left, undefined, print)
      }))
    })
  }
}

const both = ['json', 'inference'] as const
const none: InferenceRequest['parameters'] = new Map()

function inferenceOf (request: FastifyRequest): InferenceRequest {
  const { body } = request
  return body instanceof InferenceBody
    ? readArrived(body.content)
    : readInference(objectOf(request))
}

/** Reads bodies of the protocol in a scope: with a header's length binary, else JSON. */
function takeInference (app: FastifyInstance, settings: InferenceSettings): void {
  const { machine: { heap }, tensorsMax } = settings
  const parseJson = jsonParser(app, settings)
  app.removeContentTypeParser('application/json')
  const types = ['application/json', ...mediaTypes.inference, '*']
  app.addContentTypeParser(types, (request, payload: IncomingMessage, done) => {
    const length = request.headers[headerLength]
    if (length === undefined) parseJson(request, payload, done)
    else {
      takeBinary(request, payload, heap, String(length), tensorsMax)
        .then(body => { done(null, body) }, done)
    }
  })
}

async function takeBinary (
  request: FastifyRequest, payload: IncomingMessage, heap: Heap, length: string, tensorsMax: number
): Promise<InferenceBody> {
  if (!/^[1-9]\d{0,14}$/.test(length)) {
    throw new LossdError('BAD_HEADER', 'Header Inference-Header-Content-Length must be the ' +
      `number of bytes of the JSON header, 1 or more; got ${shown(length)}`)
  }
  if (request.headers['content-length'] === undefined) throw new LossdError('LENGTH_REQUIRED')
  const frame = inferenceFrame(Number(length), tensorsMax)
  const [content, lease] = await scatter(request, payload, heap, frame)
  return new InferenceBody(content, lease)
}

/** What the protocol tells of a model; -1 is any length. */
function describe (name: string, { definition, differentiable }: LossEntry): object {
  const inputs = definition.tensors.map(tensor => {
    const [kind] = tensor.kinds
    const datatype = kind === undefined || kind.kind === 'real' ? 'FP32' : 'INT64'
    return { name: tensor.name, datatype, shape: (kind?.axes ?? []).map(() => -1) }
  })
  const outputs = ['loss', ...differentiable.map(argument => `grad_${argument}`)]
    .map(output => ({ name: output, datatype: 'FP32', shape: [-1] }))
  return { name, versions: ['1'], platform: 'lossd', inputs, outputs }
}
