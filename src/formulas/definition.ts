// What a text defines: arguments with their shapes and bounds, options with defaults, statements
// and the conditions that stand beside them. define.ts makes it; bind.ts and trace.ts read it.

import type { Axis } from './graph.ts'
import type { AxisSyntax, Bound, Expression, Statement } from './syntax.ts'

/** How a tensor is read: numbers, indices of classes, whole numbers, yes/no. */
export type TensorKind = 'real' | 'class' | 'integer' | 'boolean'

/** Which dimensions of a tensor of some rank are which axes. */
export interface Spread {
  /** The axis of each dimension; null where it belongs to the group `...`. */
  readonly dimensions: readonly (AxisSyntax | null)[]
  /** The dimensions of the group: from `start`, `count` of them. */
  readonly start: number
  readonly count: number
  /** Optional axes that a tensor of this rank lacks. */
  readonly absent: readonly AxisSyntax[]
}

/** One alternative of a tensor's type: `real[N?, C, ...]`. */
export interface Kind {
  readonly kind: TensorKind
  readonly axes: readonly AxisSyntax[]
  /** The group among them, `...` if it has no name; empty if there is none. */
  readonly group: Axis
  /** The axis along which a class value is an index; empty if there is none. */
  readonly along: Axis
  /** As in the declaration. */
  readonly text: string
  /** By rank; undefined for ranks that do not fit. */
  readonly spreads: readonly (Spread | undefined)[]
}

interface Declared {
  readonly name: string
  readonly bounds: readonly Bound[]
  /** The declaration as text, for sentences and documentation. */
  readonly text: string
}

export interface TensorArgument extends Declared {
  readonly role: 'tensor'
  /** Alternatives, in the order in which they are tried. */
  readonly kinds: readonly Kind[]
  /** The number that stands in for a missing tensor; null if it must be given. */
  readonly default: number | null
  /** True for what an optimizer or a running statistic assigns. */
  readonly state: boolean
  /** Earlier argument whose shape it must have (like), or broadcast to (to); empty if none. */
  readonly like: string
  readonly to: string
}

export interface OptionArgument extends Declared {
  readonly role: 'option'
  readonly type: 'number' | 'integer' | 'boolean' | 'text'
  /** What a text may be; empty for any. */
  readonly choices: readonly string[]
  readonly default: number | boolean | string | null
  /** True if kernels are compiled for its value; booleans and texts always are. */
  readonly static: boolean
}

export type Argument = TensorArgument | OptionArgument

/** A condition beside the formula, and what follows when it is true anywhere. */
export interface Rule {
  readonly condition: Expression
  /** The first argument that the condition names. */
  readonly argument: string
  /** What a warning is called; empty for a refusal. */
  readonly code: string
  readonly sentence: string
}

/** A family of tensors; the definition holds the members that it was made for. */
export interface Family {
  readonly name: string
  /** What stands for its tensors: x.I. */
  readonly templates: readonly TensorArgument[]
}

export interface Definition {
  readonly text: string
  readonly families: readonly Family[]
  readonly arguments: readonly Argument[]
  readonly tensors: readonly TensorArgument[]
  readonly options: readonly OptionArgument[]
  /** Declared axes and groups, in the order of the text. */
  readonly axes: readonly Axis[]
  /** Axes made by `M = axis(…)`. */
  readonly derived: readonly { readonly name: Axis, readonly length: Expression }[]
  /** Whole numbers whose largest makes a length: M = axis(max(x)). */
  readonly measured: readonly string[]
  readonly statements: readonly Statement[]
  readonly reduction: { readonly choices: readonly string[], readonly default: string }
  /** True if the text declares its arguments. */
  readonly declared: boolean
  /** Without declarations axes are positions, written as numbers. */
  readonly positional: boolean
  readonly refuse: readonly Rule[]
  readonly warn: readonly Rule[]
  /** Gradients that are not given: `argument` under `condition`. */
  readonly frozen: readonly Rule[]
}

/** Conditions that stand beside a formula, as texts of the language in its scope. */
export interface Rules {
  readonly refuse?: readonly (readonly [condition: string, sentence: string])[]
  readonly warn?: readonly (readonly [condition: string, code: string, sentence: string])[]
  readonly frozen?: readonly (readonly [argument: string, condition: string, sentence: string])[]
}
