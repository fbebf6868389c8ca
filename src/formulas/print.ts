// A graph as a text of the language, which parses back to the same numbers. What is used twice gets
// a line of its own, under its author's name where it has one; brackets stand where they must.

import { type Axis, type Graph, isConstant, type Node } from './graph.ts'
import { mapGraph, reach } from './walk.ts'
import { constants, words } from './words.ts'

export interface PrintNames {
  /** Names of statements, by the node of their value. */
  readonly statements: ReadonlyMap<Node, string>
  /** How the text writes an axis of the graph. */
  readonly axis: (axis: Axis) => string
  /** The axis along which an argument of type class counts, by its node. */
  readonly classes: ReadonlyMap<Node, Axis>
  /** Names that may not be given to anything else; those that printing gives are added. */
  readonly taken: Set<string>
}

/** One statement a line, the last without a name; null if an op has no word in the language. */
export function print (graph: Graph, node: Node, names: PrintNames): string | null {
  const [root = node] = mapGraph(graph, [node], each => readable(graph, each))
  const nodes = reach([root])
  const uses = countUses(nodes)
  const fresh = freshNames(names)
  const texts = new Map<Node, Text>()
  const lines: string[] = []
  const writer = { names, find: (arg: Node): Text => texts.get(arg) ?? atom('?') }
  for (const each of nodes) {
    const text = textOf(each, writer)
    if (text === null) return null
    texts.set(each, text)
    if (each === root) {
      lines.push(text.text)
    } else if (each.args.length > 0 && !squares(each)) {
      const given = names.statements.get(each)
      const shared = (uses.get(each) ?? 0) > 1 && text.text.length > shortMax
      if (given === undefined && !shared && text.text.length <= lineMax) continue
      const name = given ?? fresh.next().value
      lines.push(`${name} = ${text.text}`)
      texts.set(each, atom(name))
    }
  }
  return lines.join('\n')
}

// An expression used twice is written twice up to `shortMax` characters; one longer than `lineMax`
// gets a line of its own even if it is used once.
const [shortMax, lineMax] = [10, 72]

/** How tightly an expression holds together; a looser one inside a tighter one needs brackets. */
const levels = {
  choice: 0, or: 1, and: 2, equal: 3, compare: 4, add: 5, mul: 6, unary: 7, power: 8, atom: 9
} as const

interface Text {
  readonly text: string
  readonly level: number
}

const infix: ReadonlyMap<string, readonly [sign: string, level: number]> = new Map([
  ['or', ['||', levels.or]], ['and', ['&&', levels.and]],
  ['eq', ['==', levels.equal]], ['ne', ['!=', levels.equal]],
  ['lt', ['<', levels.compare]], ['le', ['<=', levels.compare]],
  ['gt', ['>', levels.compare]], ['ge', ['>=', levels.compare]],
  ['add', ['+', levels.add]], ['sub', ['-', levels.add]],
  ['mul', ['*', levels.mul]], ['div', ['/', levels.mul]], ['mod', ['%', levels.mul]]
])

interface Writer {
  readonly names: PrintNames
  readonly find: (arg: Node) => Text
}

function textOf (node: Node, writer: Writer): Text | null {
  const { axis } = writer.names
  const [a = atom(''), b = a, c = a] = node.args.map(writer.find)
  // A yes/no tensor, which lies in memory as numbers.
  if (node.op === 'ne' && node.args[0]?.datatype === 'BOOL') return a
  const sign = infix.get(node.op)
  if (sign !== undefined) {
    const [word, level] = sign
    const left = level === levels.equal || level === levels.compare ? level + 1 : level
    return { text: `${inside(a, left)} ${word} ${inside(b, level + 1)}`, level }
  }
  switch (node.op) {
    case 'constant': return node.mask ? atom(String(node.value === 1)) : numberText(node.value)
    case 'input': case 'parameter': return atom(node.name)
    case 'size': return atom(axis(node.over[0] ?? ''))
    case 'iota': return atom(`index(${axis(node.over[0] ?? '')})`)
    case 'take': return atom(`${inside(a, levels.atom)}[${takeText(node, b, writer.names)}]`)
    case 'not': return { text: `!${inside(a, levels.unary)}`, level: levels.unary }
    // -a * b is read as (-a) * b, the same number; -a % b is another one.
    case 'neg': return a.level === levels.mul && !a.text.includes('%')
      ? { text: `-${a.text}`, level: levels.mul }
      : { text: `-${inside(a, levels.power)}`, level: levels.unary }
    case 'pow': {
      const text = `${inside(a, levels.atom)} ** ${inside(b, levels.unary)}`
      return { text, level: levels.power }
    }
    case 'where': {
      const text = `${inside(a, levels.or)} ? ${inside(b, levels.or)} : ${c.text}`
      return { text, level: levels.choice }
    }
    case 'sqrt0': return normText(node, writer)
    default: return callText(node, writer)
  }
}

