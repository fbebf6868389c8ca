// Runs compiled programs without a pool: lays out a memory by hand, runs all chunks (in any order)
// and reads the outputs. What lies before and behind an output is checked to be untouched.

import { fit } from '../../src/kernels/fit.ts'
import type { Compiled } from '../../src/kernels/program.ts'
import { stepOffset } from '../../src/kernels/record.ts'

export interface Run {
  readonly lengths: ReadonlyMap<string, number>
  readonly inputs?: ReadonlyMap<string, ArrayLike<number>>
  readonly numbers?: ReadonlyMap<string, number>
  /** Elements of each output. */
  readonly outputs: ReadonlyMap<string, number>
  /** Order in which the chunks of a step run; ascending if not given. */
  readonly order?: (chunks: number) => readonly number[]
  /** Datatypes of inputs that are not of the computing datatype. */
  readonly datatypes?: ReadonlyMap<string, string>
}

type Kernel = (args: number, first: number, last: number) => void
type After = (args: number) => void

// Minus zero as float32: adding 0 to it changes it.
const canary = 0x80000000

// One memory for all machines of a process: each would reserve 10 GiB of addresses.
const memory = new WebAssembly.Memory({ initial: 640, maximum: 640, shared: true })
const view = new DataView(memory.buffer)

/** The outputs of one run, as numbers. */
export function runProgram (program: Compiled, run: Run): Map<string, number[]> {
  const machine = new Machine(program, run)
  machine.run(run.order)
  return machine.outputs()
}

/** A program with its operands laid out; may be run again and again, until the next one is made. */
export class Machine {
  readonly #program: Compiled
  readonly #outputs = new Map<string, [address: number, count: number]>()
  readonly #steps: { kernel: Kernel, after: After, chunks: number }[] = []
  readonly #record: number
  #top = 65_600

  constructor (program: Compiled, { lengths, inputs, numbers, outputs, datatypes }: Run) {
    this.#program = program
    const length = (axis: string): number => {
      const found = lengths.get(axis)
      if (found === undefined) throw new Error(`axis ${axis} has no length`)
      return found
    }
    this.#record = this.#place(program.template.length)
    new Uint8Array(memory.buffer).set(program.template, this.#record)
    for (const [axis, word] of program.lengths) this.#set(word, length(axis))
    for (const [name, word] of program.inputs) {
      this.#set(word, this.#input(inputs?.get(name) ?? [], datatypes?.get(name) ?? 'real'))
    }
    for (const [name, word] of program.numbers) {
      view.setFloat64(this.#record + word, numbers?.get(name) ?? NaN, true)
    }
    for (const [name, word] of program.outputs) {
      const count = outputs.get(name) ?? 1
      const address = this.#place(count * this.#bytes)
      this.#outputs.set(name, [address, count])
      this.#set(word, address)
    }
    for (const [axes, word] of program.temporaries) {
      this.#set(word, this.#place(axes.reduce((count, axis) => count * length(axis), 8)))
    }
    this.#cut(length)
  }

  get #bytes (): number { return this.#program.precision === 'f32' ? 4 : 8 }

  #cut (length: (axis: string) => number): void {
    const thread = new WebAssembly.Global({ value: 'i32' }, 1)
    const imports = { lossd: { memory, thread } }
    const { exports } = new WebAssembly.Instance(this.#program.module, imports)
    const fits = this.#program.parts.map(part => fit(part, length))
    const threadBytes = Math.ceil(Math.max(...fits.map(fit => fit.threadBytes)) / 64) * 64
    this.#set(this.#program.scratchWord, this.#place(2 * threadBytes))
    this.#set(this.#program.scratchStrideWord, threadBytes)
    for (const fit of fits) {
      for (const [word, value] of fit.words) this.#set(word, value)
      for (const [word, bytes] of fit.blocks) this.#set(word, this.#place(bytes))
      for (const cut of fit.cuts) {
        const step = this.#steps.length
        const words = [cut.chunks, cut.nanosecondsPerChunk, cut.unitsPerChunk, cut.units]
        for (const [place, value] of words.entries()) this.#set(stepOffset(step) + 4 * place, value)
        const kernel = exports[`k${step}`] as Kernel
        this.#steps.push({ kernel, after: exports[`a${step}`] as After, chunks: cut.chunks })
      }
    }
  }

  #set (word: number, value: number): void { view.setInt32(this.#record + word, value, true) }

  #place (bytes: number): number {
    const address = this.#top
    this.#top += Math.ceil(bytes / 64) * 64 + 128
    if (this.#top > memory.buffer.byteLength) throw new Error('the test memory is too small')
    new Uint32Array(memory.buffer, address, (this.#top - address) / 4).fill(canary)
    return address
  }

  #input (values: ArrayLike<number>, datatype: string): number {
    const address = this.#place(values.length * 8)
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? NaN
      if (datatype === 'INT64') view.setBigInt64(address + 8 * index, BigInt(value), true)
      else if (datatype === 'INT32') view.setInt32(address + 4 * index, value, true)
      else if (datatype === 'UINT8' || datatype === 'BOOL') view.setUint8(address + index, value)
      else if (this.#bytes === 4) view.setFloat32(address + 4 * index, value, true)
      else view.setFloat64(address + 8 * index, value, true)
    }
    return address
  }

  run (order: Run['order']): void {
    for (const { kernel, after, chunks } of this.#steps) {
      if (order === undefined) kernel(this.#record, 0, chunks)
      else for (const chunk of order(chunks)) kernel(this.#record, chunk, chunk + 1)
      after(this.#record)
    }
  }

  outputs (): Map<string, number[]> {
    const results = new Map<string, number[]>()
    for (const [name, [address, count]] of this.#outputs) {
      const read = (index: number): number => this.#bytes === 4
        ? view.getFloat32(address + 4 * index, true)
        : view.getFloat64(address + 8 * index, true)
      results.set(name, Array.from({ length: count }, (_, index) => read(index)))
      for (const place of around(address, count * this.#bytes)) {
        if (view.getUint32(place, true) !== canary) throw new Error(`${name} is written around`)
      }
    }
    return results
  }
}

// The words in the 64 bytes before a block and behind its end.
function around (address: number, bytes: number): number[] {
  const words = Array.from({ length: 16 }, (_, index) => 4 * index)
  const end = address + bytes
  const rest = Array.from({ length: (Math.ceil(end / 64) * 64 - end) / 4 }, (_, index) => 4 * index)
  return [
    ...words.map(word => address - 64 + word),
    ...rest.map(word => end + word),
    ...words.map(word => Math.ceil(end / 64) * 64 + word)
  ]
}
