// JSON bodies as data: what JSON.parse reads is read alike, what the contract refuses is refused.

import fc from 'fast-check'
import t from 'tap'
import { Numbers } from '../../src/codec/json-numbers.ts'
import { isJsonObject, type Json, readJson } from '../../src/codec/json-reader.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { LossdError } from '../../src/errors.ts'

await openCodec()
const read = (text: string): Json => readJson(Buffer.from(text))

/** A value of a body as JSON.parse gives it. */
function plain (value: Json): unknown {
  if (value instanceof Numbers) {
    let index = 0
    const build = (axis: number): unknown => axis === value.shape.length
      ? value.values[index++]
      : Array.from({ length: value.shape[axis] ?? 0 }, () => build(axis + 1))
    return value.fault ?? build(0)
  }
  if (Array.isArray(value)) return value.map(plain)
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
  }
  return value
}

function refusal (text: string | Buffer): string {
  try {
    readJson(Buffer.from(text))
  } catch (error) {
    if (error instanceof LossdError && error.code === 'BAD_JSON') return error.message
    throw error
  }
  return `accepted: ${text.toString()}`
}

t.test('any JSON is read as JSON.parse reads it', async t => {
  const key = fc.string({ unit: 'grapheme' }).filter(name =>
    !['__proto__', 'constructor', 'prototype'].includes(name) && !/\p{Surrogate}/u.test(name))
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  const leaf = fc.oneof(number, fc.integer(), key, fc.boolean(), fc.constant(null))
  const tensor = fc.tuple(fc.nat(3), fc.nat(3)).chain(([rows, columns]) => fc.array(
    fc.array(number, { minLength: columns, maxLength: columns }),
    { minLength: rows, maxLength: rows }))
  const { value } = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, tensor, fc.dictionary(key, tie('value'), { maxKeys: 4 }))
  }))
  const same = fc.property(value, fc.constantFrom(0, 2), (value, indent) => {
    const text = JSON.stringify(value, null, indent)
    return JSON.stringify(plain(read(text))) === JSON.stringify(JSON.parse(text))
  })
  t.doesNotThrow(() => fc.assert(same, { numRuns: 300 }))
})

t.test('numbers are exact', async t => {
  const texts = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(x => x.toExponential(15)),
    fc.tuple(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: -340, max: 320 }))
      .map(([mantissa, exponent]) => `${mantissa}e${exponent}`),
    fc.tuple(fc.integer(), fc.nat()).map(([whole, part]) => `${whole}.${part}E-3`))
  const first = (text: string): unknown => (plain(read(`[${text}]`)) as number[])[0]
  fc.assert(fc.property(texts, text => Object.is(first(text), Number(text))), { numRuns: 2000 })
  t.ok(Object.is(first('-0'), -0))
  t.same(plain(read('[1e999, -1e999]')), [Infinity, -Infinity])
})

t.test('numbers that are not finite are words, bare or in quotes', async t => {
  const expected = [Number.NaN, Infinity, -Infinity]
  t.same(plain(read('[NaN, Infinity, -Infinity]')), expected)
  t.same(plain(read('["NaN", "Infinity", "-Infinity"]')), expected)
  t.same(plain(read('{"a": NaN, "b": -Infinity}')), { a: Number.NaN, b: -Infinity })
  for (const text of ['[-NaN]', '[nan]', '[inf]', '[+Infinity]', '[Infinit]', '[NaNN]']) {
    t.match(refusal(text), /not JSON/, text)
  }
})

t.test('an array that is no tensor says where and why', async t => {
  const fault = (text: string): unknown => plain(read(text))
  t.same(fault('[[1,2],[3]]'), { indices: [1], reason: 'has length 1; the one before has 2' })
  t.same(fault('[[1],2]'), { indices: [1], reason: 'a value where an array of length 1 belongs' })
  t.same(fault('[1,[2]]'), { indices: [1], reason: 'an array where a number belongs' })
  t.same(fault('[[],[1]]'), { indices: [1], reason: 'has length 1; the one before has 0' })
  t.same(fault('[[[1]],[]]'), { indices: [1], reason: 'has length 0; the one before has 1' })
  t.same(fault('[[1,null]]'),
    { indices: [0, 1], reason: 'null where a number belongs; NaN is "NaN"' })
  t.same(fault('[1,"2"]'),
    { indices: [1], reason: 'a string where a number belongs; NaN is "NaN"' })
  t.same(fault('[1,{"a":[2,3]},4]'), { indices: [1], reason: 'an object where a number belongs' })
  t.match(fault(`${'['.repeat(9)}1${']'.repeat(9)}`), { reason: 'nested deeper than 8 axes' })
  t.same(plain(read('[[],[]]')), [[], []])
  t.same(plain(read('{"a":[1,null],"b":[5,6]}')), {
    a: { indices: [1], reason: 'null where a number belongs; NaN is "NaN"' }, b: [5, 6]
  })
})

