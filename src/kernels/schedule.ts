// From a lowered graph to a few loops and matrix products: what is computed where, and when.
//
// Words used here:
//   row reduction   leaves axes behind and is used again along the axis it removed (softmax)
//   total           leaves no axis; its value exists when its step has ended
//   product         sum(a · b, axis) of two operands with axes of their own: a matrix product
//   task            one thing to do: store a value, add a total, multiply two matrices …
//   space           the axes along which a task computes: outer ones stay, inner ones are reduced
//   rows            what is made in order along an axis: running sums, sorting
//   step            a loop over a space with all tasks done in it, a product, or rows

import type { Axis, Graph, Node } from '../formulas/graph.ts'
import type { CollectPlace } from './collected.ts'
import { stepsOf } from './schedule-steps.ts'
import { TaskPlanner } from './schedule-tasks.ts'
import type { Space } from './space.ts'

/** What the caller wants to be stored, and in which memory order. */
export interface Output {
  readonly name: string
  readonly node: Node
  readonly layout: readonly Axis[]
}

/** A value in memory: an output of the caller's, or a temporary of the program. */
export interface Stored {
  readonly node: Node
  readonly layout: readonly Axis[]
  /** The record's word that holds its address. */
  readonly place: string
}

export interface StoreTask {
  readonly kind: 'store'
  readonly node: Node
  readonly to: Stored
}

/** Adds each value at its place, in memory that has been set to 0. */
export interface CollectTask {
  readonly kind: 'collect'
  readonly node: Node
  readonly to: Stored
  readonly places: readonly CollectPlace[]
  readonly value: Node
}

export interface TotalTask {
  readonly kind: 'total'
  readonly node: Node
}

export interface ProductTask {
  readonly kind: 'product'
  readonly node: Node
  readonly to: Stored
  readonly a: Stored
  readonly b: Stored
  readonly batch: readonly Axis[]
  readonly m: readonly Axis[]
  readonly n: readonly Axis[]
  readonly k: readonly Axis[]
}

/** What is made in order along an axis, row by row: running sums, places from the largest. */
export interface RowsTask {
  readonly kind: 'rows'
  readonly node: Node
  readonly from: Stored
  readonly to: Stored
}

export type Task = StoreTask | CollectTask | TotalTask | ProductTask | RowsTask

export interface Loop {
  readonly kind: 'loop'
  readonly space: Space
  readonly tasks: readonly (StoreTask | CollectTask | TotalTask)[]
  /** Values that are read from memory although the graph could compute them. */
  readonly reads: ReadonlyMap<Node, Stored>
}

export type Step = Loop | ProductTask | RowsTask

export interface Schedule {
  readonly steps: readonly Step[]
  readonly temporaries: readonly Stored[]
  /** Where values are found that the graph could compute. */
  readonly stored: ReadonlyMap<Node, Stored>
  /** Outputs without axes: written when the last step has ended. */
  readonly scalars: readonly Output[]
}

/** Plans the steps that compute `outputs`, whose nodes have been lowered. */
export function schedule (graph: Graph, outputs: readonly Output[]): Schedule {
  const planner = new TaskPlanner(graph)
  const scalars = outputs.filter(({ layout }) => layout.length === 0)
  for (const output of outputs) if (output.layout.length > 0) planner.store(output)
  for (const { node } of scalars) planner.prepare(node)
  const { planned, temporaries, stored } = planner
  return { steps: stepsOf(planned), temporaries, stored, scalars }
}
