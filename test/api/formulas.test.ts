// One's own formula over HTTP: the way of the built-ins, bit for bit; errors that point at the
// character; formulas with names; what explains them; memory that stays bounded; strict requests.

import t from 'tap'
import { entriesMax, FormulaEntries } from '../../src/api/formula-entries.ts'
import { requestFields } from '../../src/api/loss-request.ts'
import { losses } from '../../src/losses/index.ts'
import { type App, build } from '../app.ts'

const pair = { input: [0.5, -2], target: [1, 0] }
const logistic = 'softplus(input) - input * target'

t.test('every loss’s own text, posted, gives the same bits', async t => {
  const { get, post } = await build(t)
  for (const { name, cases } of losses) {
    const { formula } = (await get(`/v1/losses/${name}`)).body
    for (const { title, request, reply } of cases) {
      if (reply === undefined) continue
      for (const datatype of ['FP32', 'FP64']) {
        const asked = { gradients: Object.keys(reply.gradients), ...request, datatype }
        const own = await post('/v1/formulas', { ...asked, formula })
        const { loss, gradients, denominator } = (await post(`/v1/losses/${name}`, asked)).body
        t.equal(own.status, 200, `${name}: ${title}: ${own.text.slice(0, 300)}`)
        const { warnings, ...found } = own.body
        const expected = { loss, gradients, ...(denominator === undefined ? {} : { denominator }) }
        t.equal(JSON.stringify(found), JSON.stringify(expected), `${name}: ${title} ${datatype}`)
      }
    }
  }
})

t.test('a text without declarations: tensors and options by where they stand', async t => {
  const { post } = await build(t)
  const own = await post('/v1/formulas', { formula: logistic, ...pair })
  const builtIn = await post('/v1/losses/bce-with-logits', pair)
  t.ok(Math.abs(Number(own.body['loss']) - Number(builtIn.body['loss'])) < 1e-6)
  const scaled = { formula: 'd = input - target; smooth ? a * d ** 2 : abs(d)', ...pair }
  const loss = async (options: object) =>
    (await post('/v1/formulas', { ...scaled, options })).body
  t.match(await loss({ a: 2, smooth: true }), { loss: 4.25 })
  t.match(await loss({ a: 2, smooth: false }), { loss: 1.25 })
  t.match(await loss({ a: 2, smooth: false, reduction: 'none' }), { loss: [0.5, 2] })
  t.match(await loss({ a: 2, smooth: false, reduction: 'sum' }), { loss: 2.5 })
  t.match(await post('/v1/formulas', { formula: 'sum(x, -1)', x: [[1, 2], [3, 4]] }),
    { body: { loss: 5, gradients: { x: [[0.5, 0.5], [0.5, 0.5]] } } })
  t.match(await loss({ smooth: false }),
    { code: 'ARGUMENT_MISSING', errors: [{ pointer: '/a' }] })
})

t.test('gradients are those of what stands beside the options, but target', async t => {
  const { post } = await build(t)
  const formula = 'input: real[...]; target: real[...]; weight: real[...] = 1\n' +
    'delta: number = 1\nweight * delta * abs(input - target)'
  const names = async (body: object) =>
    Object.keys((await post('/v1/formulas', { formula, ...pair, ...body })).body['gradients'] ?? {})
  t.same(await names({}), ['input'])
  t.same(await names({ weight: [1, 2] }), ['input', 'weight'])
  t.same(await names({ options: { weight: [1, 2] } }), ['input'])
  t.same(await names({ weight: [1, 2] }), ['input', 'weight'], 'whatever was asked before')
  t.same(await names({ gradients: ['target'] }), ['target'])
  t.same(await names({ gradients: [] }), [])
})

