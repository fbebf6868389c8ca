// JSON replies, written straight from the heap into bytes: no object and no string per element.
// Separate from the reader, with which it shares only how non-finite numbers are spelled.

import type { Datatype } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import { elementCount, type Tensor } from '../buffer/tensor.ts'
import { numberBytesMax, writeFloat32, writeFloat64 } from './number-text.ts'

/** How a tensor is printed: nested arrays of numbers, or an object with datatype, shape, data. */
export type TensorForm = 'plain' | 'typed'

/** Writes one reply at a time; `take` ends it. Its methods return the writer. */
export class JsonWriter {
  #bytes: Buffer = Buffer.allocUnsafe(keptBytes)
  #length = 0

  /** JSON text as it is. */
  text (text: string): this {
    this.#reserve(text.length * 3)
    // Short ASCII is quicker byte by byte.
    const bytes = this.#bytes
    let position = this.#length
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code >= 0x80 || index === shortText) {
        position += bytes.write(index === 0 ? text : text.slice(index), position)
        break
      }
      bytes[position++] = code
    }
    this.#length = position
    return this
  }

  /** Any value that JSON.stringify knows; numbers that are not finite must not be in it. */
  value (value: unknown): this {
    return this.text(JSON.stringify(value))
  }

  /** A number as JSON: not finite ones as strings. */
  number (value: number): this {
    this.#reserve(numberBytesMax)
    this.#length = writeNumber(this.#bytes, this.#length, value, 'FP64')
    return this
  }

  /** A tensor of the heap. */
  tensor (heap: Heap, tensor: Tensor, form: TensorForm): this {
    const { datatype, shape } = tensor
    if (form === 'plain') return this.#nested(heap, tensor, shape)
    this.text(`{"datatype":"${datatype}","shape":[${shape.join()}],"data":`)
    return this.#nested(heap, tensor, [elementCount(shape)]).text('}')
  }

  /** The reply; short ones as a string, which goes out in one piece with the headers. */
  take (): string | Buffer {
    const reply = this.#length <= stringBytesMax
      ? this.#bytes.toString('utf8', 0, this.#length)
      : Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafe(keptBytes)
    return reply
  }

  /** Forgets what was written, after an error in the middle of a reply. */
  clear (): void {
    this.#length = 0
  }

  #nested (heap: Heap, { datatype, address }: Tensor, shape: readonly number[]): this {
    const innermost = shape.at(-1) ?? 1
    // Elements from each axis on: where a multiple of one begins, an array opens.
    const sizes: number[] = []
    let count = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      count *= shape[axis] ?? 1
      sizes.push(count)
    }
    if (count === 0) return this.#empty(shape)
    for (let first = 0; first < count; first += innermost) {
      this.#brackets(sizes, first, 0x5b)
      for (let index = first; index < first + innermost; index += chunkElements) {
        const end = Math.min(index + chunkElements, first + innermost)
        this.#reserve((numberBytesMax + 1) * (end - index))
        if (index > first) this.#bytes[this.#length++] = 0x2c
        this.#length = datatype === 'FP32'
          ? writeFloats(this.#bytes, this.#length, heap.f32, address / 4 + index, end - index)
          : writeOthers(this.#bytes, this.#length, heap, datatype, address, index, end)
      }
      this.#brackets(sizes, first + innermost, 0x5d)
      if (first + innermost < count) this.#bytes[this.#length++] = 0x2c
    }
    return this
  }

  #brackets (sizes: readonly number[], index: number, bracket: number): void {
    this.#reserve(sizes.length + 2)
    for (const size of sizes) if (index % size === 0) this.#bytes[this.#length++] = bracket
  }

  #empty (shape: readonly number[]): this {
    const zero = shape.indexOf(0)
    const rows = shape.slice(0, zero).toReversed()
    const text = rows.reduce((inner, length) => `[${new Array(length).fill(inner).join()}]`, '[]')
    return this.text(text)
  }

  #reserve (bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

const keptBytes = 64 << 10
const stringBytesMax = 4096
const shortText = 64
const chunkElements = 1024

function writeFloats (
  bytes: Buffer, position: number, view: Float32Array, first: number, count: number
): number {
  for (let index = first; index < first + count; index++) {
    if (index > first) bytes[position++] = 0x2c
    const value = view[index] ?? 0
    // Only a finite number less itself is 0.
    position = value - value === 0
      ? writeFloat32(bytes, position, value)
      : writeNumber(bytes, position, value, 'FP32')
  }
  return position
}

function writeOthers (
  bytes: Buffer, position: number, heap: Heap, datatype: Datatype, address: number,
  first: number, end: number
): number {
  for (let index = first; index < end; index++) {
    if (index > first) bytes[position++] = 0x2c
    position = writeNumber(bytes, position, elementOf(heap, datatype, address, index), datatype)
  }
  return position
}

function writeNumber (bytes: Buffer, position: number, value: number, datatype: Datatype): number {
  if (Number.isFinite(value)) {
    return datatype === 'FP32'
      ? writeFloat32(bytes, position, value)
      : writeFloat64(bytes, position, value)
  }
  return position + bytes.write(`"${value}"`, position, 'latin1')
}

function elementOf (heap: Heap, datatype: Datatype, address: number, index: number): number {
  switch (datatype) {
    case 'FP32': return heap.f32[address / 4 + index] ?? 0
    case 'FP64': return heap.f64[address / 8 + index] ?? 0
    case 'INT32': return heap.i32[address / 4 + index] ?? 0
    case 'INT64': return Number(heap.i64[address / 8 + index] ?? 0)
    default: return heap.u8[address + index] ?? 0
  }
}
