// Leases give all back, once, whatever happened, and not before the last hold has ended.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'

t.test('the end of a lease gives everything back, and only once', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const lease = heap.lease()
  lease.allocate(100)
  lease.allocate(0)
  lease.allocate(10_000)
  t.equal(heap.leases, 1)
  t.ok(heap.usedBytes >= 10_100)
  lease.end()
  lease.end()
  t.equal(heap.leases, 0)
  t.equal(heap.usedBytes, 0)
  t.equal(heap.freeSpans, 1)
  t.throws(() => lease.allocate(1), /has ended/)
})

t.test('a full heap leaves the lease as it was', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const lease = heap.lease()
  lease.allocate(100)
  const used = heap.usedBytes
  t.throws(() => lease.allocate(1 << 20), { code: 'HEAP_FULL' })
  t.equal(heap.usedBytes, used)
  lease.end()
  t.equal(heap.usedBytes, 0)
})

t.test('what is held outlives the end until the last release', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const lease = heap.lease()
  lease.allocate(100)
  lease.hold()
  lease.hold()
  lease.end()
  t.ok(heap.usedBytes > 0)
  lease.release()
  t.ok(heap.usedBytes > 0)
  t.equal(heap.leases, 1)
  lease.release()
  t.equal(heap.usedBytes, 0)
  t.equal(heap.leases, 0)
  t.throws(() => lease.release(), /more often/)
  t.throws(() => lease.hold(), /cannot be held/)
})

t.test('released before the end, a lease stays', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const lease = heap.lease()
  lease.hold()
  lease.release()
  lease.allocate(100)
  t.ok(heap.usedBytes > 0)
  lease.end()
  t.equal(heap.usedBytes, 0)
})

t.test('a lease carries another as long as it lasts', async t => {
  const heap = Heap.create({ bytes: 1 << 20 })
  const body = heap.lease()
  body.allocate(1000)
  const own = heap.lease()
  own.carry(body)
  own.carry(body)
  own.carry(own)
  own.hold()
  body.end()
  own.end()
  t.equal(heap.leases, 2)
  t.ok(heap.usedBytes >= 1000)
  own.release()
  t.equal(heap.leases, 0)
  t.equal(heap.usedBytes, 0)
})
