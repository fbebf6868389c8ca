// A session: model, loss, optimizer and the numbers they have come to. Operations take turns; each
// either changes everything it says or nothing at all.
//
//     arrival   body → tensors in the operation's memory         422 · 503 memory full
//     turn      parameters, batch ──program──▶ next parameters   503 worker lost · 504 deadline
//     commit    the next parameters are the parameters, seq + 1, step + 1

import { createHash } from 'node:crypto'
import { elementCount, type Tensor, viewOf } from '../buffer/tensor.ts'
import { refuseLarge } from '../compute/result-size.ts'
import { whenFinished } from '../compute/when-finished.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import { LossdError } from '../errors.ts'
import { describeDescent } from './descent.ts'
import type { Plain, PlainObject } from './fields.ts'
import type { Description } from './description.ts'
import { Mailbox, type Waiting } from './mailbox.ts'
import { bytesOf, type OperationMemory, release, type Tensors, zeros } from './memory.ts'
import { describeModel } from './model.ts'
import { describeObjective } from './objective.ts'
import { readParameters } from './parameters.ts'
import { stateName } from './step-graph.ts'
import { readStep, type StepRequest } from './step-request.ts'
import { computeStep, gradientsOf, nextOf, type StepMachine, type StepOutcome } from './step-run.ts'
import { fillUniform } from './uniform.ts'

/** What an operation has to know of the request it serves. */
export interface Turn extends Waiting {
  /** The seqs of which the session must have one when its turn comes; undefined: any. */
  readonly ifSeq?: readonly number[] | undefined
}

/** What a change leaves behind. */
export interface Change {
  readonly seq: number
  readonly step: number
}

export interface StepResult extends Change {
  readonly loss: number
  readonly examples: number
  readonly gradNorm: number
  readonly lr: number
  /** True if it came to what is not finite and the session leaves such steps out. */
  readonly skipped: boolean
  readonly warnings: StepOutcome['warnings']
  /** True if a tensor of the request was typed. */
  readonly typed: boolean
  /** Results that were asked for; they lie in the operation's memory. */
  readonly outputs: Tensor | undefined
  readonly gradients: Tensors | undefined
  readonly gradInput: Tensor | undefined
}

export interface SessionParts extends StepMachine {
  readonly queueMax: number
  readonly resultElementsMax: number
}

export class Session {
  readonly id: string
  readonly description: Description
  readonly createdAtMs: number
  expiresAtMs: number
  readonly #parts: SessionParts
  readonly #mailbox: Mailbox
  #parameters: Tensors
  #states: Tensors
  #seq = 0
  #step = 0
  #closed = false
  #digest: { readonly seq: number, readonly text: string } | undefined

