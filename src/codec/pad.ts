// A small memory of the codec's own, in which the main thread reads bodies and prints replies that
// are done at once, and the codec's module at work in it. It belongs to this thread alone.
//
//     24576    powers of ten                   131072   elements to be printed
//     65536    what a pass knows, a tensor     196608   their text
//     66560    room for long digits            262144   text of a body, and behind it its elements

import type { Heap } from '../buffer/heap.ts'
import { writeTables } from './tables.ts'

/** The views of a memory: the heap's, or a pad's. */
export type Memory = Pick<Heap, 'u8' | 'i32' | 'i64' | 'f32' | 'f64'>

/** Writes INT64 as narrower whole numbers: see program-code.ts. */
export type Narrow = (
  from: number, count: number, least: bigint, beyond: bigint, bytes: number, to: number
) => number

/** By memory, where code is at work in it. */
export const narrowIn = new WeakMap<Memory, Narrow>()

export const padPlaces = {
  pass: 65_536,
  printed: 66_112,
  scratch: 66_560,
  elements: 131_072,
  output: 196_608,
  text: 262_144
} as const

/** Bytes of a body that is read in the pad that stays. */
export const padTextMax = 64 << 10
/** What may be read behind a text is zeros. */
export const slackBytes = 48

export class Pad implements Memory {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly i64: BigInt64Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly bytes: Buffer
  /** Where elements that are read belong. */
  readonly values: number
  /** Reads the array at a place: see array-code.ts. */
  readonly startArray: (
    pass: number, position: number, depth: number, next: number, real: number, scratch: number
  ) => void
  /** Prints elements first … last − 1 of the tensor described at a place; the text's end. */
  readonly print: (printed: number, first: number, last: number, to: number) => number
  readonly #texts: Buffer[] = []

  /** With room for texts of so many bytes and their elements, each a digit and a comma at least. */
  constructor (module: WebAssembly.Module, textBytes: number) {
    const room = Math.ceil((textBytes + 2 * slackBytes) / 64) * 64
    const pages = Math.ceil((padPlaces.text + room + 4 * room) / 65_536)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    writeTables(memory)
    const { exports } = new WebAssembly.Instance(module, { lossd: { memory } })
    const { buffer } = memory
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.i64 = new BigInt64Array(buffer)
    this.f32 = new Float32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.bytes = Buffer.from(buffer)
    this.values = padPlaces.text + room
    // As array-code.ts and print-code.ts export them.
    this.startArray = exports['startArray'] as Pad['startArray']
    this.print = exports['print'] as Pad['print']
  }

  /** The text's bytes from a phase of eight on: copies between unlike phases are slow. */
  text (phase: number): Buffer {
    this.#texts[phase] ??= this.bytes.subarray(padPlaces.text + phase, this.values)
    return this.#texts[phase]
  }
}

let kept: Pad | undefined

/** Must have been called, with the module of machineText, before any body is read. */
export function openPad (module: WebAssembly.Module): void {
  kept ??= new Pad(module, padTextMax)
}

/** The pad that stays. */
export function thePad (): Pad {
  if (kept === undefined) throw new Error('openPad() has not been called')
  return kept
}
