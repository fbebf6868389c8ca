// Elements of a tensor that lie in a memory already, written as another datatype elsewhere.

import { type Datatype, datatypes } from '../buffer/datatype.ts'
import { integerRanges, type IntegerDatatype } from './integers.ts'
import { type Memory, narrowIn } from './pad.ts'

export interface Elements {
  readonly datatype: Datatype
  readonly count: number
  readonly address: number
}

/** The same bytes at a multiple of 4 of another memory, or of the same. */
export function copyElements (
  { datatype, count, address }: Elements, from: Memory, to: Memory, target: number
): void {
  const bytes = count * datatypes[datatype].bytes
  if (bytes > shortBytes) {
    to.u8.set(from.u8.subarray(address, address + bytes), target)
    return
  }
  const words = (bytes + 3) >> 2
  const first = address / 4
  const place = target / 4
  for (let word = 0; word < words; word++) to.i32[place + word] = from.i32[first + word] ?? 0
}

// A call costs as much as so many bytes.
const shortBytes = 512

/** Writes elements as float32 or float64, each rounded to nearest. */
export function writeReals (
  elements: Elements, from: Memory, datatype: 'FP32' | 'FP64', to: Memory, target: number
): void {
  if (elements.datatype === datatype) {
    copyElements(elements, from, to, target)
    return
  }
  const { count, address } = elements
  const view = datatype === 'FP32' ? to.f32 : to.f64
  const first = target / datatypes[datatype].bytes
  if (elements.datatype === 'INT64') {
    const low = address / 4
    const { i32 } = from
    for (let index = 0; index < count; index++) view[first + index] = wholeAt(i32, low, index)
    return
  }
  const values = viewOf(from, elements.datatype)
  const start = address / datatypes[elements.datatype].bytes
  for (let index = 0; index < count; index++) view[first + index] = values[start + index] ?? 0
}

/** Writes elements, which must be whole and fit, as integers. */
export function writeWholes (
  elements: Elements, from: Memory, datatype: IntegerDatatype, to: Memory, target: number
): void {
  if (elements.datatype === datatype) {
    copyElements(elements, from, to, target)
    return
  }
  const { count } = elements
  const at = numbersOf(elements, from)
  if (datatype === 'INT64') {
    const first = target / 4
    for (let index = 0; index < count; index++) {
      const value = at(index)
      // The low and the high half: a BigInt for each element would cost more than all the rest.
      to.i32[first + 2 * index] = value
      to.i32[first + 2 * index + 1] = Math.floor(value / 4294967296)
    }
    return
  }
  const view = datatype === 'INT32' ? to.i32 : to.u8
  const first = datatype === 'INT32' ? target / 4 : target
  for (let index = 0; index < count; index++) view[first + index] = at(index)
}

/** Index of the first INT64 beyond a datatype, where code can tell; else 0. */
export function firstBeyond (
  { address, count }: Elements, memory: Memory, datatype: IntegerDatatype
): number {
  const [least, beyond] = integerRanges[datatype]
  const narrow = narrowIn.get(memory)
  return narrow === undefined || datatype === 'INT64'
    ? 0
    : narrow(address, count, BigInt(least), BigInt(beyond), 0, 0)
}

/** As writeWholes, where code can do it and INT64 become narrower; false if not. */
export function narrowWholes (
  elements: Elements, memory: Memory, datatype: IntegerDatatype, target: number
): boolean {
  const narrow = narrowIn.get(memory)
  if (narrow === undefined || elements.datatype !== 'INT64' || datatype === 'INT64') return false
  const [least, beyond] = integerRanges[datatype]
  const { address, count } = elements
  narrow(address, count, BigInt(least), BigInt(beyond), datatypes[datatype].bytes, target)
  return true
}

/** Elements by index as doubles: INT64 beyond 2^53 is rounded. */
export function numbersOf (
  { datatype, address }: Elements, from: Memory
): (index: number) => number {
  if (datatype === 'INT64') {
    const low = address / 4
    return index => wholeAt(from.i32, low, index)
  }
  const view = viewOf(from, datatype)
  const start = address / datatypes[datatype].bytes
  return index => view[start + index] ?? 0
}

function viewOf (
  memory: Memory, datatype: Exclude<Datatype, 'INT64'>
): Float32Array | Float64Array | Int32Array | Uint8Array {
  switch (datatype) {
    case 'FP32': return memory.f32
    case 'FP64': return memory.f64
    case 'INT32': return memory.i32
    default: return memory.u8
  }
}

// An INT64 by its halves.
function wholeAt (words: Int32Array, low: number, index: number): number {
  return (words[low + 2 * index + 1] ?? 0) * 4294967296 + ((words[low + 2 * index] ?? 0) >>> 0)
}
