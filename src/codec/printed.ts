// What the printer (print-code.ts) is told of a tensor, behind an address of its memory.

import type { Datatype } from '../buffer/datatype.ts'
import { elementCount } from '../buffer/tensor.ts'

/** What a printer knows of a tensor: words of 32 bits behind an address. */
export const printed = {
  address: 0,
  /** An index into printedDatatypes; their number for empty arrays. */
  datatype: 4,
  rank: 8,
  /** By axis, elements from there on: all, those of a row of the first axis, … */
  sizes: 12
} as const
export const printedDatatypes = ['FP32', 'FP64', 'INT64', 'INT32', 'UINT8', 'BOOL'] as const
/** Most bytes of an element of each and a comma; of an empty array last. */
export const elementBytesMax = [16, 26, 21, 12, 4, 4, 3] as const
/** Bytes that may be written behind a text. */
export const textSlack = 64

/**
 * Describes a tensor to the printer, at an address of a memory: behind an axis without elements
 * stand empty arrays.
 */
export function describe (
  i32: Int32Array, at: number, address: number, datatype: Datatype, shape: readonly number[]
): void {
  const empty = shape.indexOf(0)
  const axes = empty < 0 ? shape : shape.slice(0, empty)
  const words = at / 4
  let count = 1
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    count *= axes[axis] ?? 1
    i32[words + printed.sizes / 4 + axis] = count
  }
  i32[words + printed.address / 4] = address
  i32[words + printed.rank / 4] = axes.length
  i32[words + printed.datatype / 4] =
    empty < 0 ? printedDatatypes.indexOf(datatype) : printedDatatypes.length
}

/** What is printed one by one: elements, or the empty arrays of a tensor without any. */
export function printedCount (shape: readonly number[]): number {
  const empty = shape.indexOf(0)
  return elementCount(empty < 0 ? shape : shape.slice(0, empty))
}
