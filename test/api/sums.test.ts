// Sums over the whole table: all losses that take the same arguments, several at a time as terms of
// one program, against each of them alone. Terms differ in what they make of dimensions.

import t, { type Test } from 'tap'
import { losses } from '../../src/losses/index.ts'
import { type App, build } from '../app.ts'

type Tensor = number | readonly Tensor[]

interface Reply {
  readonly loss: Tensor
  readonly terms: { readonly loss: string, readonly value: Tensor }[]
  readonly gradients: Record<string, Tensor>
  readonly hessians?: Record<string, Tensor>
  readonly hessian_vectors?: Record<string, Tensor>
}

const rows = [[0.25, 0.5, 0.125, 0.125], [0.7, 0.1, 0.1, 0.1], [0.3, 0.2, 0.4, 0.1]]
const ones = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]

const bodies: Readonly<Record<string, Record<string, unknown>>> = {
  'numbers by numbers': { input: rows, target: ones },
  'rows by classes': { input: rows, target: [1, 0, 3] },
  'one row': { input: [[0.2, 0.8, 0.4]], target: [[0, 1, 0]] },
  'one class': { input: [[0.2], [0.8]], target: [[1], [0]] },
  'broadcast': { input: [[0.2], [0.8], [0.5]], target: [1, 0, 1] },
  'scalars': { input: 0.3, target: 1 },
  'more dimensions': { input: [rows, rows].map(each => [each, each]), target: [[ones], [ones]] },
  'nothing': {
    input: { datatype: 'FP64', shape: [0, 4], data: [] },
    target: { datatype: 'FP64', shape: [0, 4], data: [] }
  }
}

t.test('all losses that take the same arguments', async t => {
  const app = await build(t)
  for (const [title, body] of Object.entries(bodies)) {
    for (const reduction of ['mean', 'none']) {
      await t.test(`${title}, ${reduction}`, async t => {
        await compareAll(t, app, { ...body, datatype: 'FP64' }, { reduction })
        t.equal(app.service.heap.usedBytes, 0)
      })
    }
  }
})

const scales = [1, -0.5, 2, 0.25, 3]

async function compareAll (
  t: Test, { post }: App, body: Record<string, unknown>, options: object
): Promise<void> {
  const alone = new Map<string, Reply>()
  for (const { name } of losses) {
    const reply = await post(`/v1/losses/${name}`, { ...body, options })
    if (reply.status === 200) alone.set(name, reply.body as unknown as Reply)
  }
  for (const names of groups(alone)) {
    const terms = names.map((loss, index) => ({ loss, options, scale: scales[index] }))
    const answer = await post('/v1/losses', { ...body, terms })
    t.equal(answer.status, 200, `${names} ${answer.text.slice(0, 300)}`)
    const sum = answer.body as unknown as Reply
    const own = names.map(name => alone.get(name) as Reply)
    for (const [index, { loss }] of own.entries()) {
      near(t, sum.terms[index]?.value, [loss], [1], `${names[index]} among ${names}`)
    }
    near(t, sum.loss, own.map(({ loss }) => loss), scales, `${names}: loss`)
    for (const [name, slope] of Object.entries(sum.gradients)) {
      const slopes = own.map(({ gradients }) => gradients[name] ?? 0)
      near(t, slope, slopes, scales, `${names}: ${name}`)
    }
  }
}

// Up to five that give losses of one shape, each once.
function groups (alone: ReadonlyMap<string, Reply>): string[][] {
  const byShape = new Map<string, string[]>()
  for (const [name, { loss }] of alone) {
    const shape = JSON.stringify(shapeOf(loss))
    byShape.set(shape, [...byShape.get(shape) ?? [], name])
  }
  return [...byShape.values()].flatMap(names =>
    Array.from({ length: Math.ceil(names.length / 5) }, (_, index) =>
      names.slice(5 * index, 5 * index + 5)))
}

function shapeOf (tensor: Tensor): unknown {
  if (Array.isArray(tensor)) return [tensor.length, ...tensor.slice(0, 1).map(shapeOf)]
  return typeof tensor === 'object' && 'shape' in tensor ? tensor['shape'] : []
}

