// A session: model, loss, optimizer and the numbers they have come to. Operations take turns; each
// either changes everything it says or nothing at all.
//
//     arrival   body → tensors in memory of the operation               422 · 503 memory full
//     turn      parameters, batch ──program──▶ next parameters, loss     503 worker lost · 504 deadline
//     commit    the next parameters are the parameters, seq + 1, step + 1

import { createHash } from 'node:crypto'
import { allocateTensor, elementCount, type Tensor, viewOf } from '../buffer/tensor.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import { execute, type Machine } from '../compute/execute.ts'
import { LossdError } from '../errors.ts'
import { explain } from '../formulas/checks.ts'
import { describeDescent } from './descent.ts'
import type { Plain } from './fields.ts'
import type { Description } from './description.ts'
import { Mailbox, type Waiting } from './mailbox.ts'
import { bytesOf, type OperationMemory, release, scalarOf, type Tensors, zeros } from './memory.ts'
import { describeModel } from './model.ts'
import { describeObjective, pointerTo } from './objective.ts'
import { readParameters } from './parameters.ts'
import { stateName, stepNumbers, traceStep } from './step-graph.ts'
import type { StepProgram, StepPrograms } from './step-programs.ts'
import { readStep, type StepRequest } from './step-request.ts'
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
  /** True if a gradient was not finite and the session leaves such steps out. */
  readonly skipped: boolean
  /** Results that were asked for; they lie in the operation's memory. */
  readonly outputs: Tensor | undefined
  readonly gradients: Tensors | undefined
  readonly gradInput: Tensor | undefined
}

export interface SessionParts {
  readonly machine: Machine
  readonly programs: StepPrograms
  readonly queueMax: number
}

export class Session {
  readonly id: string
  readonly description: Description
  readonly createdAtMs: number
  expiresAtMs: number
  readonly #parts: SessionParts
  readonly #mailbox: Mailbox
  readonly #constants: Tensors
  #parameters: Tensors
  #states: Tensors
  #seq = 0
  #step = 0
  #closed = false
  #digest: { readonly seq: number, readonly text: string } | undefined

