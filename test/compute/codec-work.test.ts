// Large replies printed by the pool: whatever the shape, the pieces are the text that
// JSON.stringify gives, and all memory comes back.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { allocateTensor, viewOf } from '../../src/buffer/tensor.ts'
import { JsonWriter } from '../../src/codec/json-writer.ts'
import { Printout } from '../../src/codec/printout.ts'
import { codecOf, startCodec } from '../../src/compute/codec-work.ts'
import { Pool } from '../../src/compute/pool.ts'

const heap = Heap.create({ bytes: 64 << 20 })
const pool = new Pool({ memory: heap.memory, threads: 2 })
await startCodec({ heap, pool })
const writer = new JsonWriter()

t.teardown(async () => {
  await pool.close()
  heap.close()
})

t.test('a large reply is the text of its tensors, in any form', async t => {
  const lease = heap.lease()
  const count = 201_600
  const floats = allocateTensor(lease, 'FP32', [count])
  const view = viewOf(heap, { ...floats, datatype: 'FP32' })
  for (let index = 0; index < count; index++) view[index] = index / 2
  const shapes = [
    [count], [2, count / 2], [count, 1], [7, count / 8 / 7, 8], [7, 5, 4, 144, 10], [1, 1, count, 1]
  ]
  for (const shape of shapes) {
    for (const form of ['plain', 'typed'] as const) {
      const printout = writer.text('{"a":').tensor(heap, floats, 'plain').text(',"b":')
        .tensor(heap, { ...floats, shape }, form).text(',"c":').number(Number.NaN).text('}').take()
      if (!(printout instanceof Printout)) throw new Error('printed at once')
      const { a, b, c } = JSON.parse(await textOf(printout))
      t.equal(c, 'NaN')
      t.equal(a.length, count)
      const data = form === 'plain' ? b : b.data
      t.same(shapeOf(data), form === 'plain' ? shape : [count])
      t.ok([data].flat(8).every((value, index) => value === index / 2), `${form} ${shape}`)
    }
  }
  lease.end()
  t.equal(heap.usedBytes, 0)
})

t.test('every datatype, and arrays without elements', async t => {
  const lease = heap.lease()
  const count = 9001
  for (const datatype of ['FP32', 'FP64', 'INT64', 'INT32', 'UINT8', 'BOOL'] as const) {
    const tensor = allocateTensor(lease, datatype, [count])
    const view = viewOf(heap, tensor)
    for (let index = 0; index < count; index++) {
      const value = datatype === 'BOOL' ? index % 2 : index % 200
      if (view instanceof BigInt64Array) view[index] = BigInt(-value)
      else view[index] = datatype.startsWith('FP') ? -value / 8 : value
    }
    const printout = writer.tensor(heap, tensor, 'plain').take()
    if (!(printout instanceof Printout)) throw new Error('printed at once')
    const texts = Array.from<number | bigint>(view)
      .map(value => Object.is(value, -0) ? '-0' : String(value))
    t.ok(await textOf(printout) === `[${texts.join()}]`, datatype)
  }
  const empty = writer.tensor(heap, { datatype: 'FP32', shape: [3, 3001, 0, 2], address: 64 },
    'plain').take()
  if (!(empty instanceof Printout)) throw new Error('printed at once')
  t.same(shapeOf(JSON.parse(await textOf(empty))), [3, 3001, 0])
  lease.end()
  t.equal(heap.usedBytes, 0)
})

async function textOf (printout: Printout): Promise<string> {
  const lease = heap.lease()
  try {
    return Buffer.concat(await codecOf(heap).print(printout, lease)).toString()
  } finally {
    lease.end()
  }
}

function shapeOf (value: unknown): (number | undefined)[] {
  if (!Array.isArray(value)) return []
  return value.length === 0 ? [0] : [value.length, ...shapeOf(value[0])]
}
