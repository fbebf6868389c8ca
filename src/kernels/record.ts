// The block of memory that a program reads its arguments from: which word holds what.
//
//     byte 0     number of steps (i32)
//     16 + 16 s  of step s: chunks, nanoseconds a chunk, units a chunk, units (i32 each)
//     then       words of 8 bytes: lengths of axes, addresses, strides (i32), numbers and totals
//                (f64), constants (f32, f64, i32 or i64)
//
// A word is named by what it holds (`length N`, `input x`, `total 3`), so that asking twice gives
// the same word. Whole numbers are unsigned 32 bits: the heap may be 4 GiB.

const stepBytes = 16
const headerBytes = 16

/** The words of a program's record, in the order in which they were first asked for. */
export class RecordLayout {
  readonly steps: number
  readonly #words = new Map<string, number>()
  readonly #constants: { offset: number; write: (view: DataView, offset: number) => void }[] = []

  constructor (steps: number) { this.steps = steps }

  /** The byte offset of a word. */
  word (name: string): number {
    let offset = this.#words.get(name)
    if (offset === undefined) {
      offset = headerBytes + stepBytes * this.steps + 8 * this.#words.size
      this.#words.set(name, offset)
    }
    return offset
  }

  /** The byte offset of a constant that is written once, with the record's template. */
  constant (type: 'f32' | 'f64' | 'i32' | 'i64', value: number | bigint): number {
    const name = `${type} ${Object.is(value, -0) ? '-0' : value}`
    if (!this.#words.has(name)) {
      const offset = this.word(name)
      this.#constants.push({ offset, write: writers[type](value) })
    }
    return this.word(name)
  }

  /** All words whose name is a kind and a rest: `length N` → ['N', offset]. */
  named (kind: string): [string, number][] {
    const prefix = `${kind} `
    return [...this.#words].filter(([name]) => name.startsWith(prefix))
      .map(([name, offset]) => [name.slice(prefix.length), offset])
  }

  get bytes (): number { return headerBytes + stepBytes * this.steps + 8 * this.#words.size }

  /** The record with its constants, ready to be copied and filled. */
  template (): Uint8Array {
    const bytes = new Uint8Array(this.bytes)
    const view = new DataView(bytes.buffer)
    view.setInt32(0, this.steps, true)
    for (const { offset, write } of this.#constants) write(view, offset)
    return bytes
  }
}

type Writer = (value: number | bigint) => (view: DataView, offset: number) => void

const writers: Record<'f32' | 'f64' | 'i32' | 'i64', Writer> = {
  f32: value => (view, offset) => view.setFloat32(offset, Number(value), true),
  f64: value => (view, offset) => view.setFloat64(offset, Number(value), true),
  i32: value => (view, offset) =>
    view.setInt32(offset, Number(BigInt.asIntN(32, BigInt(value))), true),
  i64: value => (view, offset) =>
    view.setBigInt64(offset, BigInt.asIntN(64, BigInt(value)), true)
}

/** Offsets inside the entry of step s. */
export function stepOffset (step: number): number { return headerBytes + stepBytes * step }
