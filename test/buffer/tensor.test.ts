// Tensors: how many elements and bytes a shape has, and what JavaScript sees of them.

import t from 'tap'
import { type Datatype, datatypes } from '../../src/buffer/datatype.ts'
import { Heap } from '../../src/buffer/heap.ts'
import { allocateTensor, elementCount, tensorBytes, viewOf } from '../../src/buffer/tensor.ts'

t.test('a scalar has one element, an empty dimension none', async t => {
  t.equal(elementCount([]), 1)
  t.equal(elementCount([3, 5]), 15)
  t.equal(elementCount([3, 0, 5]), 0)
  t.equal(tensorBytes({ datatype: 'FP64', shape: [2, 3] }), 48)
})

t.test('each datatype is seen through its own array', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const names = Object.keys(datatypes) as Datatype[]
  for (const datatype of names) {
    const tensor = allocateTensor(heap, datatype, [2, 3])
    const view = viewOf(heap, tensor)
    t.equal(view.length, 6)
    t.equal(view.byteOffset, tensor.address)
    t.equal(view.BYTES_PER_ELEMENT, datatypes[datatype].bytes)
    t.equal(view.buffer, heap.memory.buffer)
    heap.free(tensor.address)
  }
  t.equal(heap.usedBytes, 0)
})
