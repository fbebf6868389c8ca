// The graph of a formula: immutable, hash-consed nodes whose shape is the set of named axes they
// depend on. Everything else (gradient, schedule, kernel, printed text) is derived from it.
//
// Ops are of two sorts. Structural ones are known here:
//   input parameter constant size iota        leaves
//   sum max min                               remove the axes `over`
//   take(x, i)   put(g, i)                    along the one axis of `over`
//   with_derivative(value, x, slope, …)       value; towards each x the derivative is slope
//   cumsum argsort shift recur previous       in order along an axis: sequences.ts makes them
// All others are rows of src/ops: `add`, `where(mask, a, b)`, `softmax` (with axes: applyOver), …
// A yes/no constant is `constant(true)`: op constant, mask true, value 1 or 0.
//
// An axis whose name is another's and quotes (C', C'') is its twin: it has the same length, so that
// x[C = index(C')] is a renaming. Between other axes that is a gather, since lengths may differ.

import { LossdError } from '../errors.ts'
import { ops } from '../ops/index.ts'
import { type Axis, type InputDatatype, isConstant, type Node, originalAxis } from './node.ts'
import { simplify } from './simplify.ts'

export { type Axis, type InputDatatype, isConstant, type Node, originalAxis }

const none: readonly never[] = []

// Their arguments may stand in any order: both orders are one node, which keeps the first one seen.
const commutative = new Set(['add', 'mul', 'minimum', 'maximum', 'eq', 'ne', 'and', 'or'])

const rows = new Map(ops.map(op => [op.name, op]))

/** A growing set of nodes. Equal nodes are one node; constants fold as they are made. */
export class Graph {
  readonly #axes: Axis[] = []
  readonly #places = new Map<Axis, number>()
  readonly #sorted = new Map<string, readonly Axis[]>()
  readonly #nodes = new Map<string, Node>()
  #nodesMax: number
  #next = 0

  /** Axes without places. */
  readonly empty = new Set<Axis>()

  constructor (axes: readonly Axis[], nodesMax = 20_000) {
    this.#nodesMax = nodesMax
    for (const axis of axes) this.addAxis(axis)
  }

