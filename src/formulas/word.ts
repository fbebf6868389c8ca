// What a word of the language is: how it is written, how many arguments it takes, how it is traced.

import { fail } from './fault.ts'
import type { Axis, Node } from './graph.ts'
import type { Call } from './syntax.ts'
import type { Tracer } from './tracer.ts'
import type { Value } from './values.ts'

export interface Word {
  readonly name: string
  /** How it is written: `sum(x, axis, …)`. */
  readonly usage: string
  readonly summary: string
  /** How many arguments it takes. */
  readonly least: number
  readonly most: number
  /** The index of the first argument that is an axis; infinite if none is. */
  readonly axesFrom: number
  /** The index behind the last one that is. */
  readonly axesTo: number
  /** Why it cannot be used; empty for words that can. */
  readonly missing: string
  readonly trace: Trace
}

export type Trace = (tracer: Tracer, args: readonly Value[], call: Call) => Value

/** No bound on the number of arguments, or no axes among them. */
export const none = Number.POSITIVE_INFINITY

/** A word; its name is what stands before the bracket of its usage. */
export function word (
  usage: string, summary: string,
  [least, most, axesFrom, axesTo = none]: readonly [number, number, number, number?],
  trace: Trace, missing = ''
): Word {
  const [name = usage] = usage.split('(')
  return { name, usage, summary, least, most, axesFrom, axesTo, missing, trace }
}

/** The axes that the arguments from `first` on name, or all of x if there are none. */
export function namedAxes (
  tracer: Tracer, x: Node, args: readonly Value[], first: number, call: Call
): readonly Axis[] {
  if (args.length <= first) return x.axes
  return args.slice(first).flatMap((value, index) => tracer.axesOf(value, call, first + index))
}

/** Those of them that x has. */
export function presentAxes (
  tracer: Tracer, x: Node, args: readonly Value[], first: number, call: Call
): readonly Axis[] {
  return namedAxes(tracer, x, args, first, call).filter(axis => x.axes.includes(axis))
}

/** The name that stands as an argument. Throws FORMULA_INVALID for any other expression. */
export function nameOf (call: Call, index: number): string {
  const argument = call.arguments[index]
  if (argument?.kind === 'name') return argument.name
  return fail(argument?.position ?? call.position, `${call.name} takes the name of an argument.`)
}