t.test('what is not JSON is refused with the byte', async t => {
  const refused = [
    '', ' ', '{', '}', '[', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a":[1,2',
    '{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}', '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}',
    '{"a":1e}', '{"a":-}', '{"a":1}x', '{"a":1}{"b":2}', "{'a':1}", '{a:1}', '{"a":tru}',
    '{"a":nul', '{"a":undefined}', '{"a":"x', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\\ud800"}',
    '{"a":"\u0001"}', '{"a":"\n"}', '\ufeff{}', '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}',
    '{"\\u0061":1,"a":2}', '{"__proto__":1}', '{"a":{"constructor":1}}', '{"prototype":1}',
    '["a",]', '{"a":0x10}', '{"a":1_000}', '// a\n{}'
  ]
  for (const text of refused) t.match(refusal(text), /^the body is not JSON: /, text)
  t.match(refusal('{"a":[1,2'), /the body ends at byte 9 where ',' or '\]' belongs/)
  t.match(refusal('{"a":1,"a":2}'), /the key "a" at byte 7 stands twice/)
  t.match(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), /byte 2 is not UTF-8/)
  t.match(refusal(Buffer.from([0x7b, 0])), /byte 0x00 at byte 1/)
  t.equal(Object.hasOwn(Object.prototype, 'x'), false)
})

t.test('brackets have a limit, and reaching it is quick', async t => {
  t.match(refusal('['.repeat(33)), /more than 32 brackets are open at byte 32/)
  t.match(refusal('{"a":'.repeat(33)), /more than 32 brackets/)
  const start = performance.now()
  t.match(refusal('['.repeat(65_000)), /more than 32 brackets/)
  t.ok(performance.now() - start < 500)
})

t.test('truncating a body anywhere is refused, whatever was large before', async t => {
  const text = JSON.stringify({ input: [[1.5, 2], [3, 4e-7]], options: { reduction: 'mean' } })
  for (let length = 0; length < text.length; length++) {
    t.match(refusal(text.slice(0, length)), /^the body is not JSON/, text.slice(0, length))
  }
  const large = `{"a":[${'1,'.repeat(30_000)}1]}`
  t.equal((read(large) as { a: Numbers }).a.count, 30_001)
  t.same(plain(read(text)), JSON.parse(text))
})

t.test('numbers of an earlier body cannot be read', async t => {
  const { a } = read('{"a":[1,2]}') as { a: Numbers }
  t.same(a.values, Float64Array.of(1, 2))
  read('{"a":[3,4]}')
  t.throws(() => a.values, /earlier body/)
})

t.test('a long text that comes again is the same; one that only looks alike is not', async t => {
  const read = (text: string) => readJson(Buffer.from(JSON.stringify({ text })))
  const line = 'kept = target != ignore_index\n'.repeat(5)
  // 'Aa' and 'BB' have the same sum of places and values.
  for (const text of [`${line}Aa`, `${line}BB`, `${line}Aa`, `${line}“é”`, line.repeat(100)]) {
    t.same(read(text), { text })
    t.same(read(text), { text }, 'again')
  }
  t.throws(() => readJson(Buffer.from(`{"text":"${'x'.repeat(99)}\\q"}`)), { code: 'BAD_JSON' })
  t.throws(() => readJson(Buffer.from(`{"text":"${'x'.repeat(99)}\\q"}`)), { code: 'BAD_JSON' })
})

t.test('escapes are JSON also where no tensor can come of them', async t => {
  for (const text of ['\\"', '\\\\', '\\/', '\\b\\f\\n\\r\\t', '\\u00Af']) {
    t.ok((readJson(Buffer.from(`[1,"${text}",{"${text}":0}]`)) as Numbers).fault, text)
  }
  for (const text of ['\\q', '\\u00g0', '\\u00', '\\B', '\\', 'x\ny', '\\v', '\\0']) {
    for (const body of [`[1,"${text}"]`, `[1,{"${text}":0}]`, `[1,{"a":["${text}"]}]`]) {
      t.throws(() => JSON.parse(body))
      t.throws(() => readJson(Buffer.from(body)), { code: 'BAD_JSON' }, body)
    }
  }
})
