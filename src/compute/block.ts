// The one block of memory in which a program runs: an image of its record, filled for given lengths
// and numbers, and room for all else it needs. Made once, it can be written as often as it is run;
// only the addresses depend on where it lies.
//
//     base   record │ blocks of parts │ temporaries │ scratch of each thread │ what is added

import type { Heap } from '../buffer/heap.ts'
import { fit } from '../kernels/fit.ts'
import type { Compiled } from '../kernels/program.ts'
import { stepOffset } from '../kernels/record.ts'

export interface Filling {
  readonly lengths: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, number>
}

export class Block {
  bytes: number
  readonly #image: Int32Array
  readonly #view: DataView
  /** Words of the record that hold addresses: their index, the offset they point to. */
  readonly #addresses: number[] = []

  /** `threads` may run it, each with its own scratch. */
  constructor (program: Compiled, { lengths, numbers }: Filling, threads: number) {
    const copy = Uint8Array.from(program.template)
    this.#image = new Int32Array(copy.buffer)
    this.#view = new DataView(copy.buffer)
    this.bytes = rounded(copy.length)

    const length = (axis: string): number => present(lengths, axis, 'length of axis')
    const fits = program.parts.map(part => fit(part, length))
    let step = 0
    for (const { blocks, words, cuts } of fits) {
      for (const [word, bytes] of blocks) this.point(word, this.add(bytes))
      for (const [word, value] of words) this.#set(word, value)
      for (const cut of cuts) {
        const at = stepOffset(step++)
        this.#set(at, cut.chunks)
        this.#set(at + 4, Math.min(cut.nanosecondsPerChunk, 0x7fffffff))
        this.#set(at + 8, cut.unitsPerChunk)
        this.#set(at + 12, cut.units)
      }
    }
    const elementBytes = program.precision === 'f32' ? 4 : 8
    for (const [axes, word] of program.temporaries) {
      this.point(word, this.add(axes.reduce((bytes, axis) => bytes * length(axis), elementBytes)))
    }
    const threadBytes = Math.ceil(Math.max(...fits.map(fit => fit.threadBytes)) / 64) * 64
    this.point(program.scratchWord, this.add(threadBytes * threads))
    this.#set(program.scratchStrideWord, threadBytes)
    for (const [axis, word] of program.lengths) this.#set(word, length(axis))
    for (const [name, word] of program.numbers) {
      this.#view.setFloat64(word, present(numbers, name, 'number'), true)
    }
  }

  /** Room on a border of 64 bytes, with as much slack to read past: its offset. */
  add (bytes: number): number {
    const offset = this.bytes
    this.bytes += rounded(bytes)
    return offset
  }

  /** The word is to hold the address of an offset. */
  point (word: number, offset: number): void { this.#addresses.push(word / 4, offset) }

  /** Writes the record into memory of so many bytes. */
  write ({ i32 }: Heap, base: number): void {
    const first = base / 4
    i32.set(this.#image, first)
    const addresses = this.#addresses
    for (let index = 0; index < addresses.length; index += 2) {
      i32[first + (addresses[index] ?? 0)] = base + (addresses[index + 1] ?? 0)
    }
  }

  #set (word: number, value: number): void { this.#view.setInt32(word, value, true) }
}

/** The value of a name that must be there. */
export function present (
  values: ReadonlyMap<string, number>, name: string, what: string
): number {
  const value = values.get(name)
  if (value === undefined) throw new Error(`${what} ${name} is missing`)
  return value
}

function rounded (bytes: number): number { return Math.ceil((bytes + 64) / 64) * 64 }