t.test('errors point at the character and offer the nearest name', async t => {
  const { post } = await build(t)
  const refused = async (formula: unknown, body: object = pair) =>
    (await post('/v1/formulas', { formula, ...body })).body
  t.match(await refused('softplos(input) - target'), {
    status: 422, code: 'FORMULA_INVALID', detail: /softplus/,
    errors: [{ pointer: '/formula', position: 0 }]
  })
  t.match(await refused('input -\n * target'),
    { code: 'FORMULA_INVALID', errors: [{ pointer: '/formula', position: 9 }] })
  t.match(await refused('input: real[N]; target: real[N]\ninput - targte'),
    { detail: /target/, errors: [{ position: 40 }] })
  t.match(await refused(5), { code: 'FIELD_INVALID', errors: [{ pointer: '/formula' }] })
  t.match(await refused(undefined), { code: 'FIELD_INVALID', errors: [{ pointer: '/formula' }] })
  t.match(await refused('x'.repeat(16_385)), { code: 'FORMULA_TOO_LARGE' })
  t.match(await refused(`${'('.repeat(65)}1${')'.repeat(65)}`), { code: 'FORMULA_TOO_LARGE' })
  const twice = Array.from({ length: 30 }, (_, k) => `f${k + 1} = x => f${k}(f${k}(x))`)
  t.match(await refused(`f0 = x => x * x\n${twice.join('\n')}\nf30(input) + target`),
    { status: 422, code: /FORMULA/ })
  t.match(await refused('input: state real[...]; target: real[...]\ninput - target'),
    { code: 'FORMULA_INVALID', detail: /only optimizers/, errors: [{ position: 0 }] })
  for (const name of [...requestFields, 'formula', 'explain']) {
    t.match(await refused(`input * target + ${name}`),
      { code: 'FORMULA_INVALID', errors: [{ pointer: '/formula', position: 17 }] }, name)
  }
  t.match(await refused(logistic, { input: [1, 2, 3], target: [1, 0] }),
    { code: 'SHAPE_MISMATCH', detail: /\[3\]/ })
  t.match(await refused(logistic, { ...pair, tarte: 1 }), { code: 'FIELD_UNKNOWN' })
  t.match(await refused(logistic, { ...pair, explain: 1 }), { code: 'FIELD_INVALID' })
})

