// The graph of a formula: immutable, hash-consed nodes whose shape is the set of named axes they
// depend on. Everything else (gradient, schedule, kernel, printed text) is derived from it.

/** The name of an axis; unique in its graph. */
export type Axis = string

/** A value of the graph. `args` are nodes with smaller ids. */
export interface Node {
  readonly id: number
  /** A structural op (input, parameter, constant, size, iota, sum, max, min, take, put) or a row of ops. */
  readonly op: string
  readonly args: readonly Node[]
  /** The axes the value depends on, in the graph's axis order. */
  readonly axes: readonly Axis[]
  /** True for a yes/no value, which is never a number. */
  readonly mask: boolean
  /** The name of an input or a parameter; empty otherwise. */
  readonly name: string
  /** The value of a constant; 0 otherwise. */
  readonly value: number
  /** An input's memory order, row-major: the last axis is contiguous. */
  readonly layout: readonly Axis[]
  /** An input's element type; `real` is the computing datatype. */
  readonly datatype: '' | 'real' | 'INT64' | 'INT32' | 'UINT8' | 'BOOL'
  /** Axes reduced by sum, max, min; the one axis of take, put, size, iota. */
  readonly over: readonly Axis[]
}
