// `take` moves to the leaves: a kernel can read an input at an index, but not a value that exists
// only while its loop runs. Between an axis and its twin it is a renaming, and costs nothing.
// What is made in order along an axis lies in memory like an input, and is read at an index too.

import { type Axis, type Graph, type Node, originalAxis } from './graph.ts'
import { placeOf } from './place.ts'
import { argsort, cumsum, previous, recur, shift } from './sequences.ts'
import { insideOf, mapGraph, reach, rebuild } from './walk.ts'

/** The same values with takes of what lies in memory only. */
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

  /**
   * x at position i along axis, where no take but of what lies in memory is left. With `anew`, what
   * is stored is made once more under the other axis instead of being read at its places.
   */
  take (x: Node, i: Node, axis: Axis, anew = false): Node {
    const key = `${i.id} ${axis} ${anew}`
    const moved = this.#moved.get(key) ?? new Map<Node, Node>()
    this.#moved.set(key, moved)
    for (const node of withAxis(x, axis, moved)) {
      const args = node.args.map(arg => (arg.axes.includes(axis) ? moved.get(arg) ?? arg : arg))
      moved.set(node, this.#move(node, args, i, axis, anew))
    }
    return moved.get(x) ?? x
  }

  // The node at i, from its arguments at i.
  #move (node: Node, args: readonly Node[], i: Node, axis: Axis, anew: boolean): Node {
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
          inner = this.take(inner, graph.iota(twin), bound, anew)
          return twin
        })
        return graph.reduce(node.op, this.take(inner, i, axis, anew), over)
      }
      case 'put': {
        const [bound = ''] = node.over
        if (x === undefined || at === undefined) return node
        if (bound !== axis && captured.length === 0) return rebuild(graph, node, args)
        const place = bound === axis ? placeOf(graph, i, axis) : graph.iota(bound)
        const [g = x, index = at] = args
        return graph.apply('where', graph.apply('eq', place, index), g, graph.constant(0))
      }
      case 'take': return this.#takeAgain(node, i, axis, anew)
      case 'shift': return this.#takeShifted(node, args, i, axis, anew)
      case 'recur': case 'cumsum': case 'argsort':
        if (anew) return this.#renamed(node, i, axis)
        return undoes(node, i) ? graph.iota(i.over[0] ?? '') : graph.take(node, i, axis)
      default: return rebuild(graph, node, args)
    }
  }

  // (x[bound = at])[axis = i], where x is an input or such a node again: the index moves into `at`,
  // and into x where x has the axis too.
  #takeAgain (node: Node, i: Node, axis: Axis, anew: boolean): Node {
    const graph = this.#graph
    const [x, at] = node.args
    const [bound = ''] = node.over
    if (x === undefined || at === undefined) return node
    const index = this.take(at, i, axis, anew)
    if (bound === axis) return this.take(x, index, axis)
    if (!i.axes.includes(bound)) return this.#takeLast(this.take(x, i, axis, anew), index, bound)
    // i runs along the axis that the inner take removes: that one takes another name.
    const twin = graph.twin(bound, [...x.axes, ...at.axes, ...i.axes])
    const renamed = this.take(x, graph.iota(twin), bound, true)
    return this.#takeLast(this.take(renamed, i, axis, anew), index, twin)
  }

  // Where nothing is taken any more, the last take may be a renaming.
  #takeLast (x: Node, i: Node, axis: Axis): Node {
    return x.op === 'input' ? this.take(x, i, axis) : this.#graph.take(x, i, axis)
  }

  // shift(x, bound)[axis = i]: along another axis the neighbours move together; else it is a choice
  // between x, further on, and what is outside.
  #takeShifted (
    node: Node, args: readonly Node[], i: Node, axis: Axis, anew: boolean
  ): Node {
    const graph = this.#graph
    const [x = node] = node.args
    const [bound = ''] = node.over
    const [other = ''] = i.over
    if (bound !== axis && !i.axes.includes(bound)) return rebuild(graph, node, args)
    if (bound === axis && renames(i, axis) && !x.axes.includes(other)) {
      return shift(graph, args[0] ?? x, other, node.step, node.value)
    }
    const here = bound === axis ? placeOf(graph, i, axis) : graph.iota(bound)
    const place = graph.apply('sub', here, graph.constant(node.step))
    const value = bound === axis
      ? this.take(x, place, axis)
      : this.take(this.take(x, place, bound), i, axis, anew)
    const above = graph.apply('ge', place, graph.constant(0))
    const exists = graph.apply('and', above, graph.apply('lt', place, graph.size(bound)))
    return graph.apply('where', exists, value, graph.constant(node.value))
  }

  // What is made in order along an axis, made under the name of a twin of one of its axes.
  #renamed (node: Node, i: Node, axis: Axis): Node {
    const graph = this.#graph
    const [x = node, before] = node.args
    const [other = ''] = i.over
    const nameOf = (name: Axis): Axis => (name === axis ? other : name)
    const along = nameOf(node.over[0] ?? '')
    const take = (arg: Node): Node => this.take(arg, i, axis, true)
    if (node.op === 'cumsum') return cumsum(graph, take(x), along, node.step)
    if (node.op === 'argsort' || before === undefined) return argsort(graph, take(x), along)
    const start = previous(graph, along, before.axes.map(nameOf), before.value)
    const changed = new Map([[before, start]])
    const find = (arg: Node): Node => changed.get(arg) ?? (arg.inside ? arg : take(arg))
    for (const each of insideOf([x])) {
      const args = each.args.map(find)
      const [a = start] = args
      if (each.op === 'shift') {
        changed.set(each, shift(graph, a, nameOf(each.over[0] ?? ''), each.step, each.value))
      } else if (each !== before) changed.set(each, rebuild(graph, each, args))
    }
    return recur(graph, find(x), start, node.step)
  }
}

// Those nodes under x that depend on the axis and have not been moved, arguments first.
function withAxis (x: Node, axis: Axis, moved: ReadonlyMap<Node, Node>): Node[] {
  const moves = (node: Node): boolean => node.axes.includes(axis) && !moved.has(node)
  return reach([x].filter(moves), (arg, node) => !isStored(node) && moves(arg))
}

/** True for what kernels make as a whole, in memory, before it is read. */
export function isStored ({ op }: Node): boolean {
  return op === 'recur' || op === 'cumsum' || op === 'argsort'
}

// i sorts the places that `order` holds, so that order[i] counts from 0: i is who reads each place.
function undoes (order: Node, i: Node): boolean {
  const [negated] = i.args
  const [places] = negated?.args ?? []
  const [axis = ''] = i.over
  return i.op === 'argsort' && negated?.op === 'neg' && places?.op === 'take' &&
    places.args[0] === order && places.over[0] === order.over[0] &&
    places.args[1]?.op === 'iota' && places.args[1].over[0] === axis
}

// i counts along a twin of the axis.
function renames (i: Node, axis: Axis): boolean {
  return i.op === 'iota' && originalAxis(i.over[0] ?? '') === originalAxis(axis)
}

function takeInput (graph: Graph, input: Node, i: Node, axis: Axis): Node {
  const [other = ''] = i.over
  if (!renames(i, axis) || input.layout.includes(other)) return graph.take(input, i, axis)
  const layout = input.layout.map(name => (name === axis ? other : name))
  return input.datatype === '' ? input : graph.input(input.name, layout, input.datatype)
}
