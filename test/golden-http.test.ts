// Every vector of PyTorch over HTTP, through the compiled kernels, in float32 and float64: values,
// shapes, gradients; what PyTorch refuses is refused.

import t, { type Test } from 'tap'
import { losses } from '../src/losses/index.ts'
import { type App, build } from './app.ts'
import {
  cases, differences, type GoldenCase, type GoldenTensor, isLegacy, isNoisy, numbersOf
} from './golden.ts'

t.setTimeout(600_000)

const datatypes = { float32: 'FP32', float64: 'FP64', int64: 'INT64' } as const

interface TypedTensor {
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly (number | string)[]
}

for (const dtype of ['float32', 'float64'] as const) {
  const vectors = cases(dtype)
  t.test(`PyTorch's vectors in ${dtype}`, async t => {
    const app = await build(t)
    for (const { name } of losses) {
      t.test(name, async t => {
        const own = vectors.filter(vector => vector.loss === name)
        t.ok(own.length > 0, 'there are vectors')
        for (const vector of own) await check(t, app, vector)
      })
    }
    t.equal(app.service.heap.usedBytes, 0, 'the heap is empty again')
  })
}

async function check (t: Test, app: App, vector: GoldenCase): Promise<void> {
  const { name, output, tolerance, grads, options } = vector
  const tensors = Object.fromEntries(Object.entries(vector.inputs)
    .map(([argument, tensor]) => [argument, typed(tensor)]))
  const { status, body } = await app.post(`/v1/losses/${vector.loss}`,
    { ...tensors, options, gradients: Object.keys(grads) })
  if (vector.error !== undefined || isLegacy(vector)) {
    t.equal(status, 422, `${name} is refused: ${String(body['detail'])}`)
    return
  }
  if (vector.dtype === 'float32' && isNoisy(vector)) return
  if (status !== 200) {
    t.fail(`${name}: ${String(body['detail'])}`)
    return
  }
  t.same(differ(body['loss'], output, tolerance), [], name)
  const gradients = body['gradients'] as Record<string, unknown>
  for (const [argument, tensor] of Object.entries(grads)) {
    t.same(differ(gradients[argument], tensor, tolerance), [], `${name} by ${argument}`)
  }
}

function typed ({ shape, dtype, data }: GoldenTensor): TypedTensor {
  return { datatype: datatypes[dtype], shape, data }
}

/** What is wrong with a typed tensor of a reply. */
function differ (
  found: unknown, expected: GoldenTensor | undefined, tolerance: GoldenCase['tolerance']
): string[] {
  if (expected === undefined) return ['nothing to compare with']
  const { datatype, shape, data } = found as TypedTensor
  if (datatype !== datatypes[expected.dtype]) return [`${datatype} instead of ${expected.dtype}`]
  if (shape.join() !== expected.shape.join()) return [`[${shape}] instead of [${expected.shape}]`]
  return differences(data.map(Number), numbersOf(expected), tolerance)
}
