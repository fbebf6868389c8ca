// What an expression can stand for while a graph is traced. Numbers and yes/no values are nodes of
// the graph (a known one is a constant); texts, axes and functions exist only while tracing.

import type { Axis, Node } from './graph.ts'
import type { Expression } from './syntax.ts'

export interface TextValue {
  readonly kind: 'text'
  readonly text: string
}

/** An axis of a text: none of the graph if it is missing, several if it is a group. */
export interface AxisValue {
  readonly kind: 'axis'
  readonly axes: readonly Axis[]
}

export interface FunctionValue {
  readonly kind: 'function'
  readonly parameters: readonly string[]
  readonly body: Expression
  readonly scope: Environment
}

export type Value = Node | TextValue | AxisValue | FunctionValue

/** The values of names, looked up outwards. */
export interface Environment {
  readonly names: Map<string, Value>
  readonly outer: Environment | null
}

export function isNode (value: Value): value is Node {
  return !('kind' in value)
}

export function isAxis (value: Value): value is AxisValue {
  return 'kind' in value && value.kind === 'axis'
}

/** The value of a name. */
export function findValue (name: string, environment: Environment): Value | undefined {
  for (let inner: Environment | null = environment; inner !== null; inner = inner.outer) {
    const value = inner.names.get(name)
    if (value !== undefined) return value
  }
  return undefined
}

/** For sentences: what a value is. */
export function describe (value: Value): string {
  if (isNode(value)) return value.mask ? 'a yes/no value' : 'a number'
  if (isAxis(value)) return 'an axis'
  return value.kind === 'text' ? `the text '${value.text}'` : 'a function'
}
