// Tensors of a body: plain and typed ones are the same in the heap, integers are exact, and every
// odd place has its pointer.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import type { Datatype } from '../../src/buffer/datatype.ts'
import { viewOf } from '../../src/buffer/tensor.ts'
import { type Json, type JsonObject, readJson } from '../../src/codec/json-reader.ts'
import { readTensor, writeTensor } from '../../src/codec/json-tensor.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { LossdError } from '../../src/errors.ts'

await openCodec()
const heap = Heap.create({ bytes: 1 << 20 })

function field (text: string): Json {
  return (readJson(Buffer.from(`{"x":${text}}`)) as JsonObject)['x'] ?? null
}

/** A tensor's shape and elements after it went through the heap. */
function through (text: string, datatype: Datatype): { shape: readonly number[], data: unknown[] } {
  const lease = heap.lease()
  try {
    const tensor = writeTensor(readTensor(field(text), '/x'), datatype, heap, lease)
    return { shape: tensor.shape, data: Array.from<unknown>(viewOf(heap, tensor)) }
  } finally {
    lease.end()
  }
}

function refusal (text: string, datatype: Datatype = 'FP32'): [string, string, string] {
  try {
    through(text, datatype)
  } catch (error) {
    if (!(error instanceof LossdError)) throw error
    return [error.code, error.errors[0]?.pointer ?? '', error.message]
  }
  return ['accepted', '', text]
}

t.test('plain and typed, flat and nested are one tensor', async t => {
  const expected = { shape: [3, 1], data: [1, 2.5, 0] }
  t.same(through('[[1.0],[2.5],[0.0]]', 'FP32'), expected)
  t.same(through('{"datatype":"FP32","shape":[3,1],"data":[1,2.5,0]}', 'FP32'), expected)
  t.same(through('{"datatype":"FP64","shape":[3,1],"data":[[1],[2.5],[0]]}', 'FP64'), expected)
  t.same(through('5', 'FP32'), { shape: [], data: [5] })
  t.same(through('"NaN"', 'FP32'), { shape: [], data: [Number.NaN] })
  t.same(through('{"datatype":"FP32","shape":[],"data":[5]}', 'FP32'), { shape: [], data: [5] })
  t.same(through('{"datatype":"FP32","shape":[],"data":5}', 'FP32'), { shape: [], data: [5] })
  t.same(through('[]', 'FP32'), { shape: [0], data: [] })
  t.same(through('[[],[]]', 'FP32'), { shape: [2, 0], data: [] })
  t.same(through('{"datatype":"FP32","shape":[2,0,3],"data":[]}', 'FP32'),
    { shape: [2, 0, 3], data: [] })
})

t.test('float32 is the nearest, beyond its range infinite', async t => {
  const text = '[0.1, 1e39, -1e39, 3.4028235e38, 1e-46, 16777217, "Infinity"]'
  const largest = 3.4028234663852886e38
  t.same(through(text, 'FP32').data,
    [Math.fround(0.1), Infinity, -Infinity, largest, 0, 16777216, Infinity])
})

t.test('integers are exact', async t => {
  const texts = ['0', '-1', '4294967296', '-4294967297', '9007199254740993', '9223372036854775807',
    '-9223372036854775808', '1e3', '2.0']
  const expected = [0n, -1n, 4294967296n, -4294967297n, 9007199254740993n, 9223372036854775807n,
    -9223372036854775808n, 1000n, 2n]
  t.same(through(`[${texts}]`, 'INT64').data, expected)
  t.same(through(`{"datatype":"INT64","shape":[3,3],"data":[${texts}]}`, 'INT64').data, expected)
  t.same(through('9007199254740991', 'INT64').data, [9007199254740991n])
  t.same(through('[-0,-0.0,9007199254740991]', 'INT64').data, [0n, 0n, 9007199254740991n])
  const single = readTensor(readJson(Buffer.from('[-0,16777217]'), 'FP32'), '/x')
  const lease = heap.lease()
  t.throws(() => writeTensor(single, 'INT64', heap, lease), /from 16777216 on are exact/)
  lease.end()
  t.same(through('[2147483647,-2147483648]', 'INT32').data, [2147483647, -2147483648])
  t.same(through('[0,255]', 'UINT8').data, [0, 255])
  t.same(through('[true,false,1,0]', 'BOOL').data, [1, 0, 1, 0])
  t.same(through('true', 'BOOL').data, [1])
  t.same(through('{"datatype":"INT64","shape":[2],"data":[1,2]}', 'FP32').data, [1, 2],
    'an integer tensor may be read as numbers')
})

