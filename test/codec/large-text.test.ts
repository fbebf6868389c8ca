// Bodies read as large ones are, a few bytes at a time, give what they give when they are read at
// once: the same values, the same faults, the same words about what is no JSON.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { Numbers } from '../../src/codec/json-numbers.ts'
import { isJsonObject, type Json, readJson } from '../../src/codec/json-reader.ts'
import { type CountElements, LargeText } from '../../src/codec/large-text.ts'
import { writeTables } from '../../src/codec/tables.ts'
import { codecModule, openCodec } from '../../src/compute/open-codec.ts'
import { LossdError } from '../../src/errors.ts'
import { Random } from '../random.ts'
import { mutated, randomBody } from './random-json.ts'

await openCodec()
const heap = Heap.create({ bytes: 8 << 20 })
writeTables(heap.memory)
const { exports } = new WebAssembly.Instance(codecModule(), { lossd: { memory: heap.memory } })
const run = exports['k0'] as (record: number, first: number, last: number) => void
const count = exports['countElements'] as CountElements
const bodies = Number(process.env['LOSSD_FUZZ_COUNT'] ?? 1500)

/** A body as it is told: its value, or what was wrong. */
function outcome (read: () => Json): string {
  try {
    return JSON.stringify(told(read()))
  } catch (error) {
    if (error instanceof LossdError) return `${error.code} ${error.message}`
    throw error
  }
}

function told (value: Json): unknown {
  if (value instanceof Numbers) {
    const { datatype, shape, fault, booleanIndex, values, from, to } = value
    const texts = Array.from(values, each => Object.is(each, -0) ? '-0' : String(each))
    return { datatype, shape, fault, booleanIndex, from, to, texts }
  }
  if (Array.isArray(value)) return value.map(told)
  if (!isJsonObject(value)) return Object.is(value, -0) ? '-0' : value
  return Object.entries(value).map(([key, each]) => [key, told(each)])
}

/** Reads a text in pieces and stretches of random sizes. */
function readLarge (bytes: Buffer, real: 'FP32' | 'FP64', random: Random): string {
  const lease = heap.lease()
  const elements = heap.lease()
  try {
    const text = new LargeText(heap, lease, bytes.length, count)
    for (let from = 0; from < bytes.length;) {
      const end = from + 1 + random.below(bytes.length)
      text.write(bytes.subarray(from, end))
      from = end
    }
    const record = text.begin(elements, real)
    const most = random.below(3) === 0 ? 1 : 200
    while (text.advance(1 + random.below(most))) run(record, 0, 1)
    return outcome(() => text.read())
  } finally {
    lease.end()
    elements.end()
  }
}

t.test(`${bodies} bodies, whole and broken`, async t => {
  const random = new Random(Number(process.env['LOSSD_FUZZ_SEED'] ?? 4))
  for (let index = 0; index < bodies; index++) {
    const body = randomBody(random, 30)
    const bytes = Buffer.from(index % 2 === 0 ? body : mutated(body, random))
    const real = random.below(2) === 0 ? 'FP32' : 'FP64'
    const expected = outcome(() => readJson(bytes, real))
    const found = readLarge(bytes, real, random)
    if (found !== expected) {
      t.equal(found.slice(0, 500), expected.slice(0, 500), bytes.toString().slice(0, 1000))
      return
    }
  }
  t.equal(heap.usedBytes, 0)
})

t.test('who leaves takes no memory away from the program that reads', async t => {
  const before = heap.usedBytes
  const lease = heap.lease()
  const elements = heap.lease()
  const bytes = Buffer.from('[1, 2, 3]')
  const text = new LargeText(heap, lease, bytes.length, count)
  text.write(bytes)
  text.begin(elements, 'FP32')
  const used = heap.usedBytes
  // As the pool does for a job.
  lease.hold()
  lease.end()
  elements.end()
  t.equal(heap.usedBytes, used)
  lease.release()
  t.equal(heap.usedBytes, before)
})
