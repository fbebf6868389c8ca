// Bodies on their way into the heap, cut into pieces of any size at any place: the tensors are
// those of the body in one piece, and every slot is filled, and nothing beside it.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { viewOf } from '../../src/buffer/tensor.ts'
import { inferenceFrame, readArrived } from '../../src/codec/open-inference.ts'
import { type Safetensors, safetensorsFrame } from '../../src/codec/safetensors.ts'
import { Scatter } from '../../src/codec/scatter.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { Random } from '../random.ts'
import { bytesOf, encode, type Entry, f32, f64, i64 } from '../safetensors.ts'

await openCodec()
const heap = Heap.create({ bytes: 16 << 20 })
const frame = safetensorsFrame(64)

/** A body's tensors when it came in pieces of these sizes, each at an odd place of its memory. */
function scattered (body: Buffer, sizes: () => number): Record<string, unknown[]> {
  const lease = heap.lease()
  heap.u8.fill(0xaa)
  try {
    const scatter = new Scatter(frame, heap, lease, body.length)
    let from = 0
    for (let piece = 0; from < body.length; piece++) {
      const to = Math.min(body.length, from + sizes())
      const memory = Buffer.alloc(to - from + 8)
      memory.set(body.subarray(from, to), piece % 8)
      scatter.write(memory.subarray(piece % 8, piece % 8 + to - from))
      // The socket takes it back.
      memory.fill(0xff)
      from = to
    }
    return valuesOf(scatter.end())
  } finally {
    lease.end()
  }
}

function valuesOf ({ tensors }: Safetensors): Record<string, unknown[]> {
  const entries = [...tensors].map(([name, tensor]) => {
    if (tensor.address % 16 !== 0) throw new Error(`${name} is not aligned`)
    const view = viewOf(heap, tensor)
    const behind = tensor.address + view.byteLength
    // A slot of halves is as large as their floats; behind every slot there is slack.
    if (heap.u8.subarray(behind, behind + 16).some(byte => byte !== 0xaa)) {
      throw new Error(`${name} is followed by something else`)
    }
    return [name, Array.from<unknown>(view)]
  })
  return Object.fromEntries(entries)
}

const random = new Random(7)
const floats = Array.from({ length: 70_001 }, (_, index) => Math.fround(Math.sin(index)))
const words = Uint16Array.from({ length: 1001 }, () => random.below(65_536))
const halves: Entry = { dtype: 'F16', shape: [1001], bytes: bytesOf(words) }
const tensors = {
  empty: f32([0, 5], []), a: f32([70_001], floats), scalar: f64([], [Math.PI]),
  b: { dtype: 'BOOL', shape: [3], bytes: Uint8Array.of(1, 0, 1) }, h: halves,
  none: f32([0], []), brain: { ...halves, dtype: 'BF16' }, c: i64([2, 2], [1, -2, 3, 2 ** 40]),
  last: f64([0], [])
}
const body = encode(tensors, { note: 'unaligned' })
const whole = scattered(body, () => body.length)

t.test('the numbers are those that were sent', async t => {
  t.same(whole['a'], floats)
  t.same(whole['scalar'], [Math.PI])
  t.same(whole['b'], [1, 0, 1])
  t.same(whole['c'], [1n, -2n, 3n, 2n ** 40n])
  t.same([whole['empty'], whole['none'], whole['last']], [[], [], []])
  t.ok(whole['h']?.every((value, index) => Object.is(value, halfOf(words[index] ?? 0))))
  const bits = Uint32Array.from(words, word => word << 16)
  const brain = Array.from(new Float32Array(bits.buffer))
  t.ok(whole['brain']?.every((value, index) => Object.is(value, brain[index])))
})

t.test('wherever the body is cut', async t => {
  const sizes = [1, 2, 3, 7, 8, 63, 64, 65, 1000, 4096, 65_535, 65_536, 65_537, 200_000]
  for (const size of sizes) t.strictSame(scattered(body, () => size), whole, `pieces of ${size}`)
  for (let seed = 0; seed < 20; seed++) {
    const own = new Random(seed)
    const size = () => own.below(own.below(4) === 0 ? 100_000 : 40) + 1
    t.strictSame(scattered(body, size), whole, `seed ${seed}`)
  }
  t.equal(heap.usedBytes, 0)
})

t.test('a header is read again after the piece that it came in is gone', async t => {
  const lease = heap.lease()
  const tensor = { datatype: 'FP32', shape: [1], parameters: { binary_data_size: 4 } }
  const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'a', ...tensor }] }))
  const body = Buffer.concat([head, Buffer.alloc(4)])
  const scatter = new Scatter(inferenceFrame(head.length, 64), heap, lease, body.length)
  scatter.write(body)
  body.fill(0xff)
  t.same([...readArrived(scatter.end()).inputs.keys()], ['a'])
  lease.end()
})

t.test('a body too short or too long is refused', async t => {
  const small = encode({ a: f32([2], [1, 2]), z: f32([0], []) })
  for (let length = 0; length < small.length; length++) {
    const lease = heap.lease()
    const scatter = new Scatter(frame, heap, lease, small.length)
    scatter.write(small.subarray(0, length))
    t.throws(() => scatter.end(), { code: 'BAD_BINARY', message: /it ends before its/ })
    lease.end()
  }
  const lease = heap.lease()
  const scatter = new Scatter(frame, heap, lease, small.length)
  scatter.write(small)
  t.throws(() => scatter.write(Buffer.alloc(1)), { code: 'BAD_BINARY', message: /it has more/ })
  lease.end()
  t.equal(heap.usedBytes, 0)
})

t.test('what is announced is checked before memory is asked for', async t => {
  const lease = heap.lease()
  const body = encode({ a: f32([2], [1, 2]) })
  const announced = new Scatter(frame, heap, lease, 1e9)
  t.throws(() => announced.write(body), { code: 'BAD_BINARY', message: /the body 1000000000/ })
  t.equal(heap.usedBytes, 0)
  const large = { dtype: 'U8', shape: [20_000_000], bytes: new Uint8Array(20_000_000) }
  const file = encode({ large })
  t.throws(() => new Scatter(frame, heap, lease, file.length).write(file), { code: 'HEAP_FULL' })
  lease.end()
  t.equal(heap.usedBytes, 0)
})

/** A float16 by its meaning. */
function halfOf (bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
