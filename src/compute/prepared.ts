// A call of a loss of which all but the numbers is known: shapes, options, wishes. It has an image
// of its record and a place for every tensor in one block of memory, so that a request copies the
// image, runs the program and reads the results. Small requests live from it: binding and filling a
// record cost them more than their kernels (13 µs a request become 4).
//
//     base   record │ blocks of parts │ temporaries │ scratch │ inputs │ outputs │ numbers

import { datatypes } from '../buffer/datatype.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount, type Tensor, viewOf } from '../buffer/tensor.ts'
import { LossdError } from '../errors.ts'
import { refuseLarge } from './result-size.ts'
import { type LossCall, type LossPlan, sentenceOf, vectorPrefix } from '../kernels/loss-program.ts'
import { stepOffset } from '../kernels/record.ts'
import type { Evaluated, EvaluationMachine } from './evaluate.ts'
import type { RunOptions } from './pool.ts'

/** A tensor whose place is known from the base of the block. */
interface Place {
  readonly name: string
  readonly datatype: Tensor['datatype']
  readonly shape: readonly number[]
  readonly offset: number
}

export class PreparedLoss {
  /** The size of the block. */
  readonly bytes: number
  /** Where the elements of the arguments belong, `grad_output` the last if it is given. */
  readonly inputs: readonly Place[]
  readonly #machine: EvaluationMachine
  readonly #call: Pick<LossCall, 'definition' | 'datatype'>
  readonly #plan: LossPlan
  readonly #threads: number
  readonly #image: Int32Array
  /** Words of the record that hold addresses: their index, the offset they point to. */
  readonly #addresses: Int32Array
  readonly #loss: Place
  readonly #gradients: readonly Place[]
  readonly #hessians: readonly Place[]
  readonly #hessianVectors: readonly Place[]
  /** Offsets of the results that are single numbers. */
  readonly #numbers = new Map<string, number>()

