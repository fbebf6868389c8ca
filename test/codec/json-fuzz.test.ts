// Random bodies, whole and broken, against JSON.parse: what it accepts is read alike, to the last
// bit of every number; what it refuses is refused. LOSSD_FUZZ_COUNT is the number of bodies.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { Numbers } from '../../src/codec/json-numbers.ts'
import { isJsonObject, type Json, readJson } from '../../src/codec/json-reader.ts'
import { thePad } from '../../src/codec/pad.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { Random } from '../random.ts'
import { mutated, NumberTexts, randomBody } from './random-json.ts'

await openCodec()
const bodies = Number(process.env['LOSSD_FUZZ_COUNT'] ?? 4000)
const seed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 20261126)

/** What is wrong about a value that JSON.parse gave otherwise; undefined if nothing is. */
function difference (found: Json, expected: unknown, round: (value: number) => number): unknown {
  if (found instanceof Numbers) {
    if (found.fault !== undefined) return undefined
    const flat = [expected].flat(32)
    const { values } = found
    if (flat.length !== found.count) return `${found.count} elements of ${flat.length}`
    const wholes = found.datatype === 'INT64'
    const { i64 } = thePad()
    for (const [index, value] of flat.entries()) {
      if (value === null) continue
      const number = Number(value)
      const wanted = wholes || found.datatype === 'FP64' ? number : round(number)
      const same = wholes
        ? Number(i64[found.address / 8 + index]) === number
        : Object.is(values[index], wanted)
      if (!same) return `${values[index]} for ${number} at ${index}`
    }
    return shapeDiffers(found.shape, expected)
  }
  if (isJsonObject(found)) {
    const object = expected as Record<string, unknown>
    for (const key of Object.keys(object)) {
      const wrong = difference(found[key] ?? null, object[key], round)
      if (wrong !== undefined) return wrong
    }
    return Object.keys(found).length === Object.keys(object).length ? undefined : 'keys'
  }
  if (Array.isArray(found)) {
    const list = expected as unknown[]
    for (const [index, each] of list.entries()) {
      const wrong = difference(found[index] ?? null, each, round)
      if (wrong !== undefined) return wrong
    }
    return found.length === list.length ? undefined : 'length'
  }
  return Object.is(found, expected) ? undefined : `${String(found)} for ${String(expected)}`
}

function shapeDiffers (shape: readonly number[], expected: unknown): string | undefined {
  let at = expected
  for (const length of shape) {
    if (!Array.isArray(at) || at.length !== length) return `shape ${shape}`
    at = at[0]
  }
  return Array.isArray(at) && shape.length > 0 && !shape.includes(0) ? `shape ${shape}` : undefined
}

/** The text as JSON.parse takes it: not finite numbers as words of their own. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the reader refuses and JSON.parse does not: keys, depth, surrogates, byte order marks. */
const stricter = /stands twice|is refused|brackets are open|surrogate|byte order|beside its arrays/
/** What the reader accepts and JSON.parse does not. */
const laxer = /NaN|Infinity/

function check (text: string): string | undefined {
  const bytes = Buffer.from(text)
  const expected = parse(bytes.toString())
  for (const real of ['FP64', 'FP32'] as const) {
    let found: Json
    try {
      found = readJson(bytes, real)
    } catch (error) {
      if (!(error instanceof LossdError)) return `threw ${String(error)}`
      if (expected !== undefined && !stricter.test(error.message)) return error.message
      continue
    }
    if (expected === undefined) {
      if (laxer.test(text)) continue
      return 'accepted what JSON.parse refuses'
    }
    const wrong = difference(found, expected, real === 'FP32' ? Math.fround : value => value)
    if (wrong !== undefined) return `${String(wrong)} as ${real}`
  }
  return undefined
}

t.test(`${bodies} bodies are read as JSON.parse reads them`, async t => {
  const random = new Random(seed)
  for (let count = 0; count < bodies; count++) {
    const text = randomBody(random)
    const wrong = check(text)
    if (wrong !== undefined) {
      t.fail(`${wrong} in ${text.slice(0, 2000)}`)
      return
    }
  }
  t.pass('all alike')
})

t.test(`${bodies} broken bodies are refused where JSON.parse refuses them`, async t => {
  const random = new Random(seed + 1)
  let refused = 0
  for (let count = 0; count < bodies; count++) {
    const text = mutated(randomBody(random, 20), random)
    if (parse(text) === undefined) refused++
    const wrong = check(text)
    if (wrong !== undefined) {
      t.fail(`${wrong} in ${text.slice(0, 2000)}`)
      return
    }
  }
  t.ok(refused > bodies / 2, `${refused} were broken`)
})

t.test('INT64 is exact among other whole numbers', async t => {
  const random = new Random(seed + 2)
  for (let count = 0; count < bodies / 10; count++) {
    const texts = Array.from({ length: 1 + random.below(20) }, () => {
      const value = BigInt.asIntN(64, BigInt(random.below(2 ** 32)) << BigInt(random.below(40)))
      return random.below(4) === 0 ? `${random.below(1000)}.0` : String(value)
    }).map(text => text === '-0' ? '0' : text)
    const found = readJson(Buffer.from(`[${texts}]`)) as Numbers
    const first = found.address / 8
    const same = found.datatype === 'INT64' && texts.every((text, index) =>
      thePad().i64[first + index] === BigInt(text.replace('.0', '')))
    if (!same) {
      t.fail(`${texts}`)
      return
    }
  }
  t.pass('exact')
})

t.test('numbers alone, many more of them', async t => {
  const random = new Random(seed + 3)
  const numbers = new NumberTexts(random)
  for (let count = 0; count < bodies; count += 10) {
    const texts = Array.from({ length: 100 }, () => numbers.next())
    const wrong = check(`[${texts}]`)
    if (wrong !== undefined) {
      t.fail(`${wrong} in ${texts}`)
      return
    }
  }
  t.pass('all alike')
})
