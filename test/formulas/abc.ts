// A graph with values of all sorts: a along both axes, b along one, c a number, and a condition.

import { Graph, type Node } from '../../src/formulas/graph.ts'

export function abc (): { graph: Graph, a: Node, b: Node, c: Node, yes: Node } {
  const graph = new Graph(['N', 'C'])
  const a = graph.input('a', ['C', 'N'], 'real')
  const b = graph.input('b', ['C'], 'real')
  const c = graph.parameter('c')
  return { graph, a, b, c, yes: graph.apply('gt', a, b) }
}
