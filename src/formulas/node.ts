// A value of a graph, as everything that reads graphs knows it. Graph makes them.

/** The name of an axis; unique in its graph. */
export type Axis = string

export type InputDatatype = 'real' | 'INT64' | 'INT32' | 'UINT8' | 'BOOL'

/** A value of the graph. `args` are nodes with smaller ids. */
export interface Node {
  readonly id: number
  /** A structural op or the name of a row of ops. */
  readonly op: string
  readonly args: readonly Node[]
  /** The axes the value depends on, in the graph's axis order. */
  readonly axes: readonly Axis[]
  /** True for a yes/no value, which is never a number. */
  readonly mask: boolean
  /** The name of an input or a parameter; empty otherwise. */
  readonly name: string
  /** The value of a constant; what shift and previous are outside the axis; 0 otherwise. */
  readonly value: number
  /** Of shift, how far: x at place - step. Of cumsum and recur 1, or -1 from the end. */
  readonly step: number
  /** True for what depends on the step before inside a recurrence: it exists only there. */
  readonly inside: boolean
  /** An input's memory order, row-major: the last axis is contiguous. Of previous its axes. */
  readonly layout: readonly Axis[]
  /** An input's element type; `real` is the computing datatype. */
  readonly datatype: '' | InputDatatype
  /** Axes of sum, max, min and of softmax and its like; the one axis of all others that have it. */
  readonly over: readonly Axis[]
}

/** The axis whose length a twin has; any other axis is its own original. */
export function originalAxis (axis: Axis): Axis { return axis.replace(/'+$/, '') }

/** True for the number `value` as a literal; the yes/no constants are not numbers. */
export function isConstant (node: Node, value?: number): boolean {
  return node.op === 'constant' && !node.mask && (value === undefined || node.value === value)
}
