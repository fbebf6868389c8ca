// The routes of the losses: plain and typed tensors, gradients, grad_output, datatypes, options in
// both places, warnings, and what GET tells.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { type Loss, losses } from '../../src/losses/index.ts'
import { build } from '../app.ts'
import { good } from './bad-requests.ts'

t.setTimeout(120_000)

const { input, target } = good

function typed (shape: readonly number[], data: unknown, datatype = 'FP32') {
  return { datatype, shape, data }
}

t.test('the cases of every loss are answered as they say', async t => {
  const { post } = await build(t)
  for (const { name, torch, cases } of losses) {
    for (const { title, request, reply, warnings, refused } of cases) {
      for (const path of [name, torch].filter(path => path !== '')) {
        const { status, body } = await post(`/v1/losses/${path}`, request)
        if (refused !== undefined) {
          t.match(body, { code: refused.code, detail: refused.detail }, `${path}: ${title}`)
          continue
        }
        t.equal(status, 200, `${path}: ${title}`)
        t.ok(near(body['loss'], reply?.loss), `${path}: ${title}: ${JSON.stringify(body)}`)
        t.ok(near(body['gradients'], reply?.gradients), `${path}: ${title}`)
        const found = (body['warnings'] ?? []) as { code: string }[]
        t.same(found.map(({ code }) => code), warnings ?? [], `${path}: ${title}`)
      }
    }
  }
})

t.test('typed in, typed out; plain in, nested as the argument was', async t => {
  const { post } = await build(t)
  const reply = async (body: object) => (await post('/v1/losses/l1', body)).body
  t.match(await reply({ input, target }),
    { gradients: { input: [[-0.33333334], [0.33333334], [-0.33333334]] } })
  t.same((await reply({ input: typed([3, 1], input), target }))['gradients'],
    { input: typed([3, 1], [-0.33333334, 0.33333334, -0.33333334]) })
  t.match(await reply({ input, target: typed([3, 1], target) }), { loss: typed([], [0.33333334]) })
  t.match(await reply({ input: 1, target: 3 }), { loss: 2, gradients: { input: -1 } })
  t.match(await reply({ input, target, options: { reduction: 'none' } }),
    { loss: [[0.20000005], [0.29999995], [0.5]] })
})

t.test('float64 if the request says so, or a real argument is typed so', async t => {
  const { post } = await build(t)
  const loss = async (body: object) => (await post('/v1/losses/l1', body)).body['loss']
  const exact = (0.2 + 0.3 + 0.5) / 3
  t.equal(await loss({ input, target }), 0.33333334)
  t.ok(near(await loss({ input, target, datatype: 'FP64' }), exact, 1e-15))
  t.match(await loss({ input: typed([3, 1], input, 'FP64'), target }), { datatype: 'FP64' })
  t.match(await loss({ input: typed([3, 1], [1, 2, 0], 'INT64'), target }), { datatype: 'FP32' })
  t.equal(await loss({ input, target, datatype: 'FP32' }), 0.33333334)
  const classes = await post('/v1/losses/cross-entropy',
    { input: [[1, 2]], target: typed([1], [1], 'INT64'), gradients: [] })
  t.match(classes.body, { loss: { datatype: 'FP32' }, gradients: {} })
})

t.test('gradients are those that are named, else the usual ones', async t => {
  const { post } = await build(t)
  const names = async (loss: string, body: object) =>
    Object.keys((await post(`/v1/losses/${loss}`, body)).body['gradients'] as object)
  t.same(await names('mse', good), ['input'])
  t.same(await names('mse', { ...good, gradients: [] }), [])
  t.same(await names('mse', { ...good, gradients: ['target'] }), ['target'])
  t.same(await names('mse', { ...good, gradients: ['target', 'input', 'target'] }),
    ['target', 'input'])
  const soft = { input: [[1, 2]], target: [[0.5, 0.5]] }
  const weighted = { ...soft, options: { weight: [1, 2] } }
  t.same(await names('cross-entropy', weighted), ['input'])
  t.same(await names('cross-entropy', { ...weighted, gradients: ['weight'] }), ['weight'])
  t.same(await names('cross-entropy', { ...soft, weight: [1, 2], gradients: ['weight'] }),
    ['weight'], 'a tensor option may stand at the top level')
})

