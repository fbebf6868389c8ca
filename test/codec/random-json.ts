// Random JSON bodies for the suites of the codec: numbers of every kind, written in every way, in
// nested arrays and beside other values; and bodies that were broken somewhere.

import type { Random } from '../random.ts'

const bits = new DataView(new ArrayBuffer(8))
const spaces = ['', '', '', ' ', '  ', '\n', '\t ', '\r\n', ' '.repeat(40)]

/** Numbers in JSON, as people, programs and enemies write them. */
export class NumberTexts {
  readonly #random: Random

  constructor (random: Random) { this.#random = random }

  next (): string {
    const write = this.#random.below(writers.length)
    return writers[write]?.(this.#random) ?? '0'
  }

  /** Of a few kinds only, as an array in a real body has them. */
  array (count: number): string[] {
    const some = [0, 1].map(() => writers[this.#random.below(writers.length)] ?? writers[0])
    return Array.from({ length: count }, () =>
      some[this.#random.below(2)]?.(this.#random) ?? '0')
  }
}

type Writer = (random: Random) => string

const writers: readonly Writer[] = [
  random => String(random.below(20)),
  random => String(anyDouble(random)),
  random => anyDouble(random).toExponential(16),
  random => String(Math.fround(random.normal())),
  random => String(random.normal()),
  random => `${random.below(1000)}.${digits(random, 1 + random.below(24))}`,
  random => `0.${'0'.repeat(random.below(24))}${digits(random, 1 + random.below(24))}`,
  random => `-${1 + random.below(9)}${digits(random, random.below(25))}`,
  random => `${1 + random.below(9)}${digits(random, random.below(40))}e${random.below(700) - 350}`,
  random => middle(anyDouble(random), random),
  random => {
    const value = Math.fround(random.normal() * 2 ** (random.below(60) - 30))
    return String((value + Math.fround(value * (1 + 2 ** -23))) / 2)
  },
  random => String(BigInt(random.below(2 ** 23)) * BigInt(random.below(2 ** 40))),
  random => ['-0', '0', '0.0', '1e3', '2.0', '-0.0', '1E+2', '9223372036854775807', '1e-400',
    '-9223372036854775808', '9223372036854775808', '1e400', '0e999999', '5e-324', '2.5e-324',
    '1.7976931348623159e308', '3.4028235677973366e38', '1.1754943508222875e-38', '16777217',
    '9007199254740993', '1e22', '1e23', '0.1e1', '100000000000000000000', '1e0'
  ][random.below(25)] ?? '0'
]

function digits (random: Random, count: number): string {
  return Array.from({ length: count }, () => random.below(10)).join('')
}

function anyDouble (random: Random): number {
  bits.setUint32(0, random.below(2 ** 32))
  bits.setUint32(4, random.below(2 ** 32))
  const value = bits.getFloat64(0)
  return Number.isFinite(value) ? value : 1
}

/** The decimal in the middle between a double and the next, or one digit beside it. */
function middle (value: number, random: Random): string {
  bits.setFloat64(0, Math.abs(value))
  const word = bits.getBigUint64(0)
  const power = Number(word >> 52n)
  const part = word & 0xf_ffff_ffff_ffffn
  const odd = (power === 0 ? part : part | (1n << 52n)) * 2n + 1n
  const twos = Math.max(1, power) - 1076
  const text = twos >= 0 ? String(odd << BigInt(twos)) : `${odd * 5n ** BigInt(-twos)}e${twos}`
  const how = random.below(4)
  if (how === 0) return text.replace(/^\d+/, all => `${all}.${'0'.repeat(random.below(800))}1`)
  return how === 1 ? text.replace(/^\d+/, all => String(BigInt(all) - 1n)) : text
}

/** A nested array of numbers of a shape, with white space anywhere. */
export function nestedText (
  shape: readonly number[], elements: readonly string[], random: Random
): string {
  let index = 0
  const space = (): string => spaces[random.below(spaces.length)] ?? ''
  const write = (axis: number): string => axis === shape.length
    ? elements[index++] ?? '0'
    : `[${space()}${Array.from({ length: shape[axis] ?? 0 }, () => write(axis + 1))
      .join(`${space()},${space()}`)}${space()}]`
  return write(0)
}

export function randomShape (random: Random, elementsMax: number): number[] {
  const shape: number[] = []
  let count = 1
  for (let rank = random.below(5); shape.length < rank;) {
    const length = random.below(6) === 0 ? 1 : random.below(12)
    if (count * length > elementsMax) break
    shape.push(length)
    count *= length
  }
  return shape.length === 0 ? [1 + random.below(elementsMax)] : shape
}

/** A body of some fields: arrays of numbers, texts, words, objects. */
export function randomBody (random: Random, elementsMax = 60): string {
  const numbers = new NumberTexts(random)
  const field = (depth: number): string => {
    switch (random.below(depth > 2 ? 5 : 7)) {
      case 0: return numbers.next()
      case 1: return ['true', 'false', 'null', '"x"', '"é\\n\\u00e9\\ud83d\\ude00"',
        '[]', '[[],[]]', '{}', '"a,]["'][random.below(9)] ?? ''
      case 2: return `["a",${numbers.next()},"b"]`
      case 5: return `{"a":${field(depth + 1)},"b" : ${field(depth + 1)}}`
      case 6: return `["a",${field(depth + 1)}]`
      default: {
        const shape = randomShape(random, elementsMax)
        const count = shape.reduce((product, length) => product * length, 1)
        return nestedText(shape, numbers.array(count), random)
      }
    }
  }
  const space = (): string => spaces[random.below(spaces.length)] ?? ''
  const names = ['input', 'target', 'options', 'weight', 'x\\u0079'].slice(0, 1 + random.below(5))
  return `${space()}{${names.map(name => `${space()}"${name}"${space()}:${space()}${field(0)}`)
    .join(`${space()},`)}${space()}}${space()}`
}

/** A text with a few bytes changed, taken out, doubled or put in. */
export function mutated (text: string, random: Random): string {
  const pieces = ['[', ']', ',', '{', '}', '"', ':', '.', '-', '+', 'e', '0', '9', ' ', '\\',
    'NaN', '"NaN"', 'Infinity', 'null', 'true', '\u0000', '\u0001', 'é', '[[', ']]', ',,', '00']
  let changed = text
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(changed.length + 1)
    const length = random.below(4)
    const piece = random.below(3) === 0 ? '' : pieces[random.below(pieces.length)] ?? ''
    changed = changed.slice(0, at) + piece + changed.slice(at + length)
  }
  return changed
}
