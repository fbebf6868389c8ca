// Walks over a graph. Arguments have smaller ids than what uses them, so the order of ids is an
// order of computation, and no walk needs recursion: a chain of 20,000 nodes costs no stack.

import type { Graph, Node } from './graph.ts'
import { argsort, cumsum, recur, shift } from './sequences.ts'

/**
 * All nodes that the roots are made of, arguments before what uses them; `follows` says from which
 * node to which of its arguments the walk goes on.
 */
export function reach (
  roots: readonly Node[], follows: (arg: Node, node: Node) => boolean = () => true
): Node[] {
  const found = new Set(roots)
  const waiting = [...found]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const arg of node.args) {
      if (found.has(arg) || !follows(arg, node)) continue
      found.add(arg)
      waiting.push(arg)
    }
  }
  return [...found].sort((a, b) => a.id - b.id)
}

/** The same op of other arguments. */
export function rebuild (graph: Graph, node: Node, args: readonly Node[]): Node {
  const [a, b] = args
  if (a === undefined || args.every((arg, index) => arg === node.args[index])) return node
  const [axis = ''] = node.over
  switch (node.op) {
    case 'sum': case 'max': case 'min': return graph.reduce(node.op, a, node.over)
    case 'take': return graph.take(a, b ?? a, axis)
    case 'put': return graph.put(a, b ?? a, axis)
    case 'cumsum': return cumsum(graph, a, axis, node.step)
    case 'argsort': return argsort(graph, a, axis)
    case 'shift': return shift(graph, a, axis, node.step, node.value)
    case 'recur': return recur(graph, a, b ?? a, node.step)
    default: return graph.applyOver(node.op, node.over, ...args)
  }
}

/**
 * The graph below the roots made anew from the leaves, each node changed after its arguments;
 * `before` is the node as it was.
 */
export function mapGraph (
  graph: Graph, roots: readonly Node[], change: (node: Node, before: Node) => Node
): Node[] {
  const changed = new Map<Node, Node>()
  const find = (node: Node): Node => changed.get(node) ?? node
  for (const node of reach(roots)) {
    changed.set(node, change(rebuild(graph, node, node.args.map(find)), node))
  }
  return roots.map(find)
}

/** What the body of a recurrence is made of and depends on the step before, arguments first. */
export function insideOf (roots: readonly Node[]): Node[] {
  return reach(roots.filter(node => node.inside), arg => arg.inside)
}

/** The same with another value in the place of what was one step before. */
export function substitute (
  graph: Graph, roots: readonly Node[], before: Node, value: Node
): Node[] {
  const changed = new Map([[before, value]])
  const find = (node: Node): Node => changed.get(node) ?? node
  for (const node of insideOf(roots)) {
    if (node !== before) changed.set(node, rebuild(graph, node, node.args.map(find)))
  }
  return roots.map(find)
}
