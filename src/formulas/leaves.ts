// `take` moves to the leaves: a kernel can read an input at an index, but not a value that exists
// only while its loop runs. Between an axis and its twin it is a renaming, and costs nothing.

import { type Axis, type Graph, type Node, originalAxis } from './graph.ts'
import { placeOf } from './place.ts'
import { mapGraph, rebuild } from './walk.ts'

/** The same values with takes of inputs only. */
export function takeLeaves (graph: Graph, roots: readonly Node[]): Node[] {
  const taker = new Taker(graph)
  return mapGraph(graph, roots, node => {
    const [x, i] = node.args
    return node.op === 'take' && x !== undefined && i !== undefined
      ? taker.take(x, i, node.over[0] ?? '')
      : node
  })
}

/** Takes of values, each value's made once. */
export class Taker {
  readonly #graph: Graph
  readonly #moved = new Map<string, Map<Node, Node>>()

  constructor (graph: Graph) { this.#graph = graph }

  /** x at position i along axis, where no take but those of inputs is left. */
  take (x: Node, i: Node, axis: Axis): Node {
    const key = `${i.id} ${axis}`
    const moved = this.#moved.get(key) ?? new Map<Node, Node>()
    this.#moved.set(key, moved)
    for (const node of withAxis(x, axis, moved)) {
      const args = node.args.map(arg => (arg.axes.includes(axis) ? moved.get(arg) ?? arg : arg))
      moved.set(node, this.#move(node, args, i, axis))
    }
    return moved.get(x) ?? x
  }

  // The node at i, from its arguments at i.
  #move (node: Node, args: readonly Node[], i: Node, axis: Axis): Node {
    const graph = this.#graph
    const [x, at] = node.args
    const captured = node.over.filter(bound => i.axes.includes(bound))
    switch (node.op) {
      case 'iota': return placeOf(graph, i, axis)
      case 'input': return takeInput(graph, node, i, axis)
      case 'sum': case 'max': case 'min': {
        if (x === undefined || captured.length === 0) return rebuild(graph, node, args)
        // The index has the axis that is summed away here: this one takes another name.
        let inner = x
        const over = node.over.map(bound => {
          if (!captured.includes(bound)) return bound
          const twin = graph.twin(bound, [...x.axes, ...i.axes])
          inner = this.take(inner, graph.iota(twin), bound)
          return twin
        })
        return graph.reduce(node.op, this.take(inner, i, axis), over)
      }
      case 'put': {
        const [bound = ''] = node.over
        if (x === undefined || at === undefined) return node
        if (bound !== axis && captured.length === 0) return rebuild(graph, node, args)
        const place = bound === axis ? placeOf(graph, i, axis) : graph.iota(bound)
        const [g = x, index = at] = args
        return graph.apply('where', graph.apply('eq', place, index), g, graph.constant(0))
      }
      case 'take': return this.#takeAgain(node, i, axis)
      default: return rebuild(graph, node, args)
    }
  }

  // (x[bound = at])[axis = i], where x is an input or such a node again: the index moves into `at`,
  // and into x where x has the axis too.
  #takeAgain (node: Node, i: Node, axis: Axis): Node {
    const graph = this.#graph
    const [x, at] = node.args
    const [bound = ''] = node.over
    if (x === undefined || at === undefined) return node
    const index = this.take(at, i, axis)
    if (bound === axis) return this.take(x, index, axis)
    if (!i.axes.includes(bound)) return graph.take(this.take(x, i, axis), index, bound)
    // i runs along the axis that the inner take removes: that one takes another name.
    const twin = graph.twin(bound, [...x.axes, ...at.axes, ...i.axes])
    const renamed = this.take(x, graph.iota(twin), bound)
    return graph.take(this.take(renamed, i, axis), index, twin)
  }
}

// Those nodes under x that depend on the axis and have not been moved, arguments first.
function withAxis (x: Node, axis: Axis, moved: ReadonlyMap<Node, Node>): Node[] {
  const found = new Set<Node>()
  const waiting = [x]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!node.axes.includes(axis) || found.has(node) || moved.has(node)) continue
    found.add(node)
    waiting.push(...node.args)
  }
  return [...found].sort((a, b) => a.id - b.id)
}

function takeInput (graph: Graph, input: Node, i: Node, axis: Axis): Node {
  const [other = ''] = i.over
  const renames = i.op === 'iota' && originalAxis(other) === originalAxis(axis)
  if (!renames || input.layout.includes(other)) return graph.take(input, i, axis)
  const layout = input.layout.map(name => (name === axis ? other : name))
  return input.datatype === '' ? input : graph.input(input.name, layout, input.datatype)
}