  /** All axes, in order. */
  get axes (): readonly Axis[] { return this.#axes }

  get nodeCount (): number { return this.#nodes.size }

  /** Makes room for what lowering adds: the limit is on the author's text and its derivative. */
  allow (times: number): void {
    this.#nodesMax = Math.max(this.#nodesMax, times * this.#nodes.size + 1000)
  }

  /** Whether an axis has no places; known where it matters what is taken along it. */
  isEmpty (axis: Axis): boolean { return this.empty.has(originalAxis(axis)) }

  /** Appends an axis; adding it again changes nothing. */
  addAxis (axis: Axis): void {
    if (this.#places.has(axis)) return
    this.#places.set(axis, this.#axes.length)
    this.#axes.push(axis)
  }

  /** An axis as long as `axis` that is none of `taken`: C', C'' …, for pairs of places along it. */
  twin (axis: Axis, taken: readonly Axis[]): Axis {
    let name = `${axis}'`
    while (taken.includes(name)) name += "'"
    this.addAxis(name)
    return name
  }

  constant (value: number | boolean): Node {
    const number = Number(value)
    return this.node({ op: 'constant', value: number, mask: typeof value === 'boolean' })
  }

  input (name: string, layout: readonly Axis[], datatype: InputDatatype): Node {
    return this.node({ op: 'input', name, layout, datatype, axes: this.sort(layout) })
  }

  parameter (name: string): Node { return this.node({ op: 'parameter', name }) }

  /** The length of an axis, a number known only when the kernel runs; 0 is known before. */
  size (axis: Axis): Node {
    if (this.isEmpty(axis)) return this.constant(0)
    return this.node({ op: 'size', over: [originalAxis(axis)] })
  }

  /** The position along an axis, from 0. */
  iota (axis: Axis): Node { return this.node({ op: 'iota', over: [axis], axes: [axis] }) }

  /** Any row of ops without axes of its own, and with_derivative. */
  apply (op: string, ...args: readonly Node[]): Node { return this.applyOver(op, none, ...args) }

  /** A row of ops along axes: softmax, log_softmax, logsumexp … */
  applyOver (op: string, over: readonly Axis[], ...args: readonly Node[]): Node {
    const simple = simplify(this, op, args)
    if (simple !== null) return simple
    const row = rows.get(op)
    const axes = this.union(args)
    const kept = row?.reduces === true ? axes.filter(axis => !over.includes(axis)) : axes
    const mask = op === 'where' ? args[1]?.mask === true : row?.mask === true
    return this.node({ op, args, over: this.sort(over), axes: kept, mask })
  }

  /** The sum over an axis that x lacks is x times its length; max and min of it are x. */
  reduce (op: 'sum' | 'max' | 'min', x: Node, over: readonly Axis[]): Node {
    const present = this.sort(over.filter(axis => x.axes.includes(axis)))
    const missing = over.filter(axis => !x.axes.includes(axis))
    let result = x
    if (present.length > 0) {
      const axes = x.axes.filter(axis => !present.includes(axis))
      result = op === 'sum' && x.op === 'neg' && x.args[0] !== undefined
        ? this.apply('neg', this.reduce('sum', x.args[0], present))
        : this.node({ op, args: [x], over: present, axes })
    }
    if (op !== 'sum') return result
    for (const axis of missing) result = this.apply('mul', result, this.size(axis))
    return result
  }

  /** x at position i along axis, i rounded down and clamped; x itself if it lacks the axis. */
  take (x: Node, i: Node, axis: Axis): Node {
    if (!x.axes.includes(axis) || (i.op === 'iota' && i.over[0] === axis)) return x
    const renames = i.op === 'iota' && originalAxis(i.over[0] ?? '') === originalAxis(axis)
    if (x.op === 'iota' && renames) return i
    const axes = this.sort([...x.axes.filter(other => other !== axis), ...i.axes])
    return this.node({ op: 'take', args: [x, i], over: [axis], axes, mask: x.mask })
  }

  /** g where the position along axis is i, else 0; neither g nor i may depend on the axis. */
  put (g: Node, i: Node, axis: Axis): Node {
    if (isConstant(g, 0)) return g
    const [negated] = g.args
    if (g.op === 'neg' && negated !== undefined) {
      return this.apply('neg', this.put(negated, i, axis))
    }
    const axes = this.sort([...g.axes, ...i.axes, axis])
    return this.node({ op: 'put', args: [g, i], over: [axis], axes })
  }

  /** The axes of all nodes, each once, in the graph's order. */
  union (nodes: readonly Node[]): readonly Axis[] {
    const first = nodes[0]?.axes ?? none
    if (nodes.every(node => node.axes === first || node.axes.length === 0)) return first
    return this.sort(nodes.flatMap(node => node.axes))
  }

  /** Axes in the graph's order, each once. */
  sort (axes: readonly Axis[]): readonly Axis[] {
    if (axes.length < 2) return axes
    const key = axes.join()
    let sorted = this.#sorted.get(key)
    if (sorted === undefined) {
      const place = (axis: Axis): number => this.#places.get(axis) ?? -1
      sorted = [...new Set(axes)].sort((a, b) => place(a) - place(b))
      sorted = this.#sorted.get(sorted.join()) ?? sorted
      this.#sorted.set(sorted.join(), sorted).set(key, sorted)
    }
    return sorted
  }

  /** A node just as it is said, without algebra; equal ones are one node. */
  node (fields: Partial<Node> & { readonly op: string }): Node {
    const key = keyOf(fields)
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    if (this.#nodes.size >= this.#nodesMax) {
      throw new LossdError('FORMULA_TOO_LARGE',
        `The formula and its derivative need more than ${this.#nodesMax} operations.`,
        { pointer: '/formula' })
    }
    const {
      op, args = none, axes = none, mask = false, name = '', value = 0, step = 0, layout = none,
      datatype = '', over = none
    } = fields
    const inside = op === 'previous' || (op !== 'recur' && args.some(arg => arg.inside))
    const node: Node = {
      id: this.#next++, op, args, axes, mask, name, value, step, inside, layout, datatype, over
    }
    this.#nodes.set(key, node)
    return node
  }
}

function keyOf (node: Partial<Node> & { op: string }): string {
  const { op, args = none, over = none, name, value = 0, step = 0, layout = none, datatype } = node
  if (op === 'constant') return `${Object.is(value, -0) ? '-0' : value}${node.mask === true}`
  let key = op
  const [a, b] = args
  if (b !== undefined && a !== undefined && b.id < a.id && commutative.has(op)) {
    key += ` ${b.id} ${a.id}`
  } else {
    for (const arg of args) key += ` ${arg.id}`
  }
  // What most nodes do not have.
  if (over.length > 0) key += `|${over.join()}`
  if (name !== undefined) key += `|${name}|${layout.join()}|${datatype}`
  return step === 0 && value === 0 ? key : `${key}|${step}|${value}`
}
