// A call of a loss of which all but the numbers is known: shapes, options, wishes. Its block of
// memory has a place for every tensor, so that a request writes the record, runs the program and
// reads the results. Small requests live from it: binding and filling a record cost them more than
// their kernels (13 µs a request become 4).
//
//     base   what compute/block.ts lays out │ outputs │ numbers │ inputs
//
// Inputs that lie in the heap already are read there; the block then ends before them.

import type { Lease } from '../buffer/lease.ts'
import { type Tensor, tensorBytes, viewOf } from '../buffer/tensor.ts'
import { LossdError } from '../errors.ts'
import {
  type LossCall, type LossPlan, type LossPrograms, sentenceOf, vectorPrefix
} from '../kernels/loss-program.ts'
import { type Alike, alikeOf, refuseAlike } from '../kernels/whole-numbers.ts'
import { Block } from './block.ts'
import type { Machine } from './execute.ts'
import type { RunOptions } from './pool.ts'
import { refuseLarge } from './result-size.ts'

/** What losses are evaluated on. */
export interface EvaluationMachine extends Machine {
  readonly programs: LossPrograms
}

/** The results of a loss; tensors lie in the heap until the lease ends. */
export interface Evaluated {
  readonly loss: Tensor
  readonly gradients: ReadonlyMap<string, Tensor>
  /** Diagonals of the Hessian, by argument; empty unless wanted. */
  readonly hessians: ReadonlyMap<string, Tensor>
  /** The Hessian times the vectors given. */
  readonly hessianVectors: ReadonlyMap<string, Tensor>
  /** What the mean divided by; null without one. */
  readonly denominator: number | null
  readonly warnings: readonly { readonly code: string, readonly message: string }[]
}

type Held<Conditions> = Conditions extends ReadonlyMap<string, infer Each> ? Each : never
type Check = Held<LossPlan['checks']>
type Warning = Held<LossPlan['warnings']>

/** A tensor whose place is known from the base of the block. */
interface Place {
  readonly name: string
  readonly datatype: Tensor['datatype']
  readonly shape: readonly number[]
  readonly offset: number
  readonly bytes: number
}

export class PreparedLoss {
  /** The size of the block, and of one without the inputs. */
  readonly bytes: number
  readonly ownBytes: number
  /** Where the elements of the arguments belong, `grad_output` the last if it is given. */
  readonly inputs: readonly Place[]
  readonly #machine: EvaluationMachine
  readonly #call: Pick<LossCall, 'definition' | 'datatype'>
  readonly #plan: LossPlan
  readonly #threads: number
  readonly #block: Block
  readonly #loss: Place
  readonly #gradients: readonly Place[]
  readonly #hessians: readonly Place[]
  readonly #hessianVectors: readonly Place[]
  /** The words of the record that hold the inputs' addresses. */
  readonly #words: ReadonlyMap<string, number>
  /** Slopes of a loss without values: 0, where the formula has 0 / 0 times an empty sum. */
  readonly #zeros: readonly Place[]
  /** Offsets of the numbers that say whether conditions hold. */
  readonly #checks: readonly (readonly [offset: number, check: Check])[]
  readonly #warnings: readonly (readonly [offset: number, warning: Warning])[]
  readonly #alike: readonly Alike[]
  /** Where the number that the mean divided by is; null without one. */
  readonly #denominator: number | null

