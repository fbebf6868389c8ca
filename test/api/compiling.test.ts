// Programs are compiled apart: while one takes its time the service answers others, nobody compiles
// twice, who leaves is not waited for, and what is too large is a 422 that says what to do.

import t from 'tap'
import { Workshop } from '../../src/compute/workshop.ts'
import type { Work } from '../../src/kernels/apart.ts'
import { build } from '../app.ts'

const pair = { input: [[0.5, -2, 1], [1, 2, 3]], target: [[1, 0, 0], [0, 1, 0]] }

/** A text near the limits: some hundred milliseconds of work. */
const long = [
  ...Array.from({ length: 150 }, (_, k) => `x${k + 1} = tanh(x${k} * target + ${k})`), 'x150'
].join('\n').replace('x0', 'input')

t.test('the event loop turns while a long formula is compiled', async t => {
  const { post } = await build(t)
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  const slow = post('/v1/formulas', { ...pair, formula: long })
  const quick = await post('/v1/losses/mse', pair)
  t.match(quick, { status: 200 }, 'a program that is there is not waited for')
  t.match(await slow, { status: 200, body: { loss: Number } })
  clearInterval(counting)
  t.ok(turns > 20, `${turns} turns of a loop that was free`)
})

t.test('requests for one program wait for one compilation', async t => {
  const { post, service } = await build(t)
  let pieces = 0
  const { do: own } = Workshop.prototype
  t.teardown(() => { Workshop.prototype.do = own })
  Workshop.prototype.do = function<Given, Made> (
    this: Workshop, work: Work<Given, Made>, given: Given
  ) {
    pieces++
    return own.call(this, work, given) as Promise<Made>
  }
  const answers = await Promise.all(Array.from({ length: 9 }, () =>
    post('/v1/formulas', { ...pair, formula: 'tanh(input) * target + 9' })))
  t.equal(new Set(answers.map(({ text }) => text)).size, 1)
  t.match(answers[0], { status: 200 })
  t.equal(pieces, 1)
  await post('/v1/formulas', { ...pair, formula: 'tanh(input) * target + 9' })
  t.equal(pieces, 1, 'and then it is there')
  t.equal(service.heap.usedBytes, 0)
})

t.test('a deadline ends the waiting', async t => {
  const { post } = await build(t)
  t.match(await post('/v1/formulas', { ...pair, formula: long }, { 'request-timeout-ms': '5' }),
    { status: 504, body: { code: 'DEADLINE_EXCEEDED', detail: /5 ms/ } })
  t.match(await post('/v1/formulas', { ...pair, formula: long }), { status: 200 })
})

t.test('a program that takes longer than the limit is refused, and nothing else', async t => {
  const { post } = await build(t, { COMPILE_MS_MAX: '10' })
  t.match(await post('/v1/formulas', { ...pair, formula: long }), {
    status: 422,
    body: { code: 'COMPILE_TIMEOUT', detail: /10 ms, the limit.*COMPILE_MS_MAX/, retryable: false }
  })
  t.match(await post('/v1/losses/mse', pair), { status: 200 })
})

t.test('what is too large for the machine is refused, every time', async t => {
  const { post } = await build(t)
  const formula = Array.from({ length: 400 }, (_, k) => `tanh(input * ${k}.5) * target`).join(' + ')
  for (let times = 0; times < 2; times++) {
    t.match(await post('/v1/formulas', { ...pair, formula }), {
      status: 422,
      body: {
        code: /FORMULA_TOO_LARGE|COMPILE_TIMEOUT/, detail: /Let .* have fewer operations/
      }
    })
  }
  t.match(await post('/v1/formulas', { ...pair, formula: 'input - target' }), { status: 200 })
})

t.test('refusals that compiling comes to point at their places', async t => {
  const { post } = await build(t)
  const formula = 'logsumexp(logsumexp(input, 1), 0)'
  const { input } = pair
  for (let times = 0; times < 2; times++) {
    t.match(await post('/v1/formulas', { formula, input, second_order: 'diagonal' }), {
      status: 422,
      body: { code: 'SECOND_ORDER_UNKNOWN', errors: [{ pointer: '/second_order' }] }
    })
  }
})
