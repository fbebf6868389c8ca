// A graph grown elsewhere, planted into another: its inputs become nodes of the new graph, its axes
// one or several axes there. So a loss, traced for itself, continues what a model gives.

import { type Axis, type Graph, type Node, originalAxis } from '../formulas/graph.ts'
import { reach } from '../formulas/walk.ts'

export interface Soil {
  readonly graph: Graph
  /** What an axis stands for in the new graph: itself if it is not named. */
  readonly axes: ReadonlyMap<Axis, readonly Axis[]>
  /** What stands for an input, and for a parameter. */
  readonly input: (node: Node) => Node
  readonly parameter: (node: Node) => Node
}

/** The roots in the new graph. */
export function transplant (roots: readonly Node[], soil: Soil): Node[] {
  const planted = new Map<Node, Node>()
  const find = (node: Node): Node => {
    const found = planted.get(node)
    if (found === undefined) throw new Error('an argument comes before its user')
    return found
  }
  for (const node of reach(roots)) planted.set(node, plant(node, node.args.map(find), soil))
  return roots.map(find)
}

function plant (node: Node, args: readonly Node[], { graph, axes, input, parameter }: Soil): Node {
  const over = node.over.flatMap(axis => axesFor(axis, axes))
  for (const axis of over) graph.addAxis(axis)
  const [x, i] = args
  switch (node.op) {
    case 'constant': return graph.constant(node.mask ? node.value === 1 : node.value)
    case 'input': return input(node)
    case 'parameter': return parameter(node)
    case 'size': return over.map(axis => graph.size(axis))
      .reduce((product, size) => graph.apply('mul', product, size), graph.constant(1))
    case 'iota': return graph.iota(only(over))
    default:
  }
  if (x === undefined) throw new Error(`${node.op} without arguments`)
  switch (node.op) {
    case 'sum': case 'max': case 'min': return graph.reduce(node.op, x, over)
    case 'take': return graph.take(x, i ?? x, only(over))
    case 'put': return graph.put(x, i ?? x, only(over))
    default: return graph.applyOver(node.op, over, ...args)
  }
}

// The twin of an axis (C') becomes the twin of what the axis stands for.
function axesFor (axis: Axis, axes: Soil['axes']): readonly Axis[] {
  const original = originalAxis(axis)
  const quotes = axis.slice(original.length)
  return (axes.get(original) ?? [original]).map(each => each + quotes)
}

// Places are counted along single axes: only what no text can name is merged.
function only (axes: readonly Axis[]): Axis {
  const [axis] = axes
  if (axis === undefined || axes.length > 1) throw new Error('a place along several axes at once')
  return axis
}