  /** Elements in `call` are not read. @throws what LossPrograms.plan throws, RESULT_TOO_LARGE. */
  constructor (machine: EvaluationMachine, call: LossCall, resultElementsMax: number) {
    const { datatype, definition, gradOutput, gradients, hessians = [], vectors = {} } = call
    const plan = machine.programs.plan(call)
    const { program, binding, shape } = plan
    refuseLarge('loss', shape, resultElementsMax)
    this.#machine = machine
    this.#call = { datatype, definition }
    this.#plan = plan
    this.#threads = machine.pool.threadIndices

    const { axes: lengths, numbers: values } = binding
    const block = new Block(program, { lengths, numbers: values }, this.#threads)
    const place = (name: string, { datatype, shape }: Omit<Tensor, 'address'>): Place => {
      const bytes = tensorBytes({ datatype, shape })
      return { name, datatype, shape, bytes, offset: block.add(bytes) }
    }
    this.#loss = place('loss', { datatype, shape })
    const outputs = new Map([['loss', this.#loss.offset]])
    // One of the shape of each argument named.
    const results = (kind: string, names: readonly string[]): Place[] => names.map(name => {
      const shape = binding.tensors.get(name)?.shape ?? []
      const result = place(name, { datatype, shape })
      outputs.set(`${kind} ${name}`, result.offset)
      return result
    })
    this.#gradients = results('gradient', gradients)
    this.#hessians = results('hessian', hessians)
    this.#hessianVectors = results('hessian_vector', Object.keys(vectors))
    const numbers = block.add(program.outputs.length * numberBytes)
    for (const [index, [name, word]] of program.outputs.entries()) {
      const offset = outputs.get(name) ?? numbers + index * numberBytes
      outputs.set(name, offset)
      block.point(word, offset)
    }
    const placed = <Each>(conditions: ReadonlyMap<string, Each>) => [...conditions]
      .map(([name, each]) => [outputs.get(name) ?? 0, each] as const)
    this.#checks = placed(plan.checks)
    this.#warnings = placed(plan.warnings)
    this.#alike = alikeOf(binding, datatype)
    this.#denominator = plan.hasDenominator ? outputs.get('denominator') ?? null : null
    this.ownBytes = block.bytes
    const given = Object.entries(call.tensors).map(([name, { tensor }]) => place(name, tensor))
    if (gradOutput !== undefined) given.push(place('grad_output', gradOutput))
    for (const [name, vector] of Object.entries(vectors)) {
      given.push(place(vectorPrefix + name, vector))
    }
    this.inputs = given
    this.#words = new Map(program.inputs)
    for (const { name, offset } of this.inputs) {
      const word = this.#words.get(name)
      if (word !== undefined) block.point(word, offset)
    }
    this.bytes = block.bytes
    this.#block = block
    const isEmpty = plan.valueAxes.some(axis => lengths.get(axis) === 0)
    this.#zeros = isEmpty ? [...this.#gradients, ...this.#hessians, ...this.#hessianVectors] : none
  }

  /** Arguments whose gradients it gives. */
  get gradients (): string[] { return this.#gradients.map(({ name }) => name) }

  /** What runs, and what it was made from. */
  get plan (): LossPlan { return this.#plan }

  /** False once threads have come or gone: scratch is laid out for so many. */
  get fits (): boolean { return this.#threads === this.#machine.pool.threadIndices }

  /**
   * Runs on a block of the lease whose inputs have been written, or with all inputs at addresses of
   * their own; a promise if the work left this thread. @throws HEAP_FULL, QUEUE_FULL; TARGET_RANGE,
   * VALUE_RANGE and VALUE_REFUSED for values; the promise also WORKER_LOST, DEADLINE_EXCEEDED,
   * CANCELLED.
   */
  run (
    base: number, lease: Lease, options: RunOptions, placed?: ReadonlyMap<string, Tensor>
  ): Evaluated | Promise<Evaluated> {
    const { heap, pool } = this.#machine
    this.#block.write(heap, base)
    for (const [name, { address }] of placed ?? none) {
      const word = this.#words.get(name)
      if (word !== undefined) heap.i32[(base + word) / 4] = address
    }
    const { deadlineMs, signal } = options
    const running = pool.run(this.#plan.program, base, { deadlineMs, signal, lease })
    return running === undefined ? this.#read(base) : running.then(() => this.#read(base))
  }

  #read (base: number): Evaluated {
    for (const [offset, check] of this.#checks) {
      if (this.#numberAt(offset, base) > 0) this.#refuse(base, check)
    }
    for (const alike of this.#alike) refuseAlike(alike, this.#valuesOf(alike.argument, base))
    for (const { offset, bytes } of this.#zeros) {
      this.#machine.heap.u8.fill(0, base + offset, base + offset + bytes)
    }
    return {
      loss: tensorAt(this.#loss, base),
      gradients: tensorsAt(this.#gradients, base),
      hessians: tensorsAt(this.#hessians, base),
      hessianVectors: tensorsAt(this.#hessianVectors, base),
      denominator: this.#denominator === null ? null : this.#numberAt(this.#denominator, base),
      warnings: this.#held(base)
    }
  }

  #refuse (base: number, check: Check): never {
    const values = this.#valuesOf(check.argument, base)
    const sentence = sentenceOf(this.#call.definition, this.#plan.binding, check, values)
    throw new LossdError(check.code, sentence, { pointer: `/${check.argument}` })
  }

  // The elements of an argument, wherever they lie.
  #valuesOf (argument: string, base: number): ArrayLike<number | bigint> {
    const { heap } = this.#machine
    const place = this.inputs.find(input => input.name === argument)
    const word = this.#words.get(argument)
    return place === undefined || word === undefined
      ? []
      : viewOf(heap, { ...place, address: (heap.i32[(base + word) / 4] ?? 0) >>> 0 })
  }

  #held (base: number): Evaluated['warnings'] {
    const { known, binding } = this.#plan
    let held = known
    for (const [offset, warning] of this.#warnings) {
      if (this.#numberAt(offset, base) > 0) held = [...held, warning]
    }
    if (held.length === 0) return none
    return held.map(warning =>
      ({ code: warning.code, message: sentenceOf(this.#call.definition, binding, warning) }))
  }

  #numberAt (offset: number, base: number): number {
    const address = base + offset
    const { heap } = this.#machine
    return this.#call.datatype === 'FP32' ? heap.f32[address / 4] ?? 0 : heap.f64[address / 8] ?? 0
  }
}

const numberBytes = 8
const none: readonly never[] = []

const nothing: ReadonlyMap<string, Tensor> = new Map()

function tensorsAt (places: readonly Place[], base: number): ReadonlyMap<string, Tensor> {
  if (places.length === 0) return nothing
  const tensors = new Map<string, Tensor>()
  for (const place of places) tensors.set(place.name, tensorAt(place, base))
  return tensors
}

function tensorAt ({ datatype, shape, offset }: Place, base: number): Tensor {
  return { datatype, shape, address: base + offset }
}