function callText ({ op, args, over, step }: Node, { names, find }: Writer): Text | null {
  const word = op === 'log_add_exp3' ? 'log_add_exp' : op
  if (!words.has(word)) return null
  const reverse = step < 0 ? ['true'] : []
  const given = [...args.map(arg => find(arg).text), ...over.map(names.axis), ...reverse]
  return atom(`${word}(${given.join(', ')})`)
}

// x[target] where target's classes lie along the axis, else x[C = i].
function takeText ({ args, over }: Node, index: Text, names: PrintNames): string {
  const [, i] = args
  const [axis = ''] = over
  const plain = i !== undefined && names.classes.get(i) === axis
  return plain ? index.text : `${names.axis(axis)} = ${index.text}`
}

// The root of a sum of squares, whose slope at 0 is 0, is a norm.
function normText ({ args: [sum] }: Node, { names, find }: Writer): Text | null {
  const [square] = sum?.args ?? []
  const [x] = square?.args ?? []
  if (sum?.op !== 'sum' || square === undefined || !squares(square) || x === undefined) return null
  return atom(`norm(${[find(x).text, 2, ...sum.over.map(names.axis)].join(', ')})`)
}

const squares = (node: Node): boolean => node.op === 'mul' && node.args[0] === node.args[1]

function numberText (value: number): Text {
  if (Number.isNaN(value)) return { text: 'inf - inf', level: levels.add }
  const size = Math.abs(value)
  const [name] = [...constants].find(([, known]) => known === size) ?? [shortest(size)]
  return value < 0 ? { text: `-${name}`, level: levels.unary } : atom(name)
}

/** The shorter of 0.000001 and 1e-6. */
export function shortest (value: number): string {
  const [plain, scientific] = [String(value), value.toExponential()]
  return scientific.length < plain.length ? scientific : plain
}

const atom = (text: string): Text => ({ text, level: levels.atom })

const inside = (text: Text, level: number): string =>
  text.level < level ? `(${text.text})` : text.text

// put(g, i) is index(C) == i ? g : 0, and c ? (d ? x : 0) : 0 is c && d ? x : 0.
function readable (graph: Graph, node: Node): Node {
  const [a, b, c] = node.args
  if (a === undefined || b === undefined) return node
  if (node.op === 'put') {
    const here = graph.apply('eq', graph.iota(node.over[0] ?? ''), b)
    return mergeChoices(graph, here, a, graph.constant(0), true)
  }
  return node.op === 'where' && c !== undefined ? mergeChoices(graph, a, b, c, false) : node
}

function mergeChoices (graph: Graph, condition: Node, a: Node, b: Node, innerFirst: boolean): Node {
  const [inner, value, otherwise] = a.op === 'where' ? a.args : []
  if (inner === undefined || value === undefined || otherwise !== b || !isConstant(b, 0)) {
    return graph.apply('where', condition, a, b)
  }
  const both = innerFirst ? [inner, condition] : [condition, inner]
  return graph.apply('where', graph.apply('and', ...both), value, b)
}

function countUses (nodes: readonly Node[]): ReadonlyMap<Node, number> {
  const uses = new Map<Node, number>()
  for (const node of nodes) {
    for (const arg of node.args) uses.set(arg, (uses.get(arg) ?? 0) + 1)
  }
  return uses
}

// a, b, c … z, a2, b2 …, none of them taken.
function * freshNames ({ taken }: PrintNames): Generator<string, never> {
  for (let round = 1; ; round++) {
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
      const name = round === 1 ? letter : `${letter}${round}`
      if (taken.has(name) || constants.has(name) || words.has(name)) continue
      taken.add(name)
      yield name
    }
  }
}
