// Elements of tensors in memory: their bytes, and the text that reads one as a number.

import type { Node } from '../formulas/graph.ts'
import { load, op } from './shorthand.ts'
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

/** An element some bytes behind an address, as a number of type `as`. */
export function elementAt (
  address: string, datatype: Datatype, precision: Precision,
  { as = precision, offset = 0 }: { readonly as?: Precision, readonly offset?: number } = {}
): string {
  switch (datatype) {
    case 'INT64': return op(`${as}.convert_i64_s`, load('i64.load', address, offset))
    case 'INT32': return op(`${as}.convert_i32_s`, load('i32.load', address, offset))
    case 'UINT8': case 'BOOL':
      return op(`${as}.convert_i32_u`, load('i32.load8_u', address, offset))
    default: {
      const number = load(`${precision}.load`, address, offset)
      return as === precision ? number : op('f64.promote_f32', number)
    }
  }
}
