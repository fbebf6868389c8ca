// Bodies at random, whole and broken, cut into pieces anywhere: each is taken or refused with an
// error of the table, never anything else, and gives all memory back. What the reference reader
// of safetensors refuses is refused here, what it takes is taken, up to limits of our own.
// LOSSD_FUZZ_COUNT says how many, LOSSD_FUZZ_SEED from where.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import type { Lease } from '../../src/buffer/lease.ts'
import { inferenceFrame, readArrived } from '../../src/codec/open-inference.ts'
import { safetensorsFrame } from '../../src/codec/safetensors.ts'
import { type Frame, Scatter } from '../../src/codec/scatter.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { LossdError } from '../../src/errors.ts'
import { build } from '../app.ts'
import { Random } from '../random.ts'
import { encode, f32 } from '../safetensors.ts'
import { randomFile, randomInference, referenceTakes } from './fuzz-bodies.ts'

t.setTimeout(3_600_000)
const count = Number(process.env['LOSSD_FUZZ_COUNT'] ?? 4000)
const firstSeed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 1)
await openCodec()
const heap = Heap.create({ bytes: 4 << 20 })

/** Undefined if a body is taken, else the error. */
function refusal<Content> (
  frame: Frame<Content>, body: Buffer, random: Random, use: (content: Content) => void
): LossdError | undefined {
  const lease: Lease = heap.lease()
  try {
    const scatter = new Scatter(frame, heap, lease, body.length)
    for (let from = 0; from < body.length;) {
      const to = Math.min(body.length, from + 1 + random.below(100))
      scatter.write(body.subarray(from, to))
      from = to
    }
    use(scatter.end())
    return undefined
  } catch (fault) {
    if (fault instanceof LossdError && fault.row.status < 500) return fault
    throw fault
  } finally {
    lease.end()
  }
}

t.test('safetensors, against the rules of the reference reader', async t => {
  const frame = safetensorsFrame(64)
  let taken = 0
  for (let index = 0; index < count; index++) {
    const random = new Random(firstSeed + index)
    const body = randomFile(random)
    const expected = referenceTakes(body)
    const error = refusal(frame, body, random, () => { taken++ })
    const own = error !== undefined && error.code !== 'BAD_BINARY'
    const agrees = expected === undefined ||
      (expected ? error === undefined || own : error !== undefined)
    if (!agrees) t.fail(`seed ${firstSeed + index}: ${error?.message ?? 'taken'}`)
  }
  t.ok(taken > count / 10, `${taken} of ${count} are taken`)
  t.ok(taken < count, 'others are refused')
  t.equal(heap.usedBytes, 0)
  t.equal(heap.leases, 0)
})

t.test('requests of the Open Inference Protocol', async t => {
  let taken = 0
  for (let index = 0; index < count; index++) {
    const random = new Random(firstSeed + index)
    const { body, head } = randomInference(random)
    refusal(inferenceFrame(head, 64), body, random, arrived => {
      readArrived(arrived)
      taken++
    })
  }
  t.ok(taken > count / 20, `${taken} of ${count} are taken`)
  t.ok(taken < count, 'others are refused')
  t.equal(heap.usedBytes, 0)
})

t.test('through the service: an answer or an error of the client', async t => {
  const app = await build(t)
  const statuses = new Map<number, number>()
  for (let index = 0; index < count / 10; index++) {
    const random = new Random(firstSeed + index)
    const { body, head } = randomInference(random)
    const loss = ['mse', 'bce', 'cross-entropy', 'huber'][random.below(4)] ?? 'mse'
    const replies = [
      await app.send('POST', `/v1/losses/${loss}`,
        { 'content-type': 'application/vnd.safetensors' }, randomFile(random)),
      await app.send('POST', `/v2/models/${loss}/infer`,
        { 'content-type': 'application/octet-stream',
          'inference-header-content-length': String(head) }, body)
    ]
    for (const { status, text } of replies) {
      if (status >= 500) t.fail(`seed ${firstSeed + index}: ${text.slice(0, 300)}`)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  t.ok(statuses.has(400) && statuses.has(422), [...statuses].join(' '))
  const good = encode({ input: f32([2], [1, 2]), target: f32([2], [1, 3]) })
  const after = await app.send('POST', '/v1/losses/mse',
    { 'content-type': 'application/vnd.safetensors' }, good)
  t.equal(after.status, 200, 'and the next one is answered')
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})