t.test('explain shows the derivative, which is a formula, and the module', async t => {
  const { post } = await build(t)
  const { body } = await post('/v1/formulas', { formula: logistic, ...pair, explain: true })
  const explain = body['explain'] as Record<string, unknown>
  t.match(explain, { derivatives: { input: /sigmoid/ }, wat: /^\(module/, loops: [/loop/] })
  const formula = (explain['derivatives'] as { input: string }).input
  const slope = await post('/v1/formulas', { formula, ...pair, options: { reduction: 'none' } })
  const gradient = (body['gradients'] as { input: number[] }).input
  t.same((slope.body['loss'] as number[]).map(value => Math.fround(value / 2)),
    gradient.map(Math.fround))
  t.notOk('explain' in (await post('/v1/formulas', { formula: logistic, ...pair })).body)
})

t.test('second derivatives, float64, typed tensors, upstream gradients', async t => {
  const { post } = await build(t)
  const input = { datatype: 'FP64', shape: [2], data: [1, 2] }
  t.match((await post('/v1/formulas', {
    formula: 'input ** 3', input, options: { reduction: 'sum' }, grad_output: 2,
    second_order: 'diagonal', hessian_vector: { input: [1, 10] }
  })).body, {
    loss: { datatype: 'FP64', shape: [], data: [9] },
    gradients: { input: { data: [6, 24] } },
    hessians: { input: { data: [12, 24] } },
    hessian_vectors: { input: { data: [12, 240] } }
  })
})

async function put (app: App, name: string, body: unknown) {
  return await app.send('PUT', `/v1/formulas/${name}`, { 'content-type': 'application/json' },
    JSON.stringify(body))
}

t.test('a formula is kept, used by its name, replaced, forgotten', async t => {
  const app = await build(t, { FORMULAS_MAX: '2' })
  const { get, post, send } = app
  const made = await put(app, 'my-loss', { formula: logistic, summary: 'mine' })
  t.match(made, { status: 201, headers: { location: '/v1/formulas/my-loss' } })
  t.match(made.body, {
    name: 'my-loss', summary: 'mine', formula: logistic, derivatives: { input: String }
  })
  t.same((await get('/v1/formulas/my-loss')).body, made.body)
  t.same((await get('/v1/losses/my-loss')).body, made.body)
  t.match((await get('/v1/formulas')).body, {
    grammar: /statement/, formulas: [{ name: 'my-loss', summary: 'mine' }]
  })
  const posted = await post('/v1/formulas', { ...pair, formula: logistic })
  t.equal((await post('/v1/losses/my-loss', pair)).text, posted.text)
  t.match(await post('/v1/losses/my-loss', { ...pair, formula: logistic }),
    { status: 422, body: { code: 'FIELD_UNKNOWN', errors: [{ pointer: '/formula' }] } })

  t.equal((await put(app, 'my-loss', { formula: 'abs(input - target)' })).status, 200)
  t.match(await post('/v1/losses/my-loss', pair), { body: { loss: 1.25 } })
  for (const method of ['PUT', 'DELETE', 'PATCH'] as const) {
    t.match(await send(method, '/v1/losses/my-loss'), {
      status: 405,
      headers: { allow: 'GET, HEAD, POST' },
      body: { detail: `/v1/losses/my-loss answers GET, HEAD, POST, not ${method}` }
    })
    t.match(await send(method, '/v1/losses/my-los'),
      { status: 404, body: { code: 'LOSS_UNKNOWN', detail: /my-loss/ } })
  }
  t.match(await post('/v1/losses/my-los', pair),
    { status: 404, body: { code: 'LOSS_UNKNOWN', detail: /my-loss/ } })
  t.match(await get('/v1/formulas/my-los'),
    { status: 404, body: { code: 'FORMULA_UNKNOWN', detail: /my-loss/ } })
  for (const name of ['mse', 'CrossEntropyLoss']) {
    t.match(await put(app, name, { formula: logistic }),
      { status: 422, body: { code: 'FORMULA_NAME_TAKEN' } })
  }
  t.match(await put(app, '-a', { formula: logistic }), { body: { code: 'FIELD_INVALID' } })
  t.match(await put(app, 'other', { formula: 'softplos(x)' }),
    { body: { code: 'FORMULA_INVALID', errors: [{ position: 0 }] } })
  t.match(await put(app, 'other', { formula: 'x', sumary: '' }),
    { body: { code: 'FIELD_UNKNOWN', errors: [{ pointer: '/sumary' }] } })
  t.match(await put(app, 'other', { formula: 'x', summary: 1 }),
    { body: { code: 'FIELD_INVALID' } })
  t.equal((await put(app, 'other', { formula: 'x' })).status, 201)
  t.match(await put(app, 'third', { formula: 'x' }),
    { status: 429, body: { code: 'FORMULAS_TOO_MANY' } })

  t.equal((await send('DELETE', '/v1/formulas/my-loss')).status, 204)
  t.match(await send('DELETE', '/v1/formulas/my-loss'), { status: 404 })
  t.match(await post('/v1/losses/my-loss', pair), { status: 404, body: { code: 'LOSS_UNKNOWN' } })
})

t.test('a session trains with a kept formula as with the built-in of its text', async t => {
  const app = await build(t)
  const { get, post } = app
  const { formula } = (await get('/v1/losses/huber')).body
  await put(app, 'mine', { formula })
  const layers = [{ type: 'Linear', in_features: 1, out_features: 1 }]
  const model = { type: 'Sequential', layers }
  const digests: unknown[] = []
  for (const type of ['mine', 'huber']) {
    const made = await post('/v1/sessions',
      { model, loss: { type, delta: 0.5 }, optimizer: { type: 'SGD', lr: 0.1 }, seed: 1 })
    t.match(made, { status: 201 }, made.text)
    await app.send('DELETE', '/v1/formulas/mine')
    const path = `/v1/sessions/${made.body['id']}`
    const step = await post(`${path}/step`, { input: [[1], [2]], target: [[3], [-4]] })
    t.equal(step.status, 200, step.text)
    digests.push((await get(path)).body['digest'])
  }
  t.equal(digests[0], digests[1])
  t.match(await post('/v1/sessions', { model, loss: { type: 'mine' }, optimizer: { type: 'SGD' } }),
    { status: 422, body: { errors: [{ pointer: '/loss/type' }] } })
})

t.test('a name stands for the text that it has now, wherever a loss is named', async t => {
  const app = await build(t)
  const { post } = app
  const layers = [{ type: 'Linear', in_features: 1, out_features: 1 }]
  const model = { type: 'Sequential', layers }
  const session = { model, loss: { type: 'mine', a: 2 }, optimizer: { type: 'SGD' }, seed: 1 }
  const asked = { input: [3], target: [1], options: { a: 2 } }
  const results: unknown[] = []
  for (const formula of ['a * (input - target) ** 2', 'a * (input - target) ** 4']) {
    await put(app, 'mine', { formula })
    const loss = await post('/v1/losses/mine', { ...asked, second_order: 'diagonal' })
    const vector = await post('/v1/losses/mine', { ...asked, hessian_vector: { input: [1] } })
    const { options, ...arguments_ } = asked
    const terms = await post('/v1/losses', { ...arguments_, terms: [{ loss: 'mine', options }] })
    const made = await post('/v1/sessions', session)
    const body = { input: [[1]], target: [[1]] }
    const step = await post(`/v1/sessions/${made.body['id']}/step`, body)
    t.equal(step.status, 200, step.text)
    results.push([loss.body['hessians'], vector.body['hessian_vectors'], terms.body['loss']])
    results.push(step.body['loss'])
  }
  const [square, squareStep, fourth, fourthStep] = results
  t.same(square, [{ input: [4] }, { input: [4] }, 8])
  t.same(fourth, [{ input: [96] }, { input: [96] }, 32])
  t.ok(Math.abs(2 * (Number(squareStep) / 2) ** 2 - Number(fourthStep)) < 1e-5)
})

t.test('many formulas in a row leave the caches bounded', async t => {
  const { post, service } = await build(t, { PROGRAMS_MAX: '8', INLINE_BUDGET_US: '0' })
  for (let index = 0; index < 40; index++) {
    const formula = `(input - target * ${index}) ** 2`
    t.equal((await post('/v1/formulas', { formula, ...pair })).status, 200)
  }
  t.ok(service.pool.stats().programs <= 8)
  t.equal(service.heap.usedBytes, 0)
  const entries = new FormulaEntries()
  for (let index = 0; index < entriesMax + 9; index++) {
    entries.find({ name: 'a', text: `input * ${index}`, summary: '' })
  }
  t.equal(entries.size, entriesMax)
})

t.test('strict turns warnings into an error', async t => {
  const { post } = await build(t)
  const broadcast = { input: [[1], [2]], target: [1, 2] }
  t.match(await post('/v1/losses/mse', broadcast),
    { status: 200, body: { warnings: [{ code: 'broadcast' }] } })
  t.match(await post('/v1/losses/mse', { ...broadcast, strict: true }), {
    status: 422,
    body: { code: 'WARNING_REFUSED', detail: /broadcast: /, errors: [{ pointer: '/strict' }] }
  })
  t.equal((await post('/v1/losses/mse', { ...broadcast, strict: false })).status, 200)
  t.equal((await post('/v1/losses/mse', { ...pair, strict: true })).status, 200)
  t.match(await post('/v1/losses/mse', { ...pair, strict: 1 }), { body: { code: 'FIELD_INVALID' } })
})
