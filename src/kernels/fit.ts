// What given lengths make of the parts of a program. Parts are data, so that a program may come
// from another thread than the one that runs it.

import { originalAxis } from '../formulas/graph.ts'
import { fitLoop } from './loop-fit.ts'
import { fitProduct } from './product-part.ts'
import type { Fit, LengthOf, Part } from './program.ts'
import { fitRows } from './rows-fit.ts'

/** How a part is cut and what memory it needs; the caller knows no lengths of twins. */
export function fit (part: Part, lengthOf: LengthOf): Fit {
  const length: LengthOf = axis => lengthOf(originalAxis(axis))
  switch (part.kind) {
    case 'loop': return fitLoop(part, length)
    case 'product': return fitProduct(part, length)
    case 'rows': return fitRows(part, length)
    case 'numbers': return numbersAlone
  }
}

const numbersAlone: Fit = {
  cuts: [{ chunks: 0, nanosecondsPerChunk: 0, unitsPerChunk: 0, units: 0 }],
  words: [],
  blocks: [],
  threadBytes: 0
}