  /** Its first parameters are drawn from the seed. Throws HEAP_FULL. */
  constructor (id: string, description: Description, nowMs: number, parts: SessionParts, memory: OperationMemory) {
    this.id = id
    this.description = description
    this.createdAtMs = nowMs
    this.expiresAtMs = nowMs + 1000 * description.ttlSeconds
    this.#parts = parts
    this.#mailbox = new Mailbox(parts.queueMax)
    const { recipe: { model, descent }, datatype, seed } = description
    const { heap } = parts.machine
    this.#constants = description.constants
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
    for (const kept of [this.#constants, this.#parameters, this.#states]) memory.keep(kept)
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
        hash.update(`${name} ${tensor.datatype} [${tensor.shape.join()}]\n`).update(bytesOf(heap, tensor))
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
  runStep (body: JsonObject, memory: OperationMemory, turn: Turn = {}): Promise<StepResult & { typed: boolean }> {
    const { recipe, datatype } = this.description
    const request = readStep(recipe, this.#constants, datatype, body, memory)
    return this.#take(turn, async remaining => {
      const result = await this.#runStep(request, memory, remaining)
      return { ...result, typed: request.typed }
    })
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
    for (const tensors of [this.#constants, this.#parameters, this.#states]) release(heap, tensors)
  }

  #take<T> ({ ifSeq, deadlineMs, signal }: Turn, operation: (remaining: Waiting) => T | Promise<T>): Promise<T> {
    const arrivedMs = performance.now()
    return this.#mailbox.post(() => {
      if (this.#closed) throw new LossdError('SESSION_UNKNOWN', `There is no session ${this.id}`)
      if (ifSeq !== undefined && !ifSeq.includes(this.#seq)) {
        throw new LossdError('PRECONDITION_FAILED',
          `The session is at seq ${this.#seq}; If-Match asked for ${ifSeq.join(', ')}`)
      }
      const left = deadlineMs === undefined ? undefined : Math.max(1, deadlineMs - (performance.now() - arrivedMs))
      return operation({ deadlineMs: left, signal })
    }, { deadlineMs, signal })
  }

  async #runStep (request: StepRequest, memory: OperationMemory, waiting: Waiting): Promise<StepResult> {
    const { machine, programs } = this.#parts
    const { recipe, datatype, nonFinite } = this.description
    const { plan, inputShape, wanted } = request
    const program = programs.find(plan.key, datatype === 'FP32' ? 'f32' : 'f64',
      () => traceStep(recipe, inputShape.length, plan.bound, wanted))
    const results = this.#allocate(program, request, memory)
    const lr = request.lr ?? Number(recipe.descent.options.lr)
    const running = execute(machine, program.compiled, {
      lengths: plan.lengths,
      inputs: addresses([...request.tensors, ...this.#parameters, ...this.#states,
        ...[...this.#constants].map(([name, tensor]) => [`loss.${name}`, tensor] as const)]),
      numbers: new Map([...plan.numbers, ...stepNumbers(recipe.descent, this.#step + 1, lr)]),
      outputs: addresses(results)
    }, memory.lease, waiting)
    if (running !== undefined) await running

    const number = (name: string): number => {
      const tensor = results.get(name)
      return tensor === undefined ? Number.NaN : scalarOf(machine.heap, tensor)
    }
    this.#check(program, request, number)
    const loss = number('loss')
    const gradNorm = Math.sqrt(number('norm'))
    const finite = Number.isFinite(loss) && Number.isFinite(gradNorm)
    if (!finite && nonFinite === 'error') {
      const what = Number.isFinite(loss) ? 'The gradient' : `The loss (${loss})`
      throw new LossdError('NON_FINITE', `${what} is not finite; nothing was changed`)
    }
    const skipped = !finite && nonFinite === 'skip'
    if (skipped) this.#seq++
    else {
      this.#step++
      this.#commit(memory, some(results, this.#parameters), some(results, this.#states))
    }
    const gradients = new Map([...this.#parameters.keys()].flatMap(name => {
      const tensor = results.get(`gradient ${name}`)
      return tensor === undefined ? [] : [[name, tensor] as const]
    }))
    return {
      seq: this.#seq, step: this.#step, loss, gradNorm, lr, skipped,
      examples: inputShape.length > 1 ? inputShape[0] ?? 0 : 1,
      outputs: results.get('outputs'), gradInput: results.get('grad_input'),
      gradients: wanted.has('gradients') ? gradients : undefined
    }
  }

  // Memory for all results of a program, by their names in the graph.
  #allocate (
    { outputs }: StepProgram, { plan, inputShape }: StepRequest, { lease }: OperationMemory
  ): Map<string, Tensor> {
    const { datatype } = this.description
    return new Map(outputs.map(name => {
      const like = this.#parameters.get(name.replace(/^(next|gradient) /, '')) ??
        this.#states.get(name.replace(/^next /, ''))
      const shape = name === 'outputs' ? plan.outputShape : name === 'grad_input' ? inputShape : like?.shape ?? []
      return [name, allocateTensor(lease, datatype, shape)]
    }))
  }

  #check ({ checks }: StepProgram, { plan, tensors }: StepRequest, number: (name: string) => number): void {
    const { objective } = this.description.recipe
    for (const [index, check] of checks.entries()) {
      if (!(number(`check ${index}`) > 0)) continue
      const tensor = tensors.get(`loss.${check.argument}`) ?? this.#constants.get(check.argument)
      const values = tensor === undefined ? [] : viewOf(this.#parts.machine.heap, tensor)
      const detail = explain(objective.definition, plan.bound.binding, check, values)
      throw new LossdError(check.code, detail, { pointer: pointerTo(objective, check.argument) })
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
  summarize (): { readonly [key: string]: Plain } {
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
      model: describeModel(model), loss: describeObjective(objective), optimizer: describeDescent(descent),
      parameters: model.tensors.map(({ name, shape }) => ({ name, shape: [...shape], datatype })),
      parameter_count: model.tensors.reduce((count, { shape }) => count + elementCount(shape), 0),
      digest: this.digest, cursor: null, last_checkpoint: null
    }
  }
}

function addresses (tensors: Iterable<readonly [string, Tensor]>): Map<string, number> {
  return new Map([...tensors].map(([name, { address }]) => [name, address]))
}

// The next values of these tensors, or they themselves if a step leaves them alone.
function some (results: Tensors, tensors: Tensors): Tensors {
  const next = new Map<string, Tensor>()
  for (const name of tensors.keys()) {
    const tensor = results.get(`next ${name}`)
    if (tensor !== undefined) next.set(name, tensor)
  }
  return next.size === tensors.size && next.size > 0 ? next : tensors
}
