// What holds of a loss whatever the numbers are: what is given once stands for all examples, and of
// some vectors only the direction counts.

import t from 'tap'
import type { Plain } from '../../src/losses/index.ts'
import { flat, runCase } from './run-case.ts'

type Body = Readonly<Record<string, Plain | Readonly<Record<string, unknown>>>>

// What is given once stands for all examples: the same numbers as where it is written out.
const triplets =
  { anchor: [[1, 2], [0, 1]], positive: [[2, 1], [3, 1]], negative: [[0, 0], [1, -2]] }
const once: readonly (readonly [loss: string, names: string[], request: Body])[] = [
  ['cosine-embedding', ['input1', 'input2'],
    { input1: [[1, 2], [2, -1]], input2: [[3, -1], [1, 1]], target: [1, -1] }],
  ['gaussian-nll', ['target', 'var'],
    { input: [[1, 2], [0, 3]], target: [[2, 0], [1, 1]], var: [[0.5, 1], [2, 3]] }],
  ['gaussian-nll', ['input'],
    { input: [[1, 2], [0, 3]], target: [[2, 0], [1, 1]], var: [[0.5, 1]] }],
  ['kl-div', ['input', 'target'],
    { input: [[-1, -2], [-0.5, -3]], target: [[0.4, 0.6], [0.1, 0.9]] }],
  ['margin-ranking', ['input1', 'input2', 'target'],
    { input1: [[1], [4]], input2: [[2], [3]], target: [[1], [-1]] }],
  ['triplet-margin', Object.keys(triplets), triplets],
  ['triplet-margin-with-distance', Object.keys(triplets), triplets]
]

for (const [loss, names, request] of once) {
  for (const argument of names) {
    t.test(`${loss}: ${argument} given once`, async t => {
      const value = request[argument]
      const [first = 0] = Array.isArray(value) ? value : []
      const run = (value: Plain): readonly number[] =>
        runCase(loss, { ...request, [argument]: value, options: { reduction: 'none' } }).loss
      t.same(run([first]), run([first, first]))
      t.notSame(run([first]), run(value as Plain), `${argument} counts`)
      t.ok(flat(run([first])).every(Number.isFinite))
    })
  }
}

t.test('tensors of one more dimension are refused, not broadcast', async t => {
  for (const loss of ['triplet-margin', 'triplet-margin-with-distance']) {
    for (const argument of Object.keys(triplets)) {
      t.throws(() => runCase(loss, { ...triplets, [argument]: [3, 1] }),
        { code: 'SHAPE_MISMATCH' }, `${loss}: ${argument}`)
    }
  }
})

// Where only directions count, they count however short a vector is.
const directions: readonly (readonly [loss: string, names: string[], request: Body])[] = [
  ['clip', ['image', 'text'],
    { image: [[1, 2], [0, 1]], text: [[2, 1], [3, -1]], logit_scale: 1 }],
  ['info-nce', ['query', 'key', 'negatives'],
    { query: [[1, 2], [0, 1]], key: [[2, 1], [3, -1]], negatives: [[1, 1], [-1, 2]] }],
  ['nt-xent', ['z1', 'z2'], { z1: [[1, 2], [0, 1]], z2: [[2, 1], [3, -1]] }],
  ['sup-con', ['input'], { input: [[1, 2], [0, 1], [2, 1], [3, -1]], target: [0, 1, 0, 1] }],
  ['triplet-margin-with-distance', Object.keys(triplets),
    { ...triplets, negative: [[3, 0], [1, -2]], options: { distance_function: 'cosine' } }]
]

for (const [loss, names, request] of directions) {
  t.test(`${loss}: the length of vectors does not count`, async t => {
    const [wanted = 0] = runCase(loss, request).loss
    const shrink = (value: Plain): Plain =>
      typeof value === 'number' ? value * 1e-7 : value.map(shrink)
    for (const argument of names) {
      const short = { ...request, [argument]: shrink(request[argument] as Plain) }
      const [found = 0] = runCase(loss, short).loss
      t.ok(wanted !== 0 && Math.abs(found / wanted - 1) < 1e-9, `${argument}: ${found}, ${wanted}`)
    }
  })
}