t.test('second derivatives of a sum', async t => {
  const { post } = await build(t)
  const body = { input: rows, target: [1, 0, 3], datatype: 'FP64' }
  const wishes = { second_order: 'diagonal', hessian_vector: { input: ones } }
  const terms = [
    { loss: 'cross-entropy', scale: 2 }, { loss: 'multi-margin', scale: 0.5, options: { p: 2 } }
  ]
  const answer = await post('/v1/losses', { ...body, ...wishes, terms })
  t.equal(answer.status, 200, answer.text)
  const sum = answer.body as unknown as Reply
  const alone = await Promise.all(terms.map(async ({ loss, options }) =>
    (await post(`/v1/losses/${loss}`, { ...body, ...wishes, options })).body as unknown as Reply))
  const parts = (member: 'hessians' | 'hessian_vectors') =>
    alone.map(each => each[member]?.['input'] ?? Number.NaN)
  near(t, sum.hessians?.['input'], parts('hessians'), [2, 0.5], 'diagonal')
  near(t, sum.hessian_vectors?.['input'], parts('hessian_vectors'), [2, 0.5], 'vector')
  t.match(await post('/v1/losses', { ...body, terms, hessian_vector: { inptu: 1 } }), {
    status: 422, body: { code: 'GRADIENT_UNKNOWN', errors: [{ pointer: '/hessian_vector/inptu' }] }
  })
})

t.test('terms that disagree about a tensor, and tensors of their own', async t => {
  const { post, send } = await build(t)
  const square = [[1, 2], [3, 5]]
  await send('PUT', '/v1/formulas/turned', { 'content-type': 'application/json' },
    JSON.stringify({ formula: 'input: real[A, B]; target: real[B, A]\n(input - target) ** 2' }))
  const body = { input: square, target: [[0, 1], [1, 1]], datatype: 'FP64' }
  const terms = [{ loss: 'mse' }, { loss: 'turned', scale: 2 }, { loss: 'l1' }]
  const sum = (await post('/v1/losses', { ...body, terms, gradients: ['input', 'target'] })).body
  const alone = await Promise.all(terms.map(async ({ loss }) =>
    (await post(`/v1/losses/${loss}`, { ...body, gradients: ['input', 'target'] })).body))
  const of = (member: string) => alone.map(each => (each['gradients'] as never)[member] as Tensor)
  near(t, sum['loss'] as Tensor, alone.map(each => each['loss'] as Tensor), [1, 2, 1], 'loss')
  for (const name of ['input', 'target']) {
    near(t, (sum['gradients'] as never)[name], of(name), [1, 2, 1], name)
  }
  const weighted = (weight: number[]) => ({ loss: 'cross-entropy', options: { weight } })
  const classes = { input: rows, target: [1, 0, 3], datatype: 'FP64' }
  const pair = [weighted([1, 2, 3, 4]), weighted([4, 3, 2, 1])]
  const both = (await post('/v1/losses', { ...classes, terms: pair })).body
  const each = await Promise.all(pair.map(async ({ loss, options }) =>
    (await post(`/v1/losses/${loss}`, { ...classes, options })).body))
  near(t, both['loss'] as Tensor, each.map(({ loss }) => loss as Tensor), [1, 1], 'own weights')
  t.match(await post('/v1/losses', { ...classes, terms: [pair[0], weighted([1, 2, 3])] }), {
    status: 422, body: { code: 'SHAPE_MISMATCH', errors: [{ pointer: '/terms/1/options/weight' }] }
  })
})

function near (
  t: Test, found: Tensor | undefined, parts: readonly Tensor[], scales: readonly number[],
  title: string
): void {
  const total: number[] = []
  for (const [index, part] of parts.entries()) {
    for (const [place, value] of numbers(part).entries()) {
      total[place] = (total[place] ?? 0) + (scales[index] ?? 1) * value
    }
  }
  const own = found === undefined ? [] : numbers(found)
  const wrong = total.findIndex((value, place) => !isNear(own[place] ?? Number.NaN, value))
  const says = `${own[wrong]} at ${wrong} against ${total[wrong]}`
  t.ok(wrong < 0, wrong < 0 ? title : `${title}: ${says}`)
}

function isNear (found: number, expected: number): boolean {
  return Object.is(found, expected) ||
    Math.abs(found - expected) <= 1e-10 * (1 + Math.abs(expected))
}

function numbers (tensor: Tensor): number[] {
  if (Array.isArray(tensor)) return tensor.flatMap(numbers)
  if (typeof tensor === 'object' && 'data' in tensor) return numbers(tensor['data'] as Tensor)
  return [Number(tensor)]
}
