// Tree to graph: each expression becomes a value in an environment of names. Known conditions keep
// one branch, functions are inlined, and limits on steps and depth bound what any text can cost.

import { fail, failTooLarge } from './fault.ts'
import type { Axis, Graph, Node } from './graph.ts'
import type { Binary, Call, Choice, Expression, Operator, Statement, Unary } from './syntax.ts'
import { take } from './taking.ts'
import {
  type AxisValue, describe, type Environment, findValue, isAxis, isNode, type Value
} from './values.ts'
import { constants, innerWords, words } from './words.ts'

const stepsMax = 12_000
const depthMax = 400

export interface TracedStatements {
  readonly value: Value
  /** All names at the end, for conditions that stand beside the text. */
  readonly environment: Environment
  /** New values of the names in `state`. */
  readonly states: ReadonlyMap<string, Node>
}

export interface TracerSettings {
  /** True for texts of the op table, which may use ops that are not words. */
  readonly inner?: boolean
  /** Arguments that the request does not give. */
  readonly missing?: ReadonlySet<string>
  /** Axes by position, for texts without declarations. */
  readonly positions?: readonly Axis[]
  /** Names that may be assigned again: their old value before that line, the new one after it. */
  readonly state?: ReadonlySet<string>
  /** The graph's axis for an axis that the text makes. */
  readonly derived?: ReadonlyMap<string, Axis>
}

export class Tracer {
  readonly graph: Graph
  readonly missing: ReadonlySet<string>
  /** The axis along which an argument of type class counts: x[target] takes along it. */
  readonly classAxes = new Map<Node, AxisValue>()
  /** Whole numbers that are no places: integers, classes that the text bounds itself. */
  readonly unchecked = new Set<Node>()
  /** Lengths that the declarations say. */
  readonly fixed = new Map<Axis, number>()
  readonly #settings: TracerSettings
  #steps = 0
  #depth = 0

  constructor (graph: Graph, settings: TracerSettings = {}) {
    this.graph = graph
    this.missing = settings.missing ?? new Set()
    this.#settings = settings
  }

  /** Traces statements in order; the environment's own names are not changed. */
  statements (statements: readonly Statement[], outer: Environment): TracedStatements {
    const environment: Environment = { names: new Map(), outer }
    const states = new Map<string, Node>()
    let value: Value = this.graph.constant(0)
    for (const { name, expression } of statements) {
      value = this.#settings.derived?.has(name) === true
        ? this.#newAxis(name)
        : this.evaluate(expression, environment)
      if (name === '') continue
      environment.names.set(name, value)
      if (this.#settings.state?.has(name) === true) {
        states.set(name, this.number(value, expression.position))
      }
    }
    return { value, environment, states }
  }