  /** Addresses in `call` are not read. @throws what LossPrograms.plan throws, RESULT_TOO_LARGE. */
  constructor (machine: EvaluationMachine, call: LossCall, resultElementsMax: number) {
    const { datatype, definition, gradOutput, gradients, hessians = [], vectors = {} } = call
    const plan = machine.programs.plan(call)
    const { program, binding, shape } = plan
    refuseLarge('loss', shape, resultElementsMax)
    this.#machine = machine
    this.#call = { datatype, definition }
    this.#plan = plan
    this.#threads = machine.pool.threadIndices

    const block = new Block(program.template)
    layOut(block, plan, datatypes[datatype].bytes, this.#threads)
    const given = Object.entries(call.tensors).map(([name, { tensor }]) => ({ name, ...tensor }))
    if (gradOutput !== undefined) given.push({ name: 'grad_output', ...gradOutput })
    for (const [name, vector] of Object.entries(vectors)) {
      given.push({ name: vectorPrefix + name, ...vector })
    }
    this.inputs = given.map(tensor => block.place(tensor))
    this.#loss = block.place({ name: 'loss', datatype, shape })
    const outputs = new Map([['loss', this.#loss.offset]])
    // One of the shape of each argument named.
    const results = (kind: string, names: readonly string[]): Place[] => names.map(name => {
      const shape = binding.tensors.get(name)?.shape ?? []
      const place = block.place({ name, datatype, shape })
      outputs.set(`${kind} ${name}`, place.offset)
      return place
    })
    this.#gradients = results('gradient', gradients)
    this.#hessians = results('hessian', hessians)
    this.#hessianVectors = results('hessian_vector', Object.keys(vectors))
    const words = new Map(program.inputs)
    for (const { name, offset } of this.inputs) {
      const word = words.get(name)
      if (word !== undefined) block.point(word, offset)
    }
    const numbers = block.add(program.outputs.length * numberBytes)
    for (const [index, [name, word]] of program.outputs.entries()) {
      const own = numbers + index * numberBytes
      if (!outputs.has(name)) this.#numbers.set(name, own)
      block.point(word, outputs.get(name) ?? own)
    }
    this.bytes = block.bytes
    this.#image = block.image
    this.#addresses = Int32Array.from(block.addresses.flat())
  }

  /** False once threads have come or gone: scratch is laid out for so many. */
  get fits (): boolean { return this.#threads === this.#machine.pool.threadIndices }

  /**
   * Runs on a block of the lease whose inputs have been written; a promise if the work left this
   * thread. @throws as evaluateLoss.
   */
  run (base: number, lease: Lease, options: RunOptions): Evaluated | Promise<Evaluated> {
    const { heap, pool } = this.#machine
    const words = heap.i32
    const first = base / 4
    const image = this.#image
    for (let index = 0; index < image.length; index++) words[first + index] = image[index] ?? 0
    const addresses = this.#addresses
    for (let index = 0; index < addresses.length; index += 2) {
      words[first + (addresses[index] ?? 0)] = base + (addresses[index + 1] ?? 0)
    }
    const { deadlineMs, signal } = options
    const running = pool.run(this.#plan.program, base, { deadlineMs, signal, lease })
    return running === undefined ? this.#read(base) : running.then(() => this.#read(base))
  }

  #read (base: number): Evaluated {
    const { checks, warnings, known, hasDenominator } = this.#plan
    if (checks.size > 0) this.#refuse(base)
    return {
      loss: tensorAt(this.#loss, base),
      gradients: tensorsAt(this.#gradients, base),
      hessians: tensorsAt(this.#hessians, base),
      hessianVectors: tensorsAt(this.#hessianVectors, base),
      denominator: hasDenominator ? this.#numberAt('denominator', base) : null,
      warnings: known.length + warnings.size === 0 ? none : this.#warnings(base)
    }
  }

  #refuse (base: number): void {
    const { checks, binding } = this.#plan
    for (const [name, check] of checks) {
      if (!(this.#numberAt(name, base) > 0)) continue
      const place = this.inputs.find(input => input.name === check.argument)
      const values = place === undefined ? [] : viewOf(this.#machine.heap, tensorAt(place, base))
      throw new LossdError(check.code, sentenceOf(this.#call.definition, binding, check, values),
        { pointer: `/${check.argument}` })
    }
  }

  #warnings (base: number): Evaluated['warnings'] {
    const { warnings, known, binding } = this.#plan
    const held = [...known]
    for (const [name, warning] of warnings) {
      if (this.#numberAt(name, base) > 0) held.push(warning)
    }
    if (held.length === 0) return none
    return held.map(warning =>
      ({ code: warning.code, message: sentenceOf(this.#call.definition, binding, warning) }))
  }

  #numberAt (name: string, base: number): number {
    const address = base + (this.#numbers.get(name) ?? 0)
    const { heap } = this.#machine
    return this.#call.datatype === 'FP32' ? heap.f32[address / 4] ?? 0 : heap.f64[address / 8] ?? 0
  }
}

const numberBytes = 8
const none: readonly never[] = []

// What compute/execute.ts does for every run: where everything of the program lies, and the cuts.
function layOut (block: Block, plan: LossPlan, elementBytes: number, threads: number): void {
  const { program, binding: { axes, numbers } } = plan
  const length = (axis: string): number => axes.get(axis) ?? 1
  const fits = program.parts.map(part => part.fit(length))
  let step = 0
  for (const { blocks, words, cuts } of fits) {
    for (const [word, bytes] of blocks) block.point(word, block.add(bytes))
    for (const [word, value] of words) block.set(word, value)
    for (const cut of cuts) {
      const at = stepOffset(step++)
      block.set(at, cut.chunks)
      block.set(at + 4, Math.min(cut.nanosecondsPerChunk, 0x7fffffff))
      block.set(at + 8, cut.unitsPerChunk)
      block.set(at + 12, cut.units)
    }
  }
  for (const [stored, word] of program.temporaries) {
    const count = stored.reduce((product, axis) => product * length(axis), 1)
    block.point(word, block.add(count * elementBytes))
  }
  const threadBytes = Math.ceil(Math.max(...fits.map(fit => fit.threadBytes)) / 64) * 64
  block.point(program.scratchWord, block.add(threadBytes * threads))
  block.set(program.scratchStrideWord, threadBytes)
  for (const [axis, word] of program.lengths) block.set(word, length(axis))
  for (const [name, word] of program.numbers) block.setNumber(word, numbers.get(name) ?? 0)
}

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

/** The block as it grows: the record's image, and what lies behind it. */
class Block {
  bytes: number
  readonly image: Int32Array
  readonly addresses: [word: number, offset: number][] = []
  readonly #view: DataView

  constructor (template: Uint8Array) {
    const copy = Uint8Array.from(template)
    this.image = new Int32Array(copy.buffer)
    this.#view = new DataView(copy.buffer)
    this.bytes = rounded(template.length)
  }

  /** Room on a border of 64 bytes, with as much slack to read past. */
  add (bytes: number): number {
    const offset = this.bytes
    this.bytes += rounded(bytes)
    return offset
  }

  place ({ name, datatype, shape }: Omit<Place, 'offset'>): Place {
    const offset = this.add(elementCount(shape) * datatypes[datatype].bytes)
    return { name, datatype, shape, offset }
  }

  set (word: number, value: number): void { this.#view.setInt32(word, value, true) }

  setNumber (word: number, value: number): void { this.#view.setFloat64(word, value, true) }

  /** The word is to hold the address of an offset. */
  point (word: number, offset: number): void { this.addresses.push([word / 4, offset]) }
}

function rounded (bytes: number): number { return Math.ceil((bytes + 64) / 64) * 64 }