t.test('grad_output is the upstream gradient', async t => {
  const { post } = await build(t)
  const gradient = async (body: object) => {
    const reply = await post('/v1/losses/mse', { ...good, ...body })
    return (reply.body['gradients'] as { input: unknown }).input
  }
  const once = await gradient({ datatype: 'FP64' }) as number[][]
  const thrice = once.map(row => row.map(value => 3 * value))
  t.ok(near(await gradient({ datatype: 'FP64', grad_output: 3 }), thrice))
  const each = { options: { reduction: 'none' }, datatype: 'FP64' }
  t.ok(near(await gradient({ ...each, grad_output: [[1], [0], [-2]] }), [[-0.4], [0], [2]]))
  const upstream = typed([3, 1], [1, 0, -2])
  t.ok(near(await gradient({ ...each, grad_output: upstream }), [[-0.4], [0], [2]]))
})

t.test('work that leaves the main thread has the same reply', async t => {
  const inline = await build(t, { INLINE_BUDGET_US: '1000000' })
  const pooled = await build(t, { INLINE_BUDGET_US: '0', THREADS: '2' })
  const input = Array.from({ length: 60_000 }, (_, index) => Math.sin(index))
  const target = input.map(value => value / 2)
  const body = { input, target, options: { reduction: 'none' } }
  const one = await inline.post('/v1/losses/huber', body)
  const two = await pooled.post('/v1/losses/huber', body)
  t.equal(one.status, 200)
  t.equal(one.text === two.text, true, 'bit for bit')
  t.ok(pooled.service.pool.stats().done > 0, 'a worker did it')
  t.equal(pooled.service.heap.usedBytes, 0)
})

t.test('GET lists losses and shows the formula that runs', async t => {
  const { get } = await build(t)
  const { body } = await get('/v1/losses')
  const listed = body['losses'] as Record<string, unknown>[]
  t.same(listed.map(({ name }) => name), losses.map(({ name }) => name))
  for (const [index, each] of listed.entries()) {
    const { torch } = losses[index] as Loss
    t.match(each, {
      torch: torch === '' ? null : torch,
      task: String,
      summary: String,
      choose: String,
      options: { type: 'object' }
    })
    t.match((each['arguments'] as unknown[])[0],
      { name: String, shape: String, differentiable: Boolean })
  }
  for (const { name, torch } of losses) {
    const shown = (await get(`/v1/losses/${name}`)).body
    if (torch !== '') {
      t.same((await get(`/v1/losses/${torch}`)).body, shown, `${torch} is an alias`)
    }
    t.doesNotThrow(() => define(String(shown['formula'])), `the formula of ${name} can be posted`)
    t.match(shown, { derivatives: Object, examples: Array, source: String })
    t.ok(Object.keys(Object(shown['derivatives'])).length > 0, `${name} has a derivative`)
    for (const text of Object.values(shown['derivatives'] as object)) {
      if (text !== null) t.doesNotThrow(() => define(text), `${name}: ${text}`)
    }
  }
})

/** Equal to within a relative error, numbers, lists and objects alike. */
function near (found: unknown, expected: unknown, tolerance = 2e-6): boolean {
  if (typeof expected === 'number') {
    const most = tolerance * (1 + Math.abs(expected))
    return typeof found === 'number' && Math.abs(found - expected) <= most
  }
  if (typeof expected !== 'object' || expected === null) return found === expected
  const [left, right] = [Object(found), expected as Record<string, unknown>]
  return Object.keys(right).length === Object.keys(left).length &&
    Object.keys(right).every(key => near(left[key], right[key], tolerance))
}
