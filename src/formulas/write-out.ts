// Families written out: what a text says of each member is said of one after the other, so that
// everything behind the parser knows single tensors only.
//
//     I: family                        2 given      x.0: real[N.0]; x.1: real[N.1]
//     x.I: real[N.I]                    ──▶         long.0 = N.0 > 1; long.1 = N.1 > 1
//     long.I = N.I > 1
//     sum(long.I ? x.I : 0, I) / I                  ((long.0 ? x.0 : 0) + (long.1 ? x.1 : 0)) / 2

import { isOf, type Members } from './families.ts'
import { fail, failTooLarge } from './fault.ts'
import type { Binary, Call, Declaration, Expression, Statement, Syntax } from './syntax.ts'

/** Most parts of expressions that may come of it; a declaration counts as some of them. */
const partsMax = 12_000
const declarationParts = 10

/** The tree of a text with all members written out. Throws FORMULA_INVALID, FORMULA_TOO_LARGE. */
export function writeOut (syntax: Syntax, members: Members): Syntax {
  let { declarations, statements } = syntax
  for (const [family, count] of members) {
    const writer = new Writer(family, count)
    declarations = writer.declarations(declarations)
    statements = writer.statements(statements)
  }
  return { declarations, statements }
}

/** One expression with all members written out. */
export function writeOutExpression (expression: Expression, members: Members): Expression {
  let result = expression
  for (const [family, count] of members) result = new Writer(family, count).expression(result, none)
  return result
}

const none = -1

class Writer {
  readonly #family: string
  readonly #count: number
  #parts = 0

  constructor (family: string, count: number) {
    this.#family = family
    this.#count = count
  }

  // Neighbours stay together: x.0, y.0, x.1, y.1.
  declarations (list: readonly Declaration[]): Declaration[] {
    const own = list.filter(declaration => declaration.name !== this.#family)
    const isMember = (each: Declaration | undefined): boolean =>
      each !== undefined && isOf(each.name, this.#family)
    return own.flatMap((declaration, index) => {
      if (!isMember(declaration)) return [this.#declaration(declaration, none)]
      if (isMember(own[index - 1])) return []
      const end = own.findIndex((other, place) => place > index && !isMember(other))
      const run = own.slice(index, end < 0 ? own.length : end)
      return this.#each(member => run.map(each => this.#declaration(each, member))).flat()
    })
  }

  #declaration (declaration: Declaration, member: number): Declaration {
    const { name, position, types, relation } = declaration
    if (member !== none && types.some(({ axes }) => axes === null)) {
      fail(position, 'Only tensors come in families; an option is one number.')
    }
    this.#add(declarationParts, position)
    return {
      ...declaration,
      name: this.#name(name, position, member),
      types: types.map(type => ({
        ...type,
        along: this.#name(type.along, type.position, member),
        axes: type.axes?.map(axis => this.#axis(axis, member)) ?? null
      })),
      relation: relation &&
        { ...relation, name: this.#name(relation.name, relation.position, member) }
    }
  }

  #axis<Axis extends { name: string, position: number }> (axis: Axis, member: number): Axis {
    const { name, position } = axis
    if (name === this.#family) fail(position, `${name} is a family, no axis of a tensor.`)
    return { ...axis, name: this.#name(name, position, member) }
  }

  statements (list: readonly Statement[]): Statement[] {
    return list.flatMap(({ name, expression, position }) => {
      if (name === this.#family) fail(position, `${name} is a family; a value needs another name.`)
      const of = (member: number): Statement => ({
        name: this.#name(name, position, member),
        expression: this.expression(expression, member),
        position
      })
      return isOf(name, this.#family) ? this.#each(of) : [of(none)]
    })
  }

  /** `member` is the place that the family's name stands for; none outside of what is repeated. */
  expression (expression: Expression, member: number): Expression {
    const { position } = expression
    this.#add(1, position)
    const of = (inner: Expression): Expression => this.expression(inner, member)
    switch (expression.kind) {
      case 'name':
        if (expression.name === this.#family) return number(this.#count, position)
        return { ...expression, name: this.#name(expression.name, position, member) }
      case 'unary': return { ...expression, argument: of(expression.argument) }
      case 'binary': return this.#chain(expression, member)
      case 'choice': {
        const { condition, yes, no } = expression
        return { ...expression, condition: of(condition), yes: of(yes), no: of(no) }
      }
      case 'call': return this.#call(expression, member)
      case 'take': {
        const takes = expression.takes.map(take => ({
          ...take,
          axis: this.#name(take.axis, take.position, member),
          index: of(take.index)
        }))
        return { ...expression, argument: of(expression.argument), takes }
      }
      case 'function': return { ...expression, body: of(expression.body) }
      default: return expression
    }
  }

  // A chain a + b + c + … leans to the left, as deep as it is long: no recursion.
  #chain (expression: Binary, member: number): Expression {
    const links: Binary[] = []
    let rest: Expression = expression
    for (; rest.kind === 'binary'; rest = rest.left) links.push(rest)
    let left = this.expression(rest, member)
    for (const link of links.reverse()) {
      left = { ...link, left, right: this.expression(link.right, member) }
    }
    return left
  }

  // sum(x.I, I), any(x.I, I): of all members; cumsum(x.I, I): of those up to this one.
  #call (call: Call, member: number): Expression {
    const { name, arguments: args, position } = call
    const along = args.findIndex(each => each.kind === 'name' && each.name === this.#family)
    const [x] = args
    if (name === 'index' && along === 0) return number(this.#inside(member, call), position)
    const fold = along > 0 ? folds.get(name) : undefined
    if (fold === undefined || x === undefined) {
      const inner = args.map(each => this.expression(each, member))
      return { ...call, name: this.#name(name, position, member), arguments: inner }
    }
    const end = name === 'cumsum' ? this.#inside(member, call) + 1 : this.#count
    const others = args.filter((_, index) => index !== along)
    const term: Expression = others.length > 1 ? { ...call, arguments: others } : x
    const terms = this.#each(place => this.expression(term, place), end)
    return terms.length === 0
      ? fold.empty(position)
      : terms.reduce((left, right) =>
        ({ kind: 'binary', operator: fold.operator, left, right, position }))
  }

  #add (parts: number, position: number): void {
    this.#parts += parts
    if (this.#parts <= partsMax) return
    failTooLarge(position, `For ${this.#count} members of ${this.#family} the formula is too long.`)
  }

  #inside (member: number, { name, position }: Call): number {
    if (member !== none) return member
    return fail(position, `${name} along a family belongs to a member: ${where(this.#family)}.`)
  }

  #name (name: string, position: number, member: number): string {
    if (!isOf(name, this.#family)) return name
    if (member === none) {
      fail(position, `There is a ${name} for each member: ${where(this.#family)}.`)
    }
    return name.split('.').map(part => part === this.#family ? member : part).join('.')
  }

  #each<Item> (one: (member: number) => Item, count = this.#count): Item[] {
    return Array.from({ length: count }, (_, member) => one(member))
  }
}

const number = (value: number, position: number): Expression =>
  ({ kind: 'number', value, position })

interface Fold {
  readonly operator: '+' | '||'
  readonly empty: (position: number) => Expression
}

const total: Fold = { operator: '+', empty: position => number(0, position) }

/** Words that go along a family as along an axis. */
const folds: ReadonlyMap<string, Fold> = new Map([
  ['sum', total],
  ['cumsum', total],
  ['any', { operator: '||', empty: position => ({ kind: 'boolean', value: false, position }) }]
])

const where = (family: string): string =>
  `use it in a statement whose name has .${family}, or inside sum(…, ${family})`
