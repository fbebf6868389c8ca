// Instructions that say more than one node does: a · b + c where fusing is allowed, bounds that are
// numbers, choices between a value and 0.

import type { Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import type { LaneWriter } from './lane-writer.ts'

/** The node's value in fewer instructions than its op's row has, or null. */
export function peephole (
  w: LaneWriter, node: Node, fused: ReadonlySet<Node>, lanesOf: (node: Node) => Lane
): Lane | null {
  const [a, b, c] = node.args
  if (a === undefined || b === undefined) return null
  if (node.op === 'add') {
    const [product, other] = fused.has(a) ? [a, b] : [b, a]
    if (!fused.has(product)) return null
    const [x, y] = product.args as [Node, Node]
    return w.madd(lanesOf(x), lanesOf(y), lanesOf(other))
  }
  if (node.op === 'minimum' || node.op === 'maximum') {
    // pmax(x, bound) keeps a NaN of x, which is all that is asked where the bound is a number.
    const [x, bound] = isNumber(a) ? [b, a] : [a, b]
    if (!isNumber(bound)) return null
    return w.op(`${w.type}.p${node.op.slice(0, 3)}`, lanesOf(x), lanesOf(bound))
  }
  if (node.op !== 'where' || c === undefined) return null
  if (isZero(c)) return w.op('v128.and', lanesOf(b), lanesOf(a))
  if (isZero(b)) return w.op('v128.andnot', lanesOf(c), lanesOf(a))
  return null
}

// A literal or an option, or its negative: never NaN.
function isNumber (node: Node): boolean {
  if (node.op === 'neg') return node.args.every(isNumber)
  return node.op === 'parameter' || (node.op === 'constant' && !Number.isNaN(node.value))
}

function isZero (node: Node): boolean {
  return node.op === 'constant' && Object.is(node.value, 0) && !node.mask
}

/**
 * Which of the products `nodes` hold become part of the sum that alone uses them.
 * @param sums    reductions that take in values of `nodes`
 * @param isFree  false for a product that is needed by itself
 * @param isBeside  true if two nodes are computed at one level
 */
export function fusable (nodes: readonly Node[], sums: readonly Node[], rules: {
  readonly isFree: (product: Node) => boolean
  readonly isBeside: (product: Node, sum: Node) => boolean
}): Set<Node> {
  const users = new Map<Node, Node[]>()
  for (const node of [...nodes, ...sums]) {
    for (const arg of node.args) {
      const known = users.get(arg)
      if (known === undefined) users.set(arg, [node])
      else known.push(node)
    }
  }
  const fused = new Set<Node>()
  for (const node of nodes) {
    const [user, second] = users.get(node) ?? []
    if (node.op !== 'mul' || user === undefined || second !== undefined) continue
    const isTaken = user.op === 'sum'
      ? sums.includes(user)
      : user.op === 'add' && rules.isBeside(node, user) && !user.args.some(arg => fused.has(arg))
    if (isTaken && rules.isFree(node)) fused.add(node)
  }
  return fused
}
