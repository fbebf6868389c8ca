// What the tests of formulas share: a seeded generator, a graph of given inputs, and the derivative
// along a direction, by differences and by the gradient.

import { type Axis, Graph, type Node } from '../../src/formulas/graph.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import type { Value } from '../../src/formulas/values.ts'
import { traceScope } from '../../src/formulas/trace.ts'
import { evaluate } from '../evaluator.ts'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function generator (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface Setting {
  readonly graph: Graph
  readonly lengths: ReadonlyMap<Axis, number>
  readonly inputs: Map<string, Float64Array>
  readonly numbers: Map<string, number>
}

export function newSetting (lengths: Record<Axis, number>): Setting {
  return {
    graph: new Graph(Object.keys(lengths)),
    lengths: new Map(Object.entries(lengths)),
    inputs: new Map(),
    numbers: new Map()
  }
}

/** An input of these axes whose values are given by a function of the place. */
export function addInput (
  { graph, lengths, inputs }: Setting, name: string, axes: readonly Axis[],
  value: (place: number) => number, datatype: 'real' | 'INT64' = 'real'
): Node {
  const length = axes.reduce((product, axis) => product * (lengths.get(axis) ?? 1), 1)
  inputs.set(name, Float64Array.from({ length }, (_, place) => value(place)))
  return graph.input(name, axes, datatype)
}

/** A text of the language, its axes written by their own names. */
export function text (
  { graph, lengths }: Setting, source: string, names: Readonly<Record<string, Node | number>>
): Node {
  const scope = new Map<string, Value | number>(Object.entries(names))
  for (const axis of lengths.keys()) scope.set(axis, { kind: 'axis', axes: [axis] })
  return traceScope(source, { names: scope }, graph)
}

/** The value of a node, row-major over its axes. */
export function valuesOf (setting: Setting, node: Node): Float64Array {
  return evaluate([{ node, axes: node.axes }], setting)[0] ?? new Float64Array()
}

/** What Σ seed · of gains along a random direction of `by`: by differences, by the gradient. */
export function slopes (
  setting: Setting, of: Node, seed: Node, by: readonly Node[], random: () => number
): { difference: number, slope: number, scale: number } {
  const { graph } = setting
  const total = graph.reduce('sum', graph.apply('mul', seed, of), of.axes)
  const gradients = gradient(graph, of, seed, by)
  const direction = new Map(by.map(node =>
    [node.name, valuesOf(setting, node).map(() => 2 * random() - 1)]))
  const at = (step: number): number => {
    const inputs = new Map(setting.inputs)
    for (const [name, along] of direction) {
      const values = inputs.get(name)
      if (values === undefined) continue
      inputs.set(name, values.map((value, k) => value + step * (along[k] ?? 0)))
    }
    return valuesOf({ ...setting, inputs }, total)[0] ?? Number.NaN
  }
  let slope = 0
  let scale = 1
  by.forEach((node, index) => {
    const result = gradients[index] ?? graph.constant(Number.NaN)
    const values = evaluate([{ node: result, axes: node.layout }], setting)[0] ?? new Float64Array()
    values.forEach((value, k) => {
      slope += value * (direction.get(node.name)?.[k] ?? 0)
      scale += Math.abs(value)
    })
  })
  // Two steps, extrapolated: the error is of fourth order.
  const [near, far] = [1e-4, 2e-4].map(h => (at(h) - at(-h)) / (2 * h))
  return { difference: (4 * (near ?? 0) - (far ?? 0)) / 3, slope, scale }
}
