// Programs for tests, written as texts of the language: tensors with their layouts, a loss of which
// the value and the gradients are stored, and other values.

import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type InputDatatype, type Node } from '../../src/formulas/graph.ts'
import { traceScope } from '../../src/formulas/trace.ts'
import type { Value } from '../../src/formulas/values.ts'
import type { Output } from '../../src/kernels/compile.ts'

export interface Texts {
  /** All axes, one letter each, in the graph's order. */
  readonly axes: string
  /** The layout of each tensor, and its datatype if it is not real: 'N C', 'N INT64'. */
  readonly tensors: Readonly<Record<string, string>>
  /** Its value is the output `loss`, its gradients `slope x` …; upstream comes `seed`. */
  readonly loss?: string
  /** Tensors by which the loss is differentiated; all real ones if not given. */
  readonly by?: readonly string[]
  /** Other values: layout and text. */
  readonly values?: Readonly<Record<string, readonly [layout: string, text: string]>>
  /** Options. */
  readonly numbers?: Readonly<Record<string, number>>
}

/** The graph of the texts, and what is to be stored. */
export function graphOf (texts: Texts): { graph: Graph, outputs: Output[] } {
  const graph = new Graph([...texts.axes])
  const inputs = new Map<string, Node>()
  for (const [name, form] of Object.entries(texts.tensors)) {
    const words = form.split(' ').filter(word => word !== '')
    const layout = words.filter(word => texts.axes.includes(word))
    const datatype = words.find(word => !texts.axes.includes(word)) ?? 'real'
    inputs.set(name, graph.input(name, layout, datatype as InputDatatype))
  }
  const names = new Map<string, Value>(inputs)
  for (const axis of texts.axes) names.set(axis, { kind: 'axis', axes: [axis] })
  for (const name of Object.keys(texts.numbers ?? {})) names.set(name, graph.parameter(name))
  const nodeOf = (text: string): Node => traceScope(text, { names: new Map(names) }, graph)
  const outputs: Output[] = []
  if (texts.loss !== undefined) {
    const loss = nodeOf(texts.loss)
    const by = [...inputs].flatMap(([name, node]) => {
      const isWanted = texts.by?.includes(name) ?? node.datatype === 'real'
      return isWanted ? [node] : []
    })
    const seed = loss.axes.length === 0
      ? graph.constant(1)
      : graph.input('seed', loss.axes, 'real')
    outputs.push({ name: 'loss', node: loss, layout: loss.axes })
    for (const [index, node] of gradient(graph, loss, seed, by).entries()) {
      const { name = '', layout = [] } = by[index] ?? {}
      outputs.push({ name: `slope ${name}`, node, layout })
    }
  }
  for (const [name, [layout, text]] of Object.entries(texts.values ?? {})) {
    outputs.push({ name, node: nodeOf(text), layout: [...layout] })
  }
  return { graph, outputs }
}
