// Elements of tensors in memory: their bytes, and the text that reads one as a number.

import type { Node } from '../formulas/graph.ts'
import type { Precision } from './text.ts'

type Datatype = Node['datatype']

/** Bytes of an element; real ones have the program's precision. */
export function bytesOf (datatype: Datatype, precision: Precision): number {
  switch (datatype) {
    case 'INT64': return 8
    case 'INT32': return 4
    case 'UINT8': case 'BOOL': return 1
    default: return precision === 'f32' ? 4 : 8
  }
}

/** An element as a number of type `as`; the operand is an address, perhaps with an offset. */
export function elementAt (
  operand: string, datatype: Datatype, precision: Precision, as = precision
): string {
  switch (datatype) {
    case 'INT64': return `(${as}.convert_i64_s (i64.load ${operand}))`
    case 'INT32': return `(${as}.convert_i32_s (i32.load ${operand}))`
    case 'UINT8': case 'BOOL': return `(${as}.convert_i32_u (i32.load8_u ${operand}))`
    default: {
      const number = `(${precision}.load ${operand})`
      return as === precision ? number : `(f64.promote_f32 ${number})`
    }
  }
}
