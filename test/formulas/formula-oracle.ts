// A formula with a request, evaluated plainly; and how far its numbers are from where a comparison,
// a rounding or an order comes out differently. There a value may jump or bend: two precisions need
// not agree, and a difference quotient is no derivative.

import { bind, type Binding, type TensorShape } from '../../src/formulas/bind.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type Node } from '../../src/formulas/graph.ts'
import { reduced, trace, type Traced } from '../../src/formulas/trace.ts'
import { reach } from '../../src/formulas/walk.ts'
import type { RequestTensor } from '../machine.ts'
import { evaluate } from '../evaluator.ts'

type Tensors = Readonly<Record<string, RequestTensor>>

export interface Question {
  readonly definition: Definition
  readonly tensors: Tensors
  readonly options: Readonly<Record<string, number | boolean | string>>
}

export interface Answer {
  readonly loss: readonly number[]
  readonly gradients: Readonly<Record<string, readonly number[]>>
}

/** The bound and traced formula. */
export class Oracle {
  readonly traced: Traced
  readonly binding: Binding
  readonly #loss: Node
  readonly #slopes: readonly Node[]
  readonly #by: readonly string[]
  readonly #axes: readonly string[]
  readonly #nodes: readonly Node[]

  /** `by` are the real tensors given. */
  constructor ({ definition, tensors, options }: Question, by: readonly string[]) {
    const shapes: Record<string, TensorShape> = {}
    for (const [name, { shape, kind }] of Object.entries(tensors)) shapes[name] = { shape, kind }
    this.binding = bind(definition, shapes, options)
    const graph = new Graph([])
    this.traced = trace(definition, this.binding, graph)
    const reduction = String(this.binding.known.get('reduction'))
    this.#loss = reduced(graph, this.traced, reduction).loss
    this.#axes = reduction === 'none' ? this.traced.valueAxes : []
    this.#by = by
    const inputs = by.map(name => this.traced.inputs.get(name) ?? this.#loss)
    this.#slopes = gradient(graph, this.#loss, graph.constant(1), inputs)
    this.#nodes = reach([this.#loss])
  }

  /** How many elements the value has before it is reduced. */
  get elements (): number {
    return this.traced.valueAxes
      .reduce((count, axis) => count * (this.binding.axes.get(axis) ?? 1), 1)
  }

  answer (tensors: Tensors): Answer {
    const roots = this.#slopes.map((node, index) =>
      ({ node, axes: this.binding.layouts.get(this.#by[index] ?? '') ?? [] }))
    const [loss = [], ...slopes] =
      this.#evaluate(tensors, [{ node: this.#loss, axes: this.#axes }, ...roots])
    // The slopes of a loss without values are 0, not 0 / 0.
    const isNothing = this.elements === 0
    return {
      loss: [...loss],
      gradients: Object.fromEntries(this.#by.map((name, index) =>
        [name, Array.from(slopes[index] ?? [], slope => (isNothing ? 0 : slope))]))
    }
  }

  /** The largest number on the way to the loss and its gradients; an error may be as large. */
  magnitude (tensors: Tensors): number {
    const nodes = reach([this.#loss, ...this.#slopes]).filter(node => !node.mask && !node.inside)
    let largest = 1
    for (const values of this.#evaluate(tensors, nodes.map(node => ({ node, axes: node.axes })))) {
      for (const value of values) {
        if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value))
      }
    }
    return largest
  }

  /** What decisions depend on the sign of. */
  decisions (tensors: Tensors): number[] {
    const reals = new Set<Node>()
    const found: number[] = []
    for (const node of this.#nodes) {
      if (node.datatype === 'real' || node.args.some(arg => reals.has(arg))) reals.add(node)
      const [x, place = x] = node.args
      const isDecided = node.op === 'take' ? place !== undefined && reals.has(place) : true
      if (node.inside || !reals.has(node) || !isDecided) continue
      found.push(...this.#decide(node, tensors))
    }
    return found
  }

  #evaluate (
    tensors: Tensors, roots: readonly { readonly node: Node, readonly axes: readonly string[] }[]
  ): Float64Array[] {
    const inputs = new Map(Object.entries(tensors).map(([name, { data }]) => [name, data]))
    return evaluate(roots, { lengths: this.binding.axes, numbers: this.binding.numbers, inputs })
  }

  #decide (node: Node, tensors: Tensors): number[] {
    const rule = rules.get(node.op)
    const [x, ...rest] = node.args
    if (x === undefined) return []
    const axes = node.axes
    if (node.op === 'max' || node.op === 'min') {
      const [all = [], best = []] = this.#evaluate(tensors,
        [{ node: x, axes: x.axes }, { node, axes: x.axes }])
      // The largest itself is no distance away from anything.
      return Array.from(all, (value, place) => value - (best[place] ?? 0) || Number.NaN)
    }
    if (node.op === 'argsort') return this.#order(node, x, tensors)
    if (rule === undefined) return []
    const values = this.#evaluate(tensors, [x, ...rest].map(arg => ({ node: arg, axes })))
    const [first = new Float64Array()] = values
    return Array.from(first).flatMap((a, place) =>
      rule(a, values[1]?.[place] ?? 0, values[2]?.[place] ?? 0))
  }

  // Neighbours in order.
  #order (node: Node, x: Node, tensors: Tensors): number[] {
    const [axis = ''] = node.over
    const axes = [...x.axes.filter(other => other !== axis), axis]
    const [keys = new Float64Array(), places = []] = this.#evaluate(tensors,
      [{ node: x, axes }, { node, axes }])
    const length = this.binding.axes.get(axis.replace(/'+$/, '')) ?? 1
    return Array.from(places, (place, at) => {
      const row = at - at % length
      const next = at % length + 1 < length ? places[at + 1] ?? 0 : place
      return place === next ? place + 1 : (keys[row + place] ?? 0) - (keys[row + next] ?? 0)
    })
  }
}

type Rule = (a: number, b: number, c: number) => readonly number[]

const compare: Rule = (a, b) => [a - b]
const whole = (x: number): number => x - Math.round(x)
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'minimum', 'maximum', 'clamp_min', 'clamp_max']
    .map((op): [string, Rule] => [op, compare]),
  ['clamp', (x, a, b) => [x - a, x - b]],
  ...['relu', 'abs', 'sign', 'sqrt0'].map((op): [string, Rule] => [op, a => [a]]),
  ['floor', a => [whole(a)]],
  ['mod', (a, b) => [whole(a / b)]],
  ['take', (_, i) => [whole(i)]]
])
