// The routes of sessions: models that train on the server, a step at a time.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import { allocateTensor } from '../buffer/tensor.ts'
import { JsonWriter, type TensorForm } from '../codec/json-writer.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import { copiesOf, type OperationMemory, type Tensors } from '../sessions/memory.ts'
import type { Session, StepResult, Turn } from '../sessions/session.ts'
import type { Sessions } from '../sessions/store.ts'
import { bytesOf, objectOf, paramOf } from './bodies.ts'
import { replyFormat, tensorFormats } from './formats.ts'
import { safetensorsReply } from './loss-reply.ts'
import { patienceOf } from './patience.ts'
import {
  type Answer, type HeapReply, jsonAnswer, sendAnswer, sendJson, sendProblem
} from './replies.ts'
import { sessionSchemas } from './session-schemas.ts'
import type { TextFields } from './text-fields.ts'

export interface SessionRouteSettings {
  readonly sessions: Sessions
  readonly heap: Heap
  readonly deadlineMs: number
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>

export function registerSessionRoutes (app: FastifyInstance, settings: SessionRouteSettings): void {
  const { sessions, heap, deadlineMs } = settings
  const url = '/v1/sessions'

  app.post(url, { schema: sessionSchemas.create }, answered((request, reply) => {
    refuseKey(request)
    const session = sessions.create(objectOf(request), bytesOf(request))
    reply.header('location', `${url}/${session.id}`)
    sendSession(reply, session, 201)
  }))
  app.get(url, { schema: sessionSchemas.list }, answered((request, reply) => {
    const { limit, after } = pageOf(request)
    const page = sessions.list(limit, after)
    const data = page.sessions.map(session => session.summarize())
    sendJson(reply, JSON.stringify({ data, next: page.next }))
  }))
  app.get(`${url}/:id`, { schema: sessionSchemas.get }, answered((request, reply) => {
    sendSession(reply, sessions.find(idOf(request)))
  }))
  app.delete(`${url}/:id`, { schema: sessionSchemas.end }, answered(async (request, reply) => {
    await sessions.end(idOf(request), turnOf(request, reply, deadlineMs))
    reply.code(204).send()
  }))

  const step = { schema: sessionSchemas.step, config: tensorFormats }
  app.post(`${url}/:id/step`, step, answered((request, reply) => {
    const session = sessions.find(idOf(request))
    const turn = turnOf(request, reply, deadlineMs)
    const format = replyFormat(request)
    return withMemory(sessions, async memory => {
      const result = await session.runStep(objectOf(request, stepTexts), memory, turn)
      reply.header('etag', `"${result.seq}"`)
      sendAnswer(request, reply, format === 'safetensors'
        ? stepTensors(memory, session, result)
        : await printStep(heap, session, result))
    })
  }))

  const parameters = `${url}/:id/parameters`
  const given = { config: { gives: tensorFormats.gives } }
  const all = { schema: sessionSchemas.parameters, ...given }
  app.get(parameters, all, answered((request, reply) => {
    const session = sessions.find(idOf(request))
    return sendTensors(request, reply, sessions, session, session.parameters)
  }))
  const parameter = `${parameters}/:name`
  app.get(parameter, { schema: sessionSchemas.parameter, ...given }, answered((request, reply) => {
    const session = sessions.find(idOf(request))
    const tensors = oneOf(session.parameters, paramOf(request, 'name'))
    return sendTensors(request, reply, sessions, session, tensors)
  }))
  const replace = {
    schema: sessionSchemas.replace, config: { takes: tensorFormats.takes, manyTensors: true }
  }
  app.put(parameters, replace, answered((request, reply) => {
    const session = sessions.find(idOf(request))
    const turn = turnOf(request, reply, deadlineMs)
    return withMemory(sessions, async memory => {
      const change = await session.replaceParameters(objectOf(request), memory, turn)
      reply.header('etag', `"${change.seq}"`)
      sendJson(reply, JSON.stringify(change))
    })
  }))
}

const writer = new JsonWriter()

const stepTexts: TextFields = { fields: { lr: 'value', return: 'names' }, others: 'fields' }

// What is thrown becomes a problem. The promise is ours: Fastify must not send anything itself.
function answered (handler: Handler): (request: FastifyRequest, reply: FastifyReply) => void {
  return (request, reply) => {
    const answer = handler(request, reply)
    answer?.catch((fault: unknown) => { sendProblem(request, reply, fault) })
  }
}

// Memory of one operation: it goes back when the reply is written, on every path.
async function withMemory (
  sessions: Sessions, run: (memory: OperationMemory) => Promise<void>
): Promise<void> {
  const memory = sessions.memory()
  try {
    await run(memory)
  } finally {
    memory.lease.end()
  }
}

function idOf (request: FastifyRequest): string { return paramOf(request, 'id') }

function sendSession (reply: FastifyReply, session: Session, status = 200): void {
  reply.header('etag', `"${session.seq}"`)
  sendJson(reply, JSON.stringify(session.describe()), status)
}

// Copies are printed: while that goes on, a step may replace the session's own.
function sendTensors (
  request: FastifyRequest, reply: FastifyReply, sessions: Sessions, session: Session,
  tensors: Tensors
): Promise<void> {
  const format = replyFormat(request)
  return withMemory(sessions, async memory => {
    const { seq, step } = session
    reply.header('etag', `"${seq}"`)
    const copies = copiesOf(memory, tensors)
    if (format === 'safetensors') {
      // What PyTorch's readers of such files look for.
      const metadata = { format: 'pt', seq: String(seq), step: String(step) }
      sendAnswer(request, reply, safetensorsReply(memory.heap, memory.lease, copies, metadata))
      return
    }
    writer.clear()
    const printed = jsonAnswer(printTensors(memory.heap, copies, 'typed').take())
    sendAnswer(request, reply, await printed)
  })
}

function oneOf (tensors: Tensors, name: string): Tensors {
  const tensor = tensors.get(name)
  if (tensor !== undefined) return new Map([[name, tensor]])
  const near = nearest(name, tensors.keys())
  const names = near.length > 0 ? near : [...tensors.keys()]
  throw new LossdError('PARAMETER_UNKNOWN', `The session has no parameter ${shown(name)}; ` +
    `${near.length > 0 ? 'nearest' : 'it has'}: ${names.join(', ')}`)
}

/** {"0.weight": …, …} */
function printTensors (heap: Heap, tensors: Tensors, form: TensorForm): JsonWriter {
  let before = '{'
  for (const [name, tensor] of tensors) {
    writer.text(`${before}${JSON.stringify(name)}:`).tensor(heap, tensor, form)
    before = ','
  }
  return writer.text(before === '{' ? '{}' : '}')
}

function printStep (
  heap: Heap, { description }: Session, result: StepResult
): Answer | Promise<Answer> {
  const { datatype } = description
  const { seq, step, examples, lr, skipped, warnings, outputs, gradients, gradInput } = result
  const form = result.typed ? 'typed' : 'plain'
  writer.clear()
  writer.text(`{"seq":${seq},"step":${step},"loss":`).value(shortest(result.loss, datatype))
    .text(`,"examples":${examples},"grad_norm":`).value(shortest(result.gradNorm, datatype))
    .text(',"lr":').number(lr).text(',"durable":false')
  if (skipped) writer.text(',"skipped":true')
  if (warnings.length > 0) writer.text(',"warnings":').value(warnings)
  if (outputs !== undefined) writer.text(',"outputs":').tensor(heap, outputs, form)
  if (gradients !== undefined) {
    writer.text(',"gradients":')
    printTensors(heap, gradients, form)
  }
  if (gradInput !== undefined) writer.text(',"grad_input":').tensor(heap, gradInput, form)
  return jsonAnswer(writer.text('}').take())
}

/** The tensors asked for and the loss; the rest as metadata. */
function stepTensors (
  { heap, lease }: OperationMemory, { description: { datatype } }: Session, result: StepResult
): HeapReply {
  const { seq, step, loss, examples, gradNorm, lr, skipped, warnings } = result
  const { outputs, gradients, gradInput } = result
  const scalar = allocateTensor(lease, datatype, [])
  const view = datatype === 'FP32' ? heap.f32 : heap.f64
  view[scalar.address / datatypes[datatype].bytes] = loss
  const tensors = new Map([['loss', scalar]])
  if (outputs !== undefined) tensors.set('outputs', outputs)
  for (const [name, gradient] of gradients ?? []) tensors.set(`grad.${name}`, gradient)
  if (gradInput !== undefined) tensors.set('grad_input', gradInput)
  const facts = {
    seq, step, examples, grad_norm: shortest(gradNorm, datatype), lr, durable: false,
    ...(skipped ? { skipped } : {}), ...(warnings.length > 0 ? { warnings } : {})
  }
  const metadata = Object.entries(facts).map(([name, fact]) =>
    [name, typeof fact === 'string' ? fact : JSON.stringify(fact)])
  return safetensorsReply(heap, lease, tensors, Object.fromEntries(metadata))
}

// A float32 with the fewest digits that give it again; what is not finite as a string.
function shortest (value: number, datatype: 'FP32' | 'FP64'): number | string {
  if (!Number.isFinite(value)) return String(value)
  if (datatype === 'FP64') return value
  const rounded = Math.fround(value)
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(rounded.toPrecision(digits))
    if (Math.fround(text) === rounded) return text
  }
  return Number(rounded.toPrecision(9))
}

