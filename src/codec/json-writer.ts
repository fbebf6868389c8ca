// JSON replies, written straight from the heap into bytes: no object and no string per element.
// What is beyond some hundred microseconds is left to a program of the pool: see printout.ts.

import { datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import { elementCount, type Tensor } from '../buffer/tensor.ts'
import { copyElements } from './elements.ts'
import { padPlaces, thePad } from './pad.ts'
import { describe, printedCount } from './printed.ts'
import { type Printed, Printout } from './printout.ts'

/** How a tensor is printed: nested arrays of numbers, or an object with datatype, shape, data. */
export type TensorForm = 'plain' | 'typed'

/** Writes one reply at a time; `take` ends it. Its methods return the writer. */
export class JsonWriter {
  #bytes: Buffer = Buffer.allocUnsafe(keptBytes)
  #length = 0
  /** Elements of the tensors written. */
  #elements = 0
  /** All that comes from the first tensor on that others print. */
  #later: (string | Printed)[] = []
  #heap: Heap | undefined

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
    const { datatype, shape } = tensor
    const count = printedCount(shape)
    this.#elements += count
    const isTyped = form === 'typed'
    if (isTyped) this.text(`{"datatype":"${datatype}","shape":[${shape.join()}],"data":`)
    const nesting = isTyped ? [elementCount(shape)] : shape
    if (this.#later.length > 0 || this.#elements > elementsMax) {
      this.#heap = heap
      this.#later.push({ tensor, shape: nesting })
    } else {
      this.#print(heap, tensor, nesting)
    }
    return isTyped ? this.text('}') : this
  }

  /** The reply; short ones as a string, which goes out in one piece with the headers. */
  take (): string | Buffer | Printout {
    const reply = this.#length <= stringBytesMax && this.#later.length === 0
      ? this.#bytes.toString('utf8', 0, this.#length)
      : Buffer.from(this.#bytes.subarray(0, this.#length))
    const whole = this.#heap === undefined || this.#later.length === 0
      ? reply
      : new Printout(this.#heap, [reply, ...this.#later])
    this.clear()
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafe(keptBytes)
    return whole
  }

  /** Forgets what was written, after an error in the middle of a reply. */
  clear (): void {
    this.#length = 0
    this.#elements = 0
    if (this.#later.length > 0) this.#later = []
  }

  /** Elements with the brackets around and the commas between them, by the pad. */
  #print (heap: Heap, { datatype, address }: Tensor, shape: readonly number[]): void {
    const { i32, bytes: text, print } = thePad()
    const count = printedCount(shape)
    const { bytes } = datatypes[datatype]
    for (let first = 0; first < count;) {
      const last = Math.min(first + chunkElements, count)
      const place = { datatype, count: last - first, address: address + first * bytes }
      copyElements(place, heap, thePad(), padPlaces.elements)
      describe(
        i32, padPlaces.printed, padPlaces.elements - first * bytes, datatype, shape)
      const output = padPlaces.output + (this.#length & 7)
      const end = print(padPlaces.printed, first, last, output)
      this.#reserve(end - output)
      text.copy(this.#bytes, this.#length, output, end)
      this.#length += end - output
      first = last
    }
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
// Some hundred microseconds of work.
const elementsMax = 1 << 13