  #newAxis (name: string): AxisValue {
    const axis = this.#settings.derived?.get(name) ?? name
    this.graph.addAxis(axis)
    return { kind: 'axis', axes: [axis] }
  }

  evaluate (expression: Expression, environment: Environment): Value {
    if (++this.#steps > stepsMax || ++this.#depth > depthMax) {
      failTooLarge(expression.position,
        'The formula needs too many steps, or its functions nest too deeply.')
    }
    const value = this.#value(expression, environment)
    this.#depth--
    return value
  }

  #value (expression: Expression, environment: Environment): Value {
    switch (expression.kind) {
      case 'number': return this.graph.constant(expression.value)
      case 'boolean': return this.graph.constant(expression.value)
      case 'text': return expression
      case 'name': return this.#name(expression.name, expression.position, environment)
      case 'unary': return this.#unary(expression, environment)
      case 'binary': return this.#chain(expression, environment)
      case 'choice': return this.#choice(expression, environment)
      case 'call': return this.#call(expression, environment)
      case 'take': return take(this, expression, environment)
      case 'function': return { ...expression, scope: environment }
    }
  }

  #name (name: string, position: number, environment: Environment): Value {
    const value = findValue(name, environment) ?? constants.get(name)
    if (value === undefined) return fail(position, `There is no ${name}.`)
    return typeof value === 'number' ? this.graph.constant(value) : value
  }

  /** A number: an axis stands for its length. */
  number (value: Value, position: number): Node {
    if (isNode(value)) {
      return value.mask ? fail(position, 'A yes/no value is not a number; write c ? 1 : 0.') : value
    }
    if (!isAxis(value)) return fail(position, `Expected a number; this is ${describe(value)}.`)
    const { graph } = this
    return value.axes.map(axis => graph.size(axis))
      .reduce((a, b) => graph.apply('mul', a, b), graph.constant(1))
  }

  yesNo (value: Value, position: number): Node {
    if (isNode(value) && value.mask) return value
    return fail(position, `Expected a yes/no value; this is ${describe(value)}. Write x != 0.`)
  }

  numberOf (value: Value | undefined, call: Call, index: number): Node {
    return this.number(value ?? this.graph.constant(0), placeOf(call, index))
  }

  yesNoOf (value: Value | undefined, call: Call, index: number): Node {
    return this.yesNo(value ?? this.graph.constant(0), placeOf(call, index))
  }

  /** The axes that an argument stands for: a name's, or by position. */
  axesOf (value: Value | undefined, call: Call, index: number): readonly Axis[] {
    const position = placeOf(call, index)
    if (value !== undefined && isAxis(value)) return value.axes
    const { positions } = this.#settings
    const known = value !== undefined && isNode(value) && value.op === 'constant'
    if (positions === undefined || !known) return fail(position, `${call.name} needs an axis here.`)
    const place = value.value
    const axis = positions.at(place)
    if (axis !== undefined && Number.isInteger(place)) return [axis]
    return fail(position,
      `There is no axis ${place}: the arguments have ${positions.length} together.`)
  }

  #unary ({ operator, argument, position }: Unary, environment: Environment): Node {
    const value = this.evaluate(argument, environment)
    return operator === '-'
      ? this.graph.apply('neg', this.number(value, position))
      : this.graph.apply('not', this.yesNo(value, position))
  }

  // A chain a + b + c + … leans to the left, as deep as it is long: no recursion.
  #chain (expression: Binary, environment: Environment): Value {
    const chain: Binary[] = []
    let rest: Expression = expression
    for (; rest.kind === 'binary'; rest = rest.left) chain.push(rest)
    let left = this.evaluate(rest, environment)
    for (const link of chain.reverse()) left = this.#binary(link, left, environment)
    return left
  }

  #binary ({ operator, left, right, position }: Binary, a: Value, environment: Environment): Node {
    const { graph } = this
    if (operator === '&&' || operator === '||') {
      const first = this.yesNo(a, left.position)
      if (first.op === 'constant' && (first.value === 1) === (operator === '||')) return first
      const second = this.yesNo(this.evaluate(right, environment), right.position)
      return graph.apply(operator === '&&' ? 'and' : 'or', first, second)
    }
    const b = this.evaluate(right, environment)
    if (operator === '==' || operator === '!=') {
      const [first, second] = [textOf(a), textOf(b)]
      if (first !== null && second !== null) {
        return graph.constant((first === second) === (operator === '=='))
      }
      if (isNode(a) && isNode(b) && a.mask && b.mask) return this.#sameMask(a, b, operator)
    }
    if (!isNode(a) && !isAxis(a)) return fail(position, `${describe(a)} is not a number.`)
    const [x, y] = [this.number(a, left.position), this.number(b, right.position)]
    return graph.apply(opOf[operator], x, y)
  }

  #sameMask (a: Node, b: Node, operator: '==' | '!='): Node {
    const { graph } = this
    const not = graph.apply('not', b)
    return operator === '==' ? graph.apply('where', a, b, not) : graph.apply('where', a, not, b)
  }

  #choice ({ condition, yes, no }: Choice, environment: Environment): Value {
    const { graph } = this
    const mask = this.yesNo(this.evaluate(condition, environment), condition.position)
    if (mask.op === 'constant') return this.evaluate(mask.value === 1 ? yes : no, environment)
    const [a, b] = [this.evaluate(yes, environment), this.evaluate(no, environment)]
    if (isNode(a) && isNode(b) && a.mask && b.mask) return graph.apply('where', mask, a, b)
    return graph.apply('where', mask, this.number(a, yes.position), this.number(b, no.position))
  }

  #call (call: Call, environment: Environment): Value {
    const args = call.arguments.map(argument => this.evaluate(argument, environment))
    const callee = findValue(call.name, environment)
    if (callee !== undefined) return this.invoke(call, callee, args)
    const inner = this.#settings.inner === true ? innerWords.get(call.name) : undefined
    const word = words.get(call.name) ?? inner
    if (word === undefined) return fail(call.position, `There is no function ${call.name}.`)
    return word.trace(this, args, call)
  }

  /** The value of a function for these arguments; sentences call it by the name of the call. */
  invoke (call: Pick<Call, 'name' | 'position'>, callee: Value, args: readonly Value[]): Value {
    if (isNode(callee) || callee.kind !== 'function') {
      return fail(call.position, `${call.name} is ${describe(callee)}, not a function.`)
    }
    const { parameters, body, scope } = callee
    if (parameters.length !== args.length) {
      fail(call.position,
        `${call.name} takes ${parameters.length} arguments; it was given ${args.length}.`)
    }
    const names = new Map<string, Value>()
    args.forEach((value, index) => { names.set(parameters[index] ?? '', value) })
    return this.evaluate(body, { names, outer: scope })
  }
}

const opOf: Readonly<Record<Exclude<Operator, '&&' | '||'>, string>> = {
  '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '%': 'mod', '**': 'pow',
  '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge', '==': 'eq', '!=': 'ne'
}

function placeOf (call: Call, index: number): number {
  return call.arguments[index]?.position ?? call.position
}

function textOf (value: Value): string | null {
  return !isNode(value) && value.kind === 'text' ? value.text : null
}