/** Deadline, signal and If-Match of a change. Throws BAD_HEADER. */
function turnOf (request: FastifyRequest, reply: FastifyReply, deadlineMs: number): Turn {
  refuseKey(request)
  const { deadlineMs: left, signal } = patienceOf(request, reply, deadlineMs)
  return { deadlineMs: left, signal, ifSeq: seqsOf(request.headers['if-match']) }
}

// Who sends a key counts on a retry that changes nothing.
function refuseKey ({ headers }: FastifyRequest): void {
  if (headers['idempotency-key'] === undefined) return
  throw new LossdError('BAD_HEADER', 'Header Idempotency-Key must be left out: it is not ' +
    'supported yet; If-Match with the session’s ETag keeps a step from running twice')
}

/** The seqs of an If-Match: undefined for none and for `*`. A weak tag never matches. */
function seqsOf (header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  return header.split(',').map(tag => {
    const [, weak, text = ''] = /^(W\/)?"([^"]*)"$/.exec(tag.trim()) ?? []
    if (!/^\s*(W\/)?"[^"]*"\s*$/.test(tag)) {
      throw new LossdError('BAD_HEADER',
        `Header If-Match must be an ETag in quotes, or *; got ${shown(header)}`)
    }
    return weak === undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN
  })
}

function pageOf (request: FastifyRequest): { limit: number, after: string | null } {
  const query = new Map(Object.entries(request.query ?? {}).map(([name, value]) =>
    [name, String(value)]))
  const status = query.get('status') ?? 'active'
  if (status !== 'active') {
    throw new LossdError('BAD_QUERY', `Query parameter status must be active; got ${shown(status)}`)
  }
  const limit = Number(query.get('limit') ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new LossdError('BAD_QUERY',
      'Query parameter limit must be a whole number from 1 to 1000; ' +
      `got ${shown(query.get('limit') ?? '')}`)
  }
  return { limit, after: query.get('after') ?? null }
}
