// What is known of a value's sign from the way it is made, so that lanes need not ask.

import { isConstant, type Node } from './graph.ts'

const depthMax = 6

/** True for a value that is never below 0; it may be NaN or either zero. */
export function isNonnegative (node: Node, depth = depthMax): boolean {
  if (isConstant(node)) return node.value >= 0
  if (depth === 0) return false
  const is = (arg: Node | undefined): boolean => arg !== undefined && isNonnegative(arg, depth - 1)
  const [a, b, c] = node.args
  switch (node.op) {
    case 'exp': case 'exp_nonpositive': case 'abs': case 'sqrt': return true
    case 'size': case 'iota': return true
    case 'mul': return a === b || (is(a) && is(b))
    case 'add': case 'div': case 'minimum': return is(a) && is(b)
    case 'maximum': return is(a) || is(b)
    case 'where': return is(b) && is(c)
    case 'sum': case 'max': case 'min': case 'take': return is(a)
    default: return false
  }
}
