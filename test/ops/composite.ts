// An op compiled on its own, also one whose value is a text: that is expanded to ops with lanes.

import { expand } from '../../src/formulas/expand.ts'
import { Graph, type Node } from '../../src/formulas/graph.ts'
import { reach } from '../../src/formulas/walk.ts'
import { findOp, type Lane, type Lanes } from '../../src/ops/index.ts'
import { type Compiled, compileLanes, type LaneFunction } from './lanes.ts'

/** An elementwise op of the table for arrays of up to `capacity` elements. */
export function compileOp (
  name: string,
  type: Lanes['type'],
  relaxed: boolean,
  capacity: number
): Compiled {
  const row = findOp(name)
  if (row === undefined) throw new Error(`no op ${name}`)
  const lanes = row.lanes ?? composite(name, row.arguments)
  return compileLanes(lanes, row.arguments.length, type, relaxed, capacity)
}

function composite (name: string, names: readonly string[]): LaneFunction {
  const graph = new Graph(['N'])
  const inputs = names.map(argument => graph.input(argument, ['N'], 'real'))
  const roots = expand(graph, [graph.apply(name, ...inputs)])
  return (w, ...args) => {
    const lanes = new Map<Node, Lane>()
    const find = (node: Node): Lane => {
      const lane = lanes.get(node)
      if (lane === undefined) throw new Error(`${node.op} has no lanes`)
      return lane
    }
    for (const node of reach(roots)) lanes.set(node, laneOf(w, node, names, args, find))
    return roots.map(find)[0] ?? w.constant(0)
  }
}

function laneOf (
  w: Lanes,
  node: Node,
  names: readonly string[],
  args: readonly Lane[],
  find: (node: Node) => Lane
): Lane {
  if (node.op === 'constant') return w.constant(node.value)
  const given = node.op === 'input' ? args[names.indexOf(node.name)] : undefined
  if (given !== undefined) return given
  const lane = findOp(node.op)?.lanes?.(w, ...node.args.map(find))
  if (lane === undefined) throw new Error(`${node.op} has no lanes`)
  return lane
}
