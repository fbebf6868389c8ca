// Second derivatives: the gradient is a graph like any other, and is differentiated again.
//
//   H · v            = ∂ (Σ gradient · v) / ∂ x
//   the diagonal     ∂ (Σ gradient) / ∂ x, if each element of the gradient depends on its own only
//   along an axis C that ties the elements together (softmax):
//     x is written once for each place K of a twin of C, as if those were copies that know nothing
//     of each other; the gradient's element at C = K, differentiated by its own copy, is
//     ∂² / ∂ x[C] ∂ x[K], of which the places C = K are the diagonal. Then the copies are x again.

import { expand } from './expand.ts'
import { gradient } from './gradient.ts'
import type { Axis, Graph, Node } from './graph.ts'
import { hoist } from './hoist.ts'
import { mapGraph, reach } from './walk.ts'

/** H · v for the Hessian H of Σ seed · of by all inputs together; one vector for each input. */
export function hessianVectors (
  graph: Graph, of: Node, seed: Node, by: readonly Node[], vectors: readonly Node[]
): Node[] {
  const dots = gradient(graph, of, seed, by).map((slope, index) => {
    const product = graph.apply('mul', slope, vectors[index] ?? graph.constant(0))
    return graph.reduce('sum', product, by[index]?.axes ?? [])
  })
  const total = dots.reduce((sum, dot) => graph.apply('add', sum, dot), graph.constant(0))
  return gradient(graph, total, graph.constant(1), by)
}

/** The diagonal of the Hessian of Σ seed · of by an input; null if several axes tie it together. */
export function hessianDiagonal (graph: Graph, of: Node, seed: Node, x: Node): Node | null {
  const [axis, ...others] = tyingAxes(of, x)
  if (others.length > 0) return null
  if (axis === undefined) return ownDerivative(graph, of, seed, x, slope => slope)
  const taken = reach([of, seed]).flatMap(node => node.axes)
  const twin = graph.twin(axis, taken)
  const copies = graph.input(x.name, [...x.layout, twin], 'real')
  const [copied = of] = replace(graph, [of], x, copies)
  const second = ownDerivative(graph, copied, seed, copies, slope =>
    graph.take(slope, graph.iota(twin), axis))
  // Sums over what stands at one place are gone before the copies are one again, else they would be
  // sums over all places for each.
  const short = hoist(graph, expand(graph, [second]))
  const [whole = second] = replace(graph, short, copies, x)
  return graph.take(whole, graph.iota(axis), twin)
}

// The derivative of the sum of some elements of the gradient.
function ownDerivative (
  graph: Graph, of: Node, seed: Node, x: Node, select: (slope: Node) => Node
): Node {
  const [slope = of] = gradient(graph, of, seed, [x])
  const selected = select(slope)
  const total = graph.reduce('sum', selected, selected.axes)
  return gradient(graph, total, graph.constant(1), [x])[0] ?? graph.constant(0)
}

function replace (graph: Graph, roots: readonly Node[], leaf: Node, value: Node): Node[] {
  return mapGraph(graph, roots, node => (node === leaf ? value : node))
}

// The axes of x along which a gradient's element depends on others than its own: those that an op
// works along, unless all that comes of it is linear.
function tyingAxes (of: Node, x: Node): Axis[] {
  const depends = new Set<Node>([x])
  for (const node of reach([of])) {
    if (node.args.some(arg => depends.has(arg)) && !node.mask) depends.add(node)
  }
  const linear = linearPart(of, depends)
  const along = [...depends].filter(node => !linear.has(node)).flatMap(node => node.over)
  return x.axes.filter(axis => along.includes(axis))
}

// From the end down: what is linear in what depends on x.
function linearPart (of: Node, depends: ReadonlySet<Node>): ReadonlySet<Node> {
  const found = new Set<Node>()
  const waiting = [of]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (found.has(node) || !depends.has(node) || !isLinear(node, depends)) continue
    found.add(node)
    waiting.push(...node.args)
  }
  return found
}

function isLinear ({ op, args: [a, b] }: Node, depends: ReadonlySet<Node>): boolean {
  const has = (arg: Node | undefined): boolean => arg !== undefined && depends.has(arg)
  switch (op) {
    case 'input': case 'sum': case 'neg': case 'add': case 'sub': case 'where': return true
    case 'mul': return !(has(a) && has(b))
    case 'div': case 'take': return !has(b)
    default: return false
  }
}
