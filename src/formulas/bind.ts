// A definition and the shapes of one request to a binding: the axes of the graph with their
// lengths, the layout of each tensor along them, the options. It runs for every request, so it is
// kept lean. Its key holds all that code depends on: no lengths, no numbers given at run time.

import { LossdError } from '../errors.ts'
import type { Definition, Kind, TensorArgument, TensorKind } from './definition.ts'
import { fit, type Given, giveAs } from './fit.ts'
import type { Axis, InputDatatype } from './graph.ts'
import { chooseKind } from './kinds.ts'
import { layoutOf, type Run, runsOf } from './layout.ts'
import { deriveAxes } from './measure.ts'
import { bindOptions, type Options, type OptionValue } from './options.ts'
import { settleReduction } from './reduction.ts'

/** A tensor of the request; `datatype` is that of values which are not real (default INT64). */
export interface TensorShape {
  readonly shape: readonly number[]
  readonly kind: TensorKind
  readonly datatype?: InputDatatype
  /** The largest of its elements, where a length is made with it and they could be looked at. */
  readonly largest?: number
}

export interface BoundTensor {
  readonly kind: Kind
  readonly shape: readonly number[]
  /** Axes in memory order; a dimension of length 1 that broadcasts against more is left out. */
  readonly layout: readonly Axis[]
  readonly datatype: InputDatatype
}

export interface Binding {
  /** The graph's axes with their lengths, in the order of the text. */
  readonly axes: ReadonlyMap<Axis, number>
  /** What an axis stands for: neighbours of a group that all tensors treat alike are one axis. */
  readonly shapes: ReadonlyMap<Axis, readonly number[]>
  /** The graph's axes of each group, by its name. */
  readonly groups: ReadonlyMap<Axis, readonly Axis[]>
  /** The graph's axis for each axis that the text makes. */
  readonly derived: ReadonlyMap<string, Axis>
  readonly tensors: ReadonlyMap<string, BoundTensor>
  readonly layouts: ReadonlyMap<string, readonly Axis[]>
  readonly known: ReadonlyMap<string, OptionValue>
  readonly numbers: ReadonlyMap<string, number>
  readonly missing: ReadonlySet<string>
  readonly key: string
}

/**
 * Binds tensors and options. Throws ARGUMENT_MISSING, SHAPE_MISMATCH, OPTION_UNKNOWN,
 * OPTION_INVALID.
 */
export function bind (
  definition: Definition,
  tensors: Readonly<Record<string, TensorShape>>,
  options: Options
): Binding {
  const givens: Given[] = []
  const missing = new Set<string>()
  for (const argument of definition.tensors) {
    const tensor = tensors[argument.name]
    if (tensor === undefined) requireDefault(argument, missing)
    else givens.push(giveAs(argument, kindOf(argument, tensor, givens), tensor.shape, givens))
  }
  const { known, numbers } = bindOptions(definition, options)
  settleReduction(definition, known)
  const fitted = fit(givens)
  const axes = new Map<Axis, number>()
  const shapes = new Map<Axis, readonly number[]>()
  const groups = new Map<Axis, readonly Axis[]>()
  const runs = new Map<Axis, readonly Run[]>()
  for (const name of definition.axes) {
    const group = fitted.groups.get(name)
    const length = fitted.lengths.get(name)
    if (length !== undefined) {
      axes.set(name, length)
      shapes.set(name, [length])
    } else if (group !== undefined) {
      const parts = runsOf(name, group, givens, definition.positional)
      runs.set(name, parts)
      groups.set(
        name,
        parts.map(part => part.axis)
      )
      for (const { axis, lengths } of parts) {
        axes.set(
          axis,
          lengths.reduce((product, length) => product * length, 1)
        )
        shapes.set(axis, lengths)
      }
    }
  }
  const largest = (name: string): number => tensors[name]?.largest ?? Infinity
  const derived = deriveAxes(definition, { axes, groups, shapes, numbers, known, largest })
  const bound = new Map<string, BoundTensor>()
  const layouts = new Map<string, readonly Axis[]>()
  let key = ''
  for (const [index, given] of givens.entries()) {
    const {
      argument: { name },
      kind,
      shape
    } = given
    const datatype = kind.kind === 'real' ? 'real' : (tensors[name]?.datatype ?? 'INT64')
    const layout = layoutOf(given, fitted, runs, index)
    bound.set(name, { kind, shape, layout, datatype })
    layouts.set(name, layout)
    key += `${name}:${kind.kind === 'real' ? '' : datatype}[${layout.join()}] `
  }
  // An axis without places changes what a text may take.
  for (const [axis, length] of axes) if (length === 0) key += `${axis}=0 `
  for (const [name, value] of known) key += `${name}=${value} `
  for (const name of numbers.keys()) key += `${name} `
  return { axes, shapes, groups, derived, tensors: bound, layouts, known, numbers, missing, key }
}

function requireDefault (argument: TensorArgument, missing: Set<string>): void {
  if (argument.default === null) {
    throw new LossdError(
      'ARGUMENT_MISSING',
      `${argument.name} is missing; it is ${argument.text}`,
      { pointer: `/${argument.name}` }
    )
  }
  missing.add(argument.name)
}

function kindOf (argument: TensorArgument, tensor: TensorShape, givens: readonly Given[]): Kind {
  const kinds = argument.kinds.filter(({ kind }) => kind === tensor.kind)
  const [found] = kinds
  if (found !== undefined && kinds.length === 1) return found
  if (found !== undefined) return chooseKind(argument, kinds, tensor.shape, givens)
  throw new LossdError(
    'DATATYPE_MISMATCH',
    `${argument.name} cannot be ${tensor.kind}; it is ${argument.text}`,
    { pointer: `/${argument.name}` }
  )
}
