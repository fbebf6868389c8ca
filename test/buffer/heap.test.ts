// The heap: addresses, slack, what it says when it is full, and that any order of borrowing and
// giving back leaves one free span.

import t from 'tap'
import { Heap, reservedBytes } from '../../src/buffer/heap.ts'
import { LossdError } from '../../src/errors.ts'

const heapBytes = 16 << 20

t.test('blocks are aligned, apart, above the reserved bytes, with slack behind', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const sizes = [0, 1, 63, 64, 65, 1000, 3 << 20]
  const blocks = sizes.map(bytes => ({ bytes, address: heap.allocate(bytes) }))
  blocks.sort((a, b) => a.address - b.address)
  for (const [index, { bytes, address }] of blocks.entries()) {
    t.equal(address % 64, 0)
    t.ok(address >= reservedBytes)
    t.ok(address + bytes + 64 <= (blocks[index + 1]?.address ?? heapBytes))
  }
  for (const { address } of blocks) heap.free(address)
  t.equal(heap.usedBytes, 0)
  t.equal(heap.freeSpans, 1)
})

t.test('the whole capacity can be lent as one block, and not a byte more', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const most = heap.capacityBytes - 64
  t.throws(() => heap.allocate(most + 1), { code: 'HEAP_FULL' })
  const address = heap.allocate(most)
  t.equal(heap.usedBytes, heap.capacityBytes)
  t.throws(() => heap.allocate(0), { code: 'HEAP_FULL' })
  t.throws(() => heap.allocate(1e12), LossdError)
  heap.free(address)
  t.equal(heap.usedBytes, 0)
})

t.test('an address that was not lent cannot be given back', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const address = heap.allocate(1000)
  const wrongs = [0, 1024, address - 64, address + 64, address + 1024, address + 1, -64, Number.NaN]
  for (const wrong of wrongs) {
    t.throws(() => heap.free(wrong), /No block/)
  }
  heap.free(address)
  t.throws(() => heap.free(address), /No block/, 'nor twice')
})

t.test('a million borrowings in any order come back to one span', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const random = generator(7)
  const blocks: { address: number, stamp: number, word: number }[] = []
  let refused = 0
  let damaged = 0
  const giveBack = (index: number): void => {
    const block = blocks[index]
    const last = blocks.pop()
    if (block === undefined || last === undefined) return
    if (index < blocks.length) blocks[index] = last
    if (heap.i32[block.word] !== block.stamp) damaged++
    if (heap.i32[block.address >>> 2] !== block.stamp) damaged++
    heap.free(block.address)
  }
  for (let operation = 0; operation < 1e6; operation++) {
    if (blocks.length > 0 && random() < 0.5) {
      giveBack(Math.floor(random() * blocks.length))
      continue
    }
    // Sizes over five powers of ten, so that spans of all classes are cut and merged.
    const bytes = Math.max(4, Math.floor(10 ** (1 + random() * 5.3)))
    try {
      const address = heap.allocate(bytes)
      const word = (address >>> 2) + Math.floor((bytes - 4) / 4)
      heap.i32[address >>> 2] = operation
      heap.i32[word] = operation
      blocks.push({ address, stamp: operation, word })
    } catch {
      refused++
      giveBack(Math.floor(random() * blocks.length))
    }
  }
  while (blocks.length > 0) giveBack(0)
  t.equal(damaged, 0, 'no block overlaps another')
  t.equal(heap.usedBytes, 0)
  t.equal(heap.freeSpans, 1)
  t.ok(refused > 0, 'the heap was full at times')
})

t.test('small blocks that stay do not keep a large one out', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const kept = []
  for (let turn = 0; turn < 100; turn++) {
    const large = heap.allocate(8 << 20)
    kept.push(heap.allocate(1000))
    heap.free(large)
  }
  t.doesNotThrow(() => heap.allocate(15 << 20))
  t.equal(kept.length, 100)
})

t.test('a heap of 4 GiB has addresses beyond 2^31 and costs nothing until written', async t => {
  const before = process.memoryUsage().rss
  const heap = Heap.create({ bytes: 65_536 * 65_536 })
  const first = heap.allocate(2 ** 30)
  const second = heap.allocate(2 ** 31 + 5)
  t.ok(first > 2 ** 31)
  heap.f32[first / 4] = 2.5
  t.equal(heap.f32[first / 4], 2.5)
  heap.free(first)
  heap.free(second)
  t.equal(heap.freeSpans, 1)
  t.ok(process.memoryUsage().rss - before < 64e6)
})

t.test('sizes that WebAssembly cannot have are refused', async t => {
  for (const bytes of [0, 65_536, 65_537, 100_000, 65_537 * 65_536]) {
    t.throws(() => Heap.create({ bytes }), RangeError)
  }
})

t.test('pages are touched in the background', async t => {
  const heap = Heap.create({ bytes: heapBytes, touch: true })
  heap.u8[100_000] = 9
  const before = process.memoryUsage().rss
  const until = performance.now() + 5000
  while (process.memoryUsage().rss - before < 8e6 && performance.now() < until) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  t.ok(process.memoryUsage().rss - before >= 8e6, 'the memory is resident')
  t.equal(heap.u8[100_000], 9, 'and its content as it was')
  heap.close()
})

function generator (seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 8) / 2 ** 24
  }
}
