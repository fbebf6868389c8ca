// How a printed text writes the axes of a graph: groups, axes that the author made, and twins that
// differentiation made get the names under which they can be read back.

import type { Definition } from './definition.ts'
import { type Axis, originalAxis } from './graph.ts'
import type { Expression } from './syntax.ts'

/** Names as they are asked for. A group without a name is given one if it is used. */
export class AxisNames {
  /** `M = axis(N)`, for axes that the text makes. */
  readonly statements: string[] = []
  /** Axes of the graph's own names that the text uses. */
  readonly named = new Set<Axis>()
  readonly #definition: Definition
  readonly #derived: ReadonlyMap<Axis, string>
  readonly #taken: Set<string>
  readonly #written = new Map<Axis, string>()
  #group = '...'

  /** `taken` holds the names of everything else; those that are given here are added. */
  constructor (
    definition: Definition, derived: ReadonlyMap<string, Axis>, taken: Set<string>
  ) {
    this.#definition = definition
    this.#derived = new Map([...derived].map(([name, axis]) => [axis, name]))
    this.#taken = taken
  }

  write (axis: Axis): string {
    const known = this.#written.get(axis)
    if (known !== undefined) return known
    this.named.add(axis)
    const written = this.#group === '...' && /^\.\.\.\d+$/.test(axis)
      ? this.#nameGroup()
      : /^\.\.\.(.+?)\d+$/.exec(axis)?.[1] ?? this.#derive(axis) ?? this.#copy(axis)
    this.#written.set(axis, written)
    return written
  }

  #nameGroup (): string {
    const name = this.#fresh('S')
    this.#group = `...${name}`
    return name
  }

  // An axis that the author made, after those that its length is made of.
  #derive (axis: Axis): string | null {
    const made = this.#definition.derived.find(({ name }) => name === this.#derived.get(axis))
    if (made === undefined) return null
    const { name } = made
    const source = `${name} = axis(${lengthText(made.length)})`
    const uses = (other: string): boolean =>
      new RegExp(`(?<![\\w.])${other.replaceAll('.', '\\.')}(?![\\w.])`).test(source)
    for (const [other, otherName] of this.#derived) {
      if (otherName !== name && uses(otherName)) this.write(other)
    }
    for (const other of this.#definition.axes) {
      if (other !== '...' && uses(other)) this.named.add(other)
    }
    this.statements.push(source)
    return name
  }

  // A twin made by differentiation.
  #copy (axis: Axis): string {
    if (!axis.endsWith("'")) return axis
    const original = this.write(originalAxis(axis))
    const name = this.#fresh(original)
    this.statements.push(`${name} = axis(${original})`)
    return name
  }

  /** A declaration, its group named where the text names it. */
  declare (declaration: string): string {
    return declaration.replace(/\.\.\.(?![A-Za-z_])/, this.#group)
  }

  #fresh (name: string): string {
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name}${count}`
      if (this.#taken.has(candidate)) continue
      this.#taken.add(candidate)
      return candidate
    }
  }
}

// Arithmetic of lengths as a text, brackets where they must stand.
function lengthText (length: Expression, least = 0): string {
  switch (length.kind) {
    case 'number': return String(length.value)
    case 'name': return length.name
    case 'unary': return `-${lengthText(length.argument, 3)}`
    case 'call': {
      const inside = length.arguments.map(each => lengthText(each))
      return `${length.name}(${inside.join(', ')})`
    }
    case 'binary': {
      const { left, operator, right } = length
      const level = operator === '+' || operator === '-' ? 1 : 2
      const text = `${lengthText(left, level)} ${operator} ${lengthText(right, level + 1)}`
      return level < least ? `(${text})` : text
    }
    default: throw new Error(`a length is no ${length.kind}`)
  }
}
