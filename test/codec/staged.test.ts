// Tensors that lie in the heap already: they are read as those of JSON are, stay where they are if
// their datatype is wanted, and are converted if another one is.

import t from 'tap'
import type { Datatype } from '../../src/buffer/datatype.ts'
import { Heap } from '../../src/buffer/heap.ts'
import { allocateTensor, viewOf } from '../../src/buffer/tensor.ts'
import { readTensor, writeTensor } from '../../src/codec/json-tensor.ts'
import { kindOf } from '../../src/codec/kind-of.ts'
import { placeTensor } from '../../src/codec/placing.ts'
import { StagedTensor } from '../../src/codec/staged.ts'

const heap = Heap.create({ bytes: 1 << 20 })

function staged (datatype: Datatype, values: readonly (number | bigint)[]): StagedTensor {
  const lease = heap.lease()
  const tensor = allocateTensor(lease, datatype, [values.length])
  const view = viewOf(heap, tensor)
  values.forEach((value, index) => {
    if (view instanceof BigInt64Array) view[index] = BigInt(value)
    else view[index] = Number(value)
  })
  return new StagedTensor(datatype, [values.length], tensor.address, lease)
}

/** Its elements after they were written as another datatype. */
function through (tensor: StagedTensor, datatype: Datatype): unknown[] {
  const lease = heap.lease()
  try {
    const written = writeTensor(readTensor(tensor, '/x'), datatype, heap, lease)
    return Array.from<unknown>(viewOf(heap, written))
  } finally {
    lease.end()
    tensor.lease.end()
  }
}

t.afterEach(() => {
  if (heap.usedBytes > 0) throw new Error('the heap is not empty')
})

t.test('every datatype becomes a real one', async t => {
  const numbers = [0, 1, 2, 3, 100]
  for (const datatype of ['FP32', 'FP64', 'INT64', 'INT32', 'UINT8'] as const) {
    t.same(through(staged(datatype, numbers), 'FP32'), numbers, datatype)
    t.same(through(staged(datatype, numbers), 'FP64'), numbers, datatype)
  }
  t.same(through(staged('BOOL', [1, 0]), 'FP32'), [1, 0])
  t.same(through(staged('INT64', [-5, 2 ** 40, -(2 ** 40)]), 'FP64'), [-5, 2 ** 40, -(2 ** 40)])
  t.same(through(staged('FP64', [0.1, 1e300]), 'FP32'), [Math.fround(0.1), Infinity])
})

t.test('an integer one takes what is whole and in range', async t => {
  t.same(through(staged('INT64', [-7n, 2n ** 62n + 1n]), 'INT64'), [-7n, 2n ** 62n + 1n])
  t.same(through(staged('UINT8', [7, 255]), 'INT64'), [7n, 255n])
  t.same(through(staged('FP32', [3, -4]), 'INT32'), [3, -4])
  t.throws(() => through(staged('INT64', [1, 300]), 'UINT8'),
    { code: 'TENSOR_INVALID', message: '/x/1: 300 is beyond UINT8' })
  t.throws(() => through(staged('FP32', [0.5]), 'INT64'),
    { code: 'TENSOR_INVALID', message: /0.5 where a whole number belongs/ })
})

t.test('where the datatype is the one wanted, nothing is copied', async t => {
  const tensor = staged('FP32', [1, 2])
  const lease = heap.lease()
  const placed = placeTensor(readTensor(tensor, '/x'), 'FP32', heap, lease)
  t.equal(placed.address, tensor.address)
  tensor.lease.end()
  t.same([...heap.f32.subarray(placed.address / 4, placed.address / 4 + 2)], [1, 2])
  t.ok(heap.usedBytes > 0, 'its memory is carried by who uses it')
  lease.end()
  t.equal(heap.usedBytes, 0)
  t.equal(heap.leases, 0)
})

t.test('a sentence calls it a tensor', async t => {
  const tensor = staged('FP32', [])
  t.equal(kindOf(tensor), 'a tensor')
  tensor.lease.end()
})
