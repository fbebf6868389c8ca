// Class indices of 2^24 and more, which float32 cannot tell apart: they are refused where one would
// be taken for another, and told apart in float64.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { LossPrograms } from '../../src/kernels/loss-program.ts'
import { build } from '../app.ts'

const far = 2 ** 24 + 1
const pairs = [[far, far - 1], [-far, 1 - far], [2 ** 31 - 1, 2 ** 31]] as const
const input = [[-1, -2, -3], [-2, -1, -3]]

t.test('an index that is like ignore_index only in float32', async t => {
  const { post } = await build(t)
  for (const loss of ['nll', 'cross-entropy', 'lovasz-softmax']) {
    const ask = async (ignore_index: number, target: number[], more: object = {}) =>
      (await post(`/v1/losses/${loss}`, { input, target, options: { ignore_index }, ...more })).body
    for (const [ignored, near] of pairs) {
      t.match(await ask(ignored, [0, ignored]), { loss: Number }, `${loss}: ${ignored} is ignored`)
      t.match(await ask(ignored, [0, near]), {
        status: 422, code: 'TARGET_RANGE', errors: [{ pointer: '/target' }],
        detail: new RegExp(`holds ${near}.* ignore_index ${ignored}`)
      }, `${loss}: ${near} is not ${ignored}`)
      t.match(await ask(ignored, [0, near], { datatype: 'FP64' }),
        { status: 422, code: 'TARGET_RANGE', detail: /classes are 0 to 2/ }, 'in float64 as ever')
    }
    t.match(await ask(-100, [0, -100]), { loss: Number })
  }
  const terms = [{ loss: 'nll', options: { ignore_index: far } }, { loss: 'nll' }]
  t.match((await post('/v1/losses', { terms, input, target: [0, far - 1] })).body,
    { status: 422, code: 'TARGET_RANGE' })
  const only = { terms: terms.slice(0, 1), input }
  t.match((await post('/v1/losses', { ...only, target: [0, far - 1] })).body,
    { status: 422, code: 'TARGET_RANGE', errors: [{ pointer: '/target' }] })
  t.match((await post('/v1/losses', { ...only, target: [0, far] })).body, { loss: 1 })
})

t.test('more classes than float32 tells apart', async t => {
  const programs = new LossPrograms({
    relaxed: false, programsMax: 1, forget: () => {}, doer: () => { throw new Error('compiled') }
  })
  const formula = 'input: real[N, C]; target: class[N]\ninput[target]'
  const plan = (classes: number, datatype: 'FP32' | 'FP64') => () => programs.plan({
    definition: define(formula),
    tensors: {
      input: { kind: 'real', tensor: { datatype, shape: [1, classes], address: 0 } },
      target: { kind: 'class', tensor: { datatype: 'INT64', shape: [1], address: 0 } }
    },
    options: {}, gradients: [], datatype
  })
  t.throws(plan(far, 'FP32'), {
    code: 'SHAPE_MISMATCH', errors: [{ pointer: '/target' }],
    message: 'target counts 16777217 classes; float32 tells 16777216 apart: let datatype be FP64'
  })
  for (const held of [plan(far - 1, 'FP32'), plan(far, 'FP64')]) {
    t.throws(held, { message: 'compiled' })
  }
})
