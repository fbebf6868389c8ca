// JSON replies, written straight from the heap into bytes: no object and no string per element.
// What is beyond a few milliseconds is written later, a slice at a time, so that nobody waits for a
// large reply but its own client.

import { setImmediate as otherWork } from 'node:timers/promises'

import { datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import { elementCount, type Tensor } from '../buffer/tensor.ts'
import { copyElements } from './elements.ts'
import { padPlaces, thePad } from './pad.ts'
import { printed, printedDatatypes } from './print-code.ts'

/** How a tensor is printed: nested arrays of numbers, or an object with datatype, shape, data. */
export type TensorForm = 'plain' | 'typed'

/** A tensor to be printed. */
interface Printed {
  readonly heap: Heap
  readonly tensor: Tensor
  readonly form: TensorForm
}

/** Writes one reply at a time; `take` ends it. Its methods return the writer. */
export class JsonWriter {
  #bytes: Buffer = Buffer.allocUnsafe(keptBytes)
  #length = 0
  /** Elements of the tensors written. */
  #elements = 0
  /** All that comes from the first tensor on that is written later. */
  #later: (string | Printed)[] = []

  /** JSON text as it is. */
  text (text: string): this {
    if (this.#later.length > 0) {
      this.#later.push(text)
      return this
    }
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
    const isPlain = Number.isFinite(value)
    return this.text(Object.is(value, -0) ? '-0' : isPlain ? String(value) : `"${value}"`)
  }

  /** A tensor of the heap. */
  tensor (heap: Heap, tensor: Tensor, form: TensorForm): this {
    this.#elements += elementCount(tensor.shape)
    if (this.#later.length > 0 || this.#elements > sliceElements) {
      this.#later.push({ heap, tensor, form })
      return this
    }
    const shape = this.#open(tensor, form)
    return this.#nested(heap, tensor, shape, 0, elementCount(shape)).#close(form)
  }

  /**
   * The reply; short ones as a string, which goes out in one piece with the headers. Of a large one
   * a promise, until whose end the tensors must stay as they are.
   */
  take (): string | Buffer | Promise<string | Buffer> {
    if (this.#later.length === 0) return this.#take()
    const writer = new JsonWriter()
    writer.#bytes = this.#bytes
    writer.#length = this.#length
    this.#bytes = Buffer.allocUnsafe(keptBytes)
    const parts = this.#later
    this.clear()
    return writer.#takeLater(parts)
  }

  async #takeLater (parts: readonly (string | Printed)[]): Promise<string | Buffer> {
    for (const part of parts) {
      if (typeof part === 'string') {
        this.text(part)
        continue
      }
      const { heap, tensor, form } = part
      const shape = this.#open(tensor, form)
      const count = elementCount(shape)
      for (let from = 0; from === 0 || from < count; from += sliceElements) {
        this.#nested(heap, tensor, shape, from, Math.min(from + sliceElements, count))
        await otherWork()
      }
      this.#close(form)
    }
    return this.#take()
  }

  #take (): string | Buffer {
    const reply = this.#length <= stringBytesMax
      ? this.#bytes.toString('utf8', 0, this.#length)
      : Buffer.from(this.#bytes.subarray(0, this.#length))
    this.clear()
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafe(keptBytes)
    return reply
  }

  /** Forgets what was written, after an error in the middle of a reply. */
  clear (): void {
    this.#length = 0
    this.#elements = 0
    if (this.#later.length > 0) this.#later = []
  }

  /** What stands before a tensor's data; gives the shape in which the data is nested. */
  #open ({ datatype, shape }: Tensor, form: TensorForm): readonly number[] {
    if (form === 'plain') return shape
    this.text(`{"datatype":"${datatype}","shape":[${shape.join()}],"data":`)
    return [elementCount(shape)]
  }

  #close (form: TensorForm): this { return form === 'plain' ? this : this.text('}') }

  /** Elements [from, to) with the brackets around and the commas before them, by the pad. */
  #nested (
    heap: Heap, { datatype, address }: Tensor, shape: readonly number[], from: number, to: number
  ): this {
    const { i32, bytes: text, print } = thePad()
    const words = padPlaces.printed / 4
    let count = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      count *= shape[axis] ?? 1
      i32[words + printed.sizes / 4 + axis] = count
    }
    if (count === 0) return this.#empty(shape)
    const kind = printedDatatypes.indexOf(datatype)
    const { bytes } = datatypes[datatype]
    i32[words + printed.datatype / 4] = kind
    i32[words + printed.rank / 4] = shape.length
    for (let first = from; first < to;) {
      const last = Math.min(first + chunkElements, to)
      const place = { datatype, count: last - first, address: address + first * bytes }
      copyElements(place, heap, thePad(), padPlaces.elements)
      i32[words + printed.address / 4] = padPlaces.elements - first * bytes
      const output = padPlaces.output + (this.#length & 7)
      const end = print(padPlaces.printed, first, last, output)
      this.#reserve(end - output)
      text.copy(this.#bytes, this.#length, output, end)
      this.#length += end - output
      first = last
    }
    return this
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
// With brackets around each on nine axes, their text is in the pad's room for it.
const chunkElements = 1024
// Some milliseconds of work.
const sliceElements = 1 << 16
