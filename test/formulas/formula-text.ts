// Steps as a text of the language: what is used more often gets a line of its own, what is used
// once mostly stands where it is used, and some ops are written as functions of the author's.

import { signs } from './formula-ops.ts'
import type { Step } from './formula-step.ts'

/** How tightly an expression holds together; a looser one inside a tighter one needs brackets. */
const levels: Readonly<Record<string, number>> = {
  where: 0, known: 0, or: 1, and: 2, eq: 3, ne: 3, lt: 4, le: 4, gt: 4, ge: 4, add: 5, sub: 5,
  mul: 6, div: 6, mod: 6, neg: 7, not: 7, pow: 8
}
const [unary, power, atom] = [7, 8, 9]

interface Text {
  readonly text: string
  readonly level: number
}

/** The statements that make the value of the last of these steps, and its denominator. */
export function statementsOf (value: Step, denominator: Step | null): string[] {
  const roots = denominator === null ? [value] : [denominator, value]
  const uses = countUses(roots)
  const texts = new Map<Step, Text>()
  const lines: string[] = []
  for (const step of [...uses.keys()].sort((a, b) => a.id - b.id)) {
    const text = textOf(step, texts, lines)
    texts.set(step, text)
    if (step === denominator) {
      lines.push(`denominator = ${text.text}`)
      texts.set(step, { text: 'denominator', level: atom })
    } else if (step !== value && text.level + text.text.length > 12 && isNamed(step, uses)) {
      lines.push(`v${step.id} = ${text.text}`)
      texts.set(step, { text: `v${step.id}`, level: atom })
    }
  }
  return [...lines, texts.get(value)?.text ?? '0']
}

const isNamed = (step: Step, uses: ReadonlyMap<Step, number>): boolean =>
  (uses.get(step) ?? 0) > 1 || step.style % 4 === 3

/** All steps that the roots are made of, with how often each is used. */
export function countUses (roots: readonly Step[]): Map<Step, number> {
  const uses = new Map<Step, number>()
  const inside = new Set<Step>()
  const visit = (step: Step): void => {
    const count = uses.get(step) ?? 0
    uses.set(step, count + 1)
    if (count > 0) return
    for (const each of step.body) inside.add(each)
    for (const arg of argsOf(step)) visit(arg)
  }
  for (const root of roots) visit(root)
  for (const step of inside) uses.delete(step)
  return uses
}

function argsOf ({ args, body }: Step): Step[] {
  return [...args, ...body.flatMap(step => step.args).filter(arg => !body.includes(arg))]
}

function textOf (step: Step, texts: ReadonlyMap<Step, Text>, lines: string[]): Text {
  const { op, over, value, reverse, body } = step
  const args = step.args.map(arg => texts.get(arg) ?? { text: '?', level: atom })
  const own = functionText(step, args, lines)
  if (own !== null) return own
  const [x = { text: '', level: atom }, ...rest] = args
  switch (op) {
    case 'number': return { text: value, level: value.startsWith('-') ? unary : atom }
    case 'argument': return { text: value, level: atom }
    case 'index': return call('index', over)
    case 'length': return { text: over.join(''), level: atom }
    case 'was': return { text: 'was', level: atom }
    case 'neighbour':
      return { text: `was[${over[0]} = index(${over[0]}) - ${inside(value)}]`, level: atom }
    case 'take': {
      const takes = rest.map(({ text }, place) =>
        value === 'class' ? text : `${over[place]} = ${text}`)
      return { text: `${bracketed(x, atom)}[${takes.join(', ')}]`, level: atom }
    }
    case 'known': {
      const [first = x] = rest
      const condition = value.slice(0, value.lastIndexOf(' '))
      return { text: `${condition} ? ${bracketed(x, 1)} : ${first.text}`, level: 0 }
    }
    case 'scan': {
      const inner = new Map(texts)
      for (const each of body) inner.set(each, textOf(each, inner, lines))
      const last = body.at(-1)
      const next = last === undefined ? '0' : inner.get(last)?.text ?? '0'
      const from = reverse ? ', true' : ''
      return { text: `scan(${over[0]}, was => ${next}, ${value}${from})`, level: atom }
    }
    default: {
      const sign = signs.get(op)
      if (sign !== undefined) return { text: signed(op, sign, args), level: levels[op] ?? atom }
      return call(op, [...args.map(({ text }) => text), ...over, ...(reverse ? ['true'] : [])])
    }
  }
}

const call = (name: string, args: readonly string[]): Text =>
  ({ text: `${name}(${args.join(', ')})`, level: atom })

const inside = (value: string): string => (value.startsWith('-') ? `(${value})` : value)

function signed (op: string, sign: string, args: readonly Text[]): string {
  const level = levels[op] ?? atom
  const [a = '', b = '', c = ''] = args.map((text, place) =>
    bracketed(text, neededLevel(op, level, place)))
  if (op === 'where') return `${a} ? ${b} : ${c}`
  return args.length === 1 ? `${sign}${a}` : `${a} ${sign} ${b}`
}

// a ** b is bound to the right, all others to the left; comparisons not at all.
function neededLevel (op: string, level: number, place: number): number {
  if (op === 'where') return place === 2 ? 0 : 1
  if (op === 'pow') return place === 0 ? atom : unary
  if (op === 'neg') return power
  if (op === 'not') return unary
  return place === 1 || level === 3 || level === 4 ? level + 1 : level
}

const bracketed = ({ text, level }: Text, needed: number): string =>
  level < needed ? `(${text})` : text

// f7 = (x, y) => x + y, called where the op would stand.
function functionText (step: Step, args: readonly Text[], lines: string[]): Text | null {
  const sign = signs.get(step.op)
  if (step.style % 16 !== 5 || args.length === 0 || sign === undefined) return null
  if (step.args.some(arg => arg.op === 'was' || arg.op === 'neighbour')) return null
  const names = ['x', 'y', 'z'].slice(0, args.length)
  const body = signed(step.op, sign, names.map(text => ({ text, level: atom })))
  const given = names.length === 1 ? names[0] : `(${names.join(', ')})`
  lines.push(`f${step.id} = ${given} => ${body}`)
  return call(`f${step.id}`, args.map(({ text }) => text))
}