t.test('what is no tensor is refused at its place', async t => {
  const cases: readonly [string, Datatype, string, string][] = [
    ['null', 'FP32', 'TENSOR_INVALID', '/x'],
    ['"1"', 'FP32', 'TENSOR_INVALID', '/x'],
    ['true', 'FP32', 'TENSOR_INVALID', '/x'],
    ['[1,null]', 'FP32', 'TENSOR_INVALID', '/x/1'],
    ['[null,1]', 'FP32', 'TENSOR_INVALID', '/x/0'],
    ['[["a"],[1]]', 'FP32', 'TENSOR_INVALID', '/x/0/0'],
    ['[[1],["a"]]', 'FP32', 'TENSOR_INVALID', '/x/1/0'],
    ['[[1,2],[3]]', 'FP32', 'TENSOR_INVALID', '/x/1'],
    ['[{"a":1}]', 'FP32', 'TENSOR_INVALID', '/x/0'],
    ['[[true,1]]', 'FP32', 'TENSOR_INVALID', '/x/0/0'],
    ['[1,2.5]', 'INT64', 'TENSOR_INVALID', '/x/1'],
    ['[["NaN"]]', 'INT64', 'TENSOR_INVALID', '/x/0/0'],
    ['[9223372036854775808]', 'INT64', 'TENSOR_INVALID', '/x/0'],
    ['9223372036854775808', 'INT64', 'TENSOR_INVALID', '/x'],
    ['[1e30]', 'INT64', 'TENSOR_INVALID', '/x/0'],
    // As real numbers, which -0 makes them, they are rounded.
    ['[-0,9007199254740993]', 'INT64', 'TENSOR_INVALID', '/x/1'],
    ['9007199254740993', 'INT64', 'TENSOR_INVALID', '/x'],
    ['[0,2147483648]', 'INT32', 'TENSOR_INVALID', '/x/1'],
    ['[256]', 'UINT8', 'TENSOR_INVALID', '/x/0'],
    ['[2]', 'BOOL', 'TENSOR_INVALID', '/x/0'],
    ['{}', 'FP32', 'TENSOR_INVALID', '/x'],
    ['{"datatype":"FP32","shape":[1]}', 'FP32', 'TENSOR_INVALID', '/x'],
    ['{"datatype":"FP32","shape":[1],"data":null}', 'FP32', 'TENSOR_INVALID', '/x/data'],
    ['{"datatype":"FP32","shape":[1],"data":[null]}', 'FP32', 'TENSOR_INVALID', '/x/data/0'],
    ['{"datatype":"INT32","shape":[1],"data":[1.5]}', 'FP32', 'TENSOR_INVALID', '/x/data/0'],
    ['{"datatype":"FP32","shape":[1],"data":[1],"name":"a"}', 'FP32', 'FIELD_UNKNOWN', '/x/name'],
    ['{"datatype":"float32","shape":[1],"data":[1]}', 'FP32', 'DATATYPE_MISMATCH', '/x/datatype'],
    ['{"datatype":"FP16","shape":[1],"data":[1]}', 'FP32', 'DATATYPE_MISMATCH', '/x/datatype'],
    ['{"datatype":1,"shape":[1],"data":[1]}', 'FP32', 'DATATYPE_MISMATCH', '/x/datatype'],
    ['{"datatype":"FP32","shape":1,"data":[1]}', 'FP32', 'TENSOR_INVALID', '/x/shape'],
    ['{"datatype":"FP32","shape":[-1],"data":[1]}', 'FP32', 'TENSOR_INVALID', '/x/shape/0'],
    ['{"datatype":"FP32","shape":[1.5],"data":[1]}', 'FP32', 'TENSOR_INVALID', '/x/shape/0'],
    ['{"datatype":"FP32","shape":[true],"data":[1]}', 'FP32', 'TENSOR_INVALID', '/x/shape/0'],
    ['{"datatype":"FP32","shape":[1,1,1,1,1,1,1,1,1],"data":[1]}', 'FP32', 'TENSOR_INVALID',
      '/x/shape'],
    ['{"datatype":"FP32","shape":[2],"data":[1]}', 'FP32', 'SHAPE_MISMATCH', '/x/data'],
    ['{"datatype":"FP32","shape":[2,2],"data":[[1,2,3,4]]}', 'FP32', 'SHAPE_MISMATCH', '/x/data'],
    ['{"datatype":"FP32","shape":[1e9],"data":[]}', 'FP32', 'SHAPE_MISMATCH', '/x/data'],
    ['{"datatype":"FP32","shape":[2147483647,2147483647],"data":[]}', 'FP32', 'SHAPE_MISMATCH',
      '/x/data'],
    ['{"datatype":"FP32","shape":[0,4294967296],"data":[]}', 'FP32', 'TENSOR_INVALID',
      '/x/shape/1']
  ]
  for (const [text, datatype, code, pointer] of cases) {
    const [foundCode, foundPointer, detail] = refusal(text, datatype)
    t.same([foundCode, foundPointer], [code, pointer], `${text} as ${datatype}: ${detail}`)
  }
})

t.test('whatever was refused, the heap is empty again', async t => {
  t.equal(heap.usedBytes, 0)
  t.equal(heap.leases, 0)
})
