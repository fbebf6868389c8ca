// Recognises a matrix product: the sum over k of a · b, where both have axes of their own.

import type { Axis, Graph, Node } from '../formulas/graph.ts'

export interface Product {
  readonly a: Node
  readonly b: Node
  /** Axes both operands have and the product keeps. */
  readonly batch: readonly Axis[]
  /** Axes of a alone, of b alone, and those summed over. */
  readonly m: readonly Axis[]
  readonly n: readonly Axis[]
  readonly k: readonly Axis[]
}

/** The parts of a matrix product, or null if the node is none. */
export function productOf (graph: Graph, node: Node): Product | null {
  const [argument] = node.args
  if (node.op !== 'sum' || argument?.op !== 'mul') return null
  const factors = factorsOf(argument)
  const batch = node.axes.filter(axis => factors.every(factor => factor.axes.includes(axis)))
  const groups: { axes: Set<Axis>; factors: Node[] }[] = []
  const loose: Node[] = []
  for (const factor of factors) {
    const own = factor.axes.filter(axis => !node.over.includes(axis) && !batch.includes(axis))
    if (own.length === 0) {
      loose.push(factor)
      continue
    }
    const joined = groups.filter(group => own.some(axis => group.axes.has(axis)))
    const rest = groups.filter(group => !joined.includes(group))
    groups.splice(0, groups.length, ...rest, {
      axes: new Set([...joined.flatMap(group => [...group.axes]), ...own]),
      factors: [...joined.flatMap(group => group.factors), factor]
    })
  }
  const [first, second, third] = groups
  if (first === undefined || second === undefined || third !== undefined) return null
  const multiply = (nodes: readonly Node[]): Node =>
    nodes.reduce((product, factor) => graph.apply('mul', product, factor))
  const a = multiply([...first.factors, ...loose])
  const b = multiply(second.factors)
  const whole = (operand: Node): boolean => node.over.every(axis => operand.axes.includes(axis))
  if (!whole(a) || !whole(b)) return null
  const order = (axes: Set<Axis>): readonly Axis[] => node.axes.filter(axis => axes.has(axis))
  return { a, b, batch, m: order(first.axes), n: order(second.axes), k: node.over }
}

function factorsOf (node: Node): Node[] {
  const factors: Node[] = []
  const open = [node]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.op === 'mul') open.push(...next.args)
    else factors.push(next)
  }
  return factors
}