  /** Its first parameters are drawn from the seed. Throws HEAP_FULL. */
  constructor (
    id: string, description: Description, nowMs: number, parts: SessionParts,
    memory: OperationMemory
  ) {
    this.id = id
    this.description = description
    this.createdAtMs = nowMs
    this.expiresAtMs = nowMs + 1000 * description.ttlSeconds
    this.#parts = parts
    this.#mailbox = new Mailbox(parts.queueMax)
    const { recipe: { model, descent }, datatype, seed } = description
    const { heap } = parts.machine
    const tensors = model.tensors
    this.#parameters = zeros(memory, datatype, tensors.map(({ name, shape }) => [name, shape]))
    this.#states = zeros(memory, datatype, tensors.flatMap(({ name, shape }) =>
      descent.states.map(state => [stateName(state, name), shape] as const)))
    for (const [stream, { name, bound }] of tensors.entries()) {
      const tensor = this.#parameters.get(name)
      if (tensor === undefined) continue
      const view = tensor.datatype === 'FP32'
        ? viewOf(heap, { ...tensor, datatype: 'FP32' })
        : viewOf(heap, { ...tensor, datatype: 'FP64' })
      fillUniform(view, bound, seed, stream)
    }
    for (const kept of [description.constants, this.#parameters, this.#states]) memory.keep(kept)
  }

  get seq (): number { return this.#seq }
  get step (): number { return this.#step }
  get closed (): boolean { return this.#closed }

  /** True while nothing runs or waits. */
  get idle (): boolean { return this.#mailbox.idle }

  get parameters (): Tensors { return this.#parameters }

  /** SHA-256 over parameters, optimizer state and step. */
  get digest (): string {
    if (this.#digest?.seq !== this.#seq) {
      const { heap } = this.#parts.machine
      const hash = createHash('sha256').update(`step ${this.#step}\n`)
      for (const [name, tensor] of [...this.#parameters, ...this.#states]) {
        hash.update(`${name} ${tensor.datatype} [${tensor.shape.join()}]\n`)
        hash.update(bytesOf(heap, tensor))
      }
      this.#digest = { seq: this.#seq, text: `sha256:${hash.digest('hex')}` }
    }
    return this.#digest.text
  }

  /** Its lease begins anew. */
  renew (nowMs: number): void {
    this.expiresAtMs = nowMs + 1000 * this.description.ttlSeconds
  }

  /** Reads a step and runs it in its turn; results lie in the memory given. */
  runStep (
    body: JsonObject, memory: OperationMemory, turn: Turn = {}
  ): Promise<StepResult> {
    const { recipe, datatype, constants } = this.description
    const run = (request: StepRequest): Promise<StepResult> => {
      if (request.wanted.has('outputs')) {
        refuseLarge('outputs', request.plan.outputShape, this.#parts.resultElementsMax)
      }
      return this.#take(turn, remaining => this.#runStep(request, memory, remaining))
    }
    const request = whenFinished(turn, () =>
      readStep(recipe, constants, datatype, body, memory))
    return request instanceof Promise ? request.then(run) : run(request)
  }

  /** Replaces all parameters by those of a body. */
  replaceParameters (body: JsonObject, memory: OperationMemory, turn: Turn = {}): Promise<Change> {
    const { recipe: { model }, datatype } = this.description
    const next = readParameters(model.tensors, datatype, body, memory)
    return this.#take(turn, () => {
      this.#commit(memory, next, this.#states)
      return { seq: this.#seq, step: this.#step }
    })
  }

  /** Ends the session in its turn: what waits behind finds it gone. */
  end (turn: Turn = {}): Promise<void> {
    return this.#take(turn, () => this.close())
  }

  /** Gives its memory back; only while no operation runs. */
  close (): void {
    if (this.#closed) return
    this.#closed = true
    const { heap } = this.#parts.machine
    const { constants } = this.description
    for (const kept of [constants, this.#parameters, this.#states]) release(heap, kept)
  }

  #take<T> (
    { ifSeq, deadlineMs, signal }: Turn, operation: (remaining: Waiting) => T | Promise<T>
  ): Promise<T> {
    const arrivedMs = performance.now()
    return this.#mailbox.post(() => {
      if (this.#closed) throw new LossdError('SESSION_UNKNOWN', `There is no session ${this.id}`)
      if (ifSeq !== undefined && !ifSeq.includes(this.#seq)) {
        throw new LossdError('PRECONDITION_FAILED',
          `The session is at seq ${this.#seq}; If-Match asked for ${ifSeq.join(', ')}`)
      }
      const left = deadlineMs === undefined
        ? undefined
        : Math.max(1, deadlineMs - (performance.now() - arrivedMs))
      return operation({ deadlineMs: left, signal })
    }, { deadlineMs, signal })
  }

  async #runStep (
    request: StepRequest, memory: OperationMemory, waiting: Waiting
  ): Promise<StepResult> {
    const { nonFinite } = this.description
    const state = { parameters: this.#parameters, states: this.#states, step: this.#step }
    const outcome =
      await computeStep(this.#parts, this.description, state, request, memory, waiting)
    const { loss, gradNorm, lr, warnings, results } = outcome
    const wrong = nonFiniteOf(outcome)
    if (wrong !== undefined && nonFinite === 'error') {
      throw new LossdError('NON_FINITE', `${wrong} not finite; nothing was changed`)
    }
    const skipped = wrong !== undefined && nonFinite === 'skip'
    if (skipped) this.#seq++
    else {
      this.#step++
      this.#commit(memory, nextOf(results, this.#parameters), nextOf(results, this.#states))
    }
    const { inputShape, wanted, typed } = request
    return {
      seq: this.#seq, step: this.#step, loss, gradNorm, lr, skipped, warnings, typed,
      examples: inputShape.length > 1 ? inputShape[0] ?? 0 : 1,
      outputs: results.get('outputs'), gradInput: results.get('grad_input'),
      gradients: wanted.has('gradients') ? gradientsOf(results, this.#parameters) : undefined
    }
  }

  // The one place where a session changes: nothing here can fail.
  #commit (memory: OperationMemory, parameters: Tensors, states: Tensors): void {
    const { heap } = this.#parts.machine
    if (parameters !== this.#parameters) {
      memory.keep(parameters)
      release(heap, this.#parameters)
      this.#parameters = parameters
    }
    if (states !== this.#states) {
      memory.keep(states)
      release(heap, this.#states)
      this.#states = states
    }
    this.#seq++
  }

  /** A few words of it, for lists. */
  summarize (): PlainObject {
    const { datatype, nonFinite, metadata } = this.description
    return {
      id: this.id, status: 'active', seq: this.#seq, step: this.#step,
      created_at: new Date(this.createdAtMs).toISOString(),
      expires_at: new Date(this.expiresAtMs).toISOString(),
      durability: 'memory', datatype, non_finite: nonFinite, metadata
    }
  }

  /** The session as clients see it. */
  describe (): Plain {
    const { recipe, datatype } = this.description
    const { model, objective, descent } = recipe
    return {
      ...this.summarize(),
      model: describeModel(model), loss: describeObjective(objective),
      optimizer: describeDescent(descent),
      parameters: model.tensors.map(({ name, shape }) => ({ name, shape: [...shape], datatype })),
      parameter_count: model.tensors.reduce((count, { shape }) => count + elementCount(shape), 0),
      digest: this.digest, cursor: null, last_checkpoint: null
    }
  }
}

/** What a step came to that is not finite, with its verb; undefined if all is. */
function nonFiniteOf ({ loss, gradNorm, finite, lr }: StepOutcome): string | undefined {
  if (!Number.isFinite(loss)) return `The loss (${loss}) is`
  if (!Number.isFinite(gradNorm)) return `The norm of the gradient (${gradNorm}) is`
  return finite ? undefined : `The next parameters or states of the optimizer (lr ${lr}) are`
}
