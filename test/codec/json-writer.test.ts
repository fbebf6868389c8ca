// Replies as text: the shortest digits that read back, nested as the tensor is, words for what is
// not finite.

import fc from 'fast-check'
import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { allocateTensor, type Tensor } from '../../src/buffer/tensor.ts'
import { JsonWriter } from '../../src/codec/json-writer.ts'
import { Printout } from '../../src/codec/printout.ts'
import { openCodec } from '../../src/compute/open-codec.ts'

await openCodec()
const heap = Heap.create({ bytes: 8 << 20 })
const writer = new JsonWriter()
const scalar = heap.allocate(8)

function text32 (value: number): string {
  heap.f32[scalar / 4] = value
  return writer.tensor(heap, { datatype: 'FP32', shape: [], address: scalar }, 'plain').take()
    .toString()
}

function text64 (value: number): string {
  heap.f64[scalar / 8] = value
  return writer.tensor(heap, { datatype: 'FP64', shape: [], address: scalar }, 'plain').take()
    .toString()
}

function floats (shape: readonly number[], values: readonly number[]): Tensor {
  const tensor = allocateTensor(heap, 'FP32', shape)
  heap.f32.set(values, tensor.address / 4)
  t.teardown(() => heap.free(tensor.address))
  return tensor
}

t.test('a float32 has the shortest digits that read back', async t => {
  const known: readonly [number, string][] = [
    [0, '0'], [-0, '-0'], [1, '1'], [-1.5, '-1.5'], [0.1, '0.1'], [1 / 3, '0.33333334'],
    [100, '100'], [1e-7, '1e-7'], [1.2e-6, '0.0000012'], [123456.789, '123456.79'],
    [16777216, '16777216'],
    [1e20, '100000000000000000000'], [1e21, '1e+21'], [3.4028234663852886e38, '3.4028235e+38'],
    [1.401298464324817e-45, '1e-45'], [1.1754943508222875e-38, '1.1754944e-38'],
    [2 ** -30, '9.313226e-10'], [2 ** -96, '1.2621775e-29'],
    // 7.038531e-26 would do for who reads by way of float64, but is nearer to another float32.
    [7.038531e-26, '7.0385313e-26']
  ]
  for (const [value, text] of known) t.equal(text32(Math.fround(value)), text)

  const bits = new Uint32Array(1)
  const float = new Float32Array(bits.buffer)
  const shortest = fc.property(fc.nat({ max: 0xffff_ffff }), pattern => {
    bits[0] = pattern
    const value = float[0] ?? 0
    if (!Number.isFinite(value)) return true
    const text = text32(value)
    const digits = text.replace(/e.*|[-.]/g, '').replace(/^0+|0+$/g, '').length
    const fewer = Number(value.toPrecision(Math.max(1, digits - 1)))
    return Object.is(Math.fround(JSON.parse(text)), value) &&
      (digits < 2 || Math.fround(fewer) !== value)
  })
  t.doesNotThrow(() => fc.assert(shortest, { numRuns: 5000 }))
})

t.test('a float64 is printed as JavaScript prints it', async t => {
  const same = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
    return text64(value) === (Object.is(value, -0) ? '-0' : String(value))
  })
  t.doesNotThrow(() => fc.assert(same))
})

t.test('a tensor is nested as its shape says', async t => {
  const tensor = floats([2, 3], [1, 2, 3, 4, 5, 6.5])
  const print = (shape: readonly number[], form: 'plain' | 'typed'): string =>
    writer.tensor(heap, { ...tensor, shape }, form).take().toString()
  t.equal(print([2, 3], 'plain'), '[[1,2,3],[4,5,6.5]]')
  t.equal(print([3, 1, 2], 'plain'), '[[[1,2]],[[3,4]],[[5,6.5]]]')
  t.equal(print([6, 1], 'plain'), '[[1],[2],[3],[4],[5],[6.5]]')
  t.equal(print([], 'plain'), '1')
  t.equal(print([0], 'plain'), '[]')
  t.equal(print([2, 0, 3], 'plain'), '[[],[]]')
  t.equal(print([1, 2, 0], 'plain'), '[[[],[]]]')
  t.equal(print([2, 3], 'typed'), '{"datatype":"FP32","shape":[2,3],"data":[1,2,3,4,5,6.5]}')
  t.equal(print([], 'typed'), '{"datatype":"FP32","shape":[],"data":[1]}')
  t.equal(print([0, 2], 'typed'), '{"datatype":"FP32","shape":[0,2],"data":[]}')
})

t.test('what is not finite is a string, never null', async t => {
  const tensor = floats([3], [Number.NaN, Infinity, -Infinity])
  t.equal(writer.tensor(heap, tensor, 'plain').take(), '["NaN","Infinity","-Infinity"]')
  t.equal(writer.number(Number.NaN).take(), '"NaN"')
})

t.test('all datatypes, text and values', async t => {
  const address = heap.allocate(64)
  t.teardown(() => heap.free(address))
  heap.i64[address / 8] = -5n
  const print = (datatype: Tensor['datatype']): string =>
    writer.tensor(heap, { datatype, shape: [1], address }, 'plain').take().toString()
  t.equal(print('INT64'), '[-5]')
  t.equal(print('INT32'), '[-5]')
  t.equal(print('UINT8'), '[251]')
  heap.f64[address / 8] = 0.1
  t.equal(print('FP64'), '[0.1]')
  t.equal(writer.text('{"é":').value({ a: ['ü'] }).text('}').take(), '{"é":{"a":["ü"]}}')
  writer.text('half')
  writer.clear()
  t.equal(writer.text('x').take(), 'x')
})

t.test('a long reply is bytes, and grows beyond what is kept', async t => {
  const count = 8000
  const tensor = floats([count / 100, 100], Array.from({ length: count }, (_, index) => index / 7))
  const reply = writer.tensor(heap, tensor, 'plain').take()
  t.ok(Buffer.isBuffer(reply))
  const rows = JSON.parse(reply.toString()) as number[][]
  t.equal(rows.length, count / 100)
  t.ok(rows.flat().every((value, index) => Math.fround(value) === Math.fround(index / 7)))
})

t.test('what is too large to print at once is left to others', async t => {
  const tensor = floats([20_000], Array.from({ length: 20_000 }, (_, index) => index))
  t.ok(writer.text('{"a":').tensor(heap, tensor, 'plain').text('}').take() instanceof Printout)
  t.equal(writer.tensor(heap, { ...tensor, shape: [2] }, 'plain').take(), '[0,1]',
    'the writer is free')
})
