// Compiled programs against the plain evaluator: every kind of loop (flat, lanes along and beside
// rows, several inner axes, gathers, broadcasts, products), both precisions, tails of all lengths.

import t from 'tap'
import { enableRelaxedSimd } from '../../src/kernels/assemble.ts'
import { compileProgram } from '../../src/kernels/compile.ts'
import { Random } from '../random.ts'
import { differences, randomOperands } from './against-evaluator.ts'
import { graphOf, type Texts } from './texts.ts'

interface Case extends Texts {
  /** Lengths to try, in the order of `axes`. */
  readonly lengths: readonly (readonly number[])[]
}

const flat = [0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 1000, 1024, 1025, 5000, 200_001]

const cases: Readonly<Record<string, Case>> = {
  'squares, flat': {
    axes: 'S',
    lengths: flat.map(length => [length]),
    tensors: { x: 'S', y: 'S' },
    loss: 'd = x - y; mean(d * d)'
  },
  'squares of a broadcast, gradients summed back': {
    axes: 'NC',
    lengths: [[1, 1], [3, 4], [5, 17], [40, 3], [600, 7]],
    tensors: { x: 'N', y: 'C' },
    loss: 'd = x - y; mean(d * d)'
  },
  'squares without reduction, an upstream gradient': {
    axes: 'NC',
    lengths: [[3, 5], [2, 33]],
    tensors: { x: 'N C', y: 'C' },
    loss: 'd = x - y; d * d'
  },
  'softplus and sigmoid share an exponential': {
    axes: 'S',
    lengths: [[5], [70]],
    tensors: { x: 'S' },
    loss: 'mean(softplus(x))'
  },
  'cross-entropy, lanes along the classes': {
    axes: 'NC',
    lengths: [[1, 1], [3, 5], [7, 16], [4, 19], [64, 10], [3, 5000], [500, 7]],
    tensors: { x: 'N C', class: 'N INT64' },
    loss: 'mean(-log_softmax(x, C)[C = class])'
  },
  'values collected along two axes': {
    axes: 'CNSP',
    lengths: [[1, 1, 1, 1], [2, 3, 4, 5], [3, 4, 2, 70], [1, 2, 5, 300], [2, 3, 3, 0]],
    tensors: { x: 'N C S', y: 'N S', i: 'P INT64', j: 'P INT64' },
    loss: 'sum(x[N = i, S = j] ** 2) + sum(y[N = i, S = j] ** 2)'
  },
  'cross-entropy of one sample': {
    axes: 'C',
    lengths: [[1], [5], [1000]],
    tensors: { x: 'C', class: 'INT64' },
    loss: '-log_softmax(x, C)[C = class]'
  },
  'cross-entropy, lanes beside the classes': {
    axes: 'NCS',
    lengths: [[1, 1, 1], [2, 3, 4], [2, 5, 19], [3, 4, 1100], [2, 600, 5]],
    tensors: { x: 'N C S', class: 'N S INT64' },
    loss: 'mean(-log_softmax(x, C)[C = class])'
  },
  'cross-entropy with class weights and a mean over them': {
    axes: 'NCS',
    lengths: [[2, 3, 4], [2, 5, 19], [40, 3, 1]],
    tensors: { x: 'N C S', w: 'C', class: 'N S INT64' },
    by: ['x'],
    numbers: { ignored: 1 },
    loss: `kept = class != ignored
           weight = w[C = class]
           value = kept ? -weight * log_softmax(x, C)[C = class] : 0
           sum(value) / sum(kept ? weight : 0, N, S)`
  },
  'soft targets and a gradient by the class weights': {
    axes: 'NCS',
    lengths: [[2, 3, 4], [5, 9, 2], [2, 5, 70]],
    tensors: { x: 'N C S', y: 'N C S', w: 'C' },
    loss: 'mean(-sum(w * y * log_softmax(x, C), C))'
  },
  'a softmax kept in scratch for three uses': {
    axes: 'NC',
    lengths: [[3, 5], [2, 70], [4, 4100]],
    tensors: { x: 'N C' },
    values: {
      a: ['NC', 'e = exp(x / 8); e / sum(e, C)'],
      b: ['NC', 'e = exp(x / 8); e - max(e, C)'],
      c: ['N', 'e = exp(x / 8); min(e - max(e, C), C)']
    }
  },
  'an input read in another order': {
    axes: 'NM',
    lengths: [[3, 5], [20, 9]],
    tensors: { x: 'N M', y: 'M N' },
    loss: 'mean(exp(x * y))'
  },
  'softmax both ways': {
    axes: 'NM',
    lengths: [[3, 5], [20, 9]],
    tensors: { x: 'N M' },
    loss: 'both = softmax(x, N) + log_softmax(x, M); mean(both * both)'
  },
  'two gathers at once': {
    axes: 'NABS',
    lengths: [[1, 1, 1, 1], [3, 4, 5, 2], [9, 3, 4, 7]],
    tensors: { t: 'A S B', i: 'N INT64', j: 'N S INT32', x: 'N S' },
    loss: 'mean(x * t[A = i, B = j])',
    by: ['x'],
    values: { whole: ['N', 't[A = i, B = 1, S = 0]'], one: ['', 't[A = 1, B = 2, S = 0]'] }
  },
  'positions and lengths as numbers': {
    axes: 'NCS',
    lengths: [[2, 3, 4], [2, 5, 19]],
    tensors: { x: 'N C S' },
    loss: `place = index(N) / N * index(C) / C + index(S)
           sum(x * (place * index(S) / S + index(S)), C)`
  },
  'integers and flags as numbers': {
    axes: 'NC',
    lengths: [[3, 5], [2, 19]],
    tensors: { a: 'N C INT64', b: 'N C INT32', c: 'N C UINT8', d: 'N C BOOL' },
    values: { sum: ['NC', 'a + b + c + d'], rows: ['C', 'max(a + b + c + d, N)'] }
  },
  'totals of a maximum, a minimum and a yes/no': {
    axes: 'S',
    lengths: [[1], [7], [70_000]],
    tensors: { x: 'S' },
    values: { max: ['', 'max(x)'], min: ['', 'min(x)'], any: ['', 'any(x > 3) ? 1 : 0'] }
  },
  'a linear layer with its gradients': {
    axes: 'NIO',
    lengths: [[1, 1, 1], [3, 5, 2], [16, 33, 10], [64, 100, 17]],
    tensors: { x: 'N I', w: 'O I', b: 'O' },
    loss: 'y = sum(x * w, I) + b; mean(tanh(y) ** 2)',
    values: { y: ['NO', 'sum(x * w, I) + b'] }
  },
  'two layers and cross-entropy': {
    axes: 'NIHC',
    lengths: [[4, 6, 5, 3], [16, 20, 12, 10]],
    tensors: { x: 'N I', v: 'H I', w: 'C H', class: 'N INT32' },
    loss: `hidden = relu(sum(x * v, I))
           logits = sum(hidden * w, H)
           mean(-log_softmax(logits, C)[C = class])`
  },
  'running sums both ways': {
    axes: 'NTC',
    lengths: [[1, 1, 1], [3, 5, 2], [2, 70, 9], [1, 300, 1]],
    tensors: { x: 'N T C' },
    loss: 'sum(cumsum(tanh(x), T) * cumsum(x, C, true), T)',
    values: {
      turned: ['TCN', 'cumsum(x, T)'],
      whole: ['NCT', 'cumsum(x, T, true)'],
      one: ['', 'cumsum(sum(x, N, C), T)[T = 1]']
    }
  },
  'the order of rows, and values in it': {
    axes: 'NTR',
    lengths: [[1, 1, 1], [3, 5, 5], [2, 23, 23], [3, 24, 24], [2, 700, 700]],
    tensors: { x: 'N T', y: 'T N' },
    loss: 'i = order(x, T, R); mean(y[T = i] * x[T = i] * index(R))',
    values: {
      order: ['NR', 'order(floor(3 * y), T, R)'],
      turned: ['RN', 'order(x * y, T, R)'],
      inverse: ['NR', 'order(x > 0 ? 0 / 0 : x, T, R)']
    }
  },
  'recurrences along one axis': {
    axes: 'NTC',
    lengths: [[1, 1, 1], [3, 5, 2], [2, 70, 9], [40, 7, 33]],
    tensors: { x: 'N T C', y: 'T' },
    loss: 'a = scan(T, p => tanh(p * x + y), 0.5); mean(a * scan(T, p => p / 2 + a, 0, true))',
    values: {
      alone: ['T', 'scan(T, p => p * 0.9 + y, 1)'],
      back: ['NT', 'scan(T, p => tanh(p + sum(x, C)), 1, true)'],
      last: ['', 'scan(T, p => p * 0.9 + y, 1)[T = T - 1]']
    }
  },
  'recurrences with neighbours': {
    axes: 'NTSR',
    lengths: [[1, 1, 1, 1], [3, 5, 2, 3], [2, 9, 70, 1], [5, 4, 33, 6]],
    tensors: { x: 'N T S', y: 'S', z: 'R' },
    loss: `a = scan(T, p => tanh(p[S = index(S) - 1] * x + exp(y) * p[S = index(S) + 2]), 0.5)
           mean(a * x)`,
    values: {
      both: ['TSRN', `scan(T, p => 0.4 * p[S = index(S) - 1][R = index(R) + 1] + z * p / 2 + x,
                           0.25, true)`],
      far: ['NTS', 'scan(T, p => 0.4 * p[S = index(S) - 11] + x, 0.25)']
    }
  },
  'listwise likelihood': {
    axes: 'NLR',
    lengths: [[1, 1, 1], [3, 5, 5], [2, 40, 40], [20, 9, 9]],
    tensors: { x: 'N L', y: 'N L' },
    by: ['x'],
    loss: `s = x[L = order(y, L, R)]
           mean(sum(scan(R, after => log_add_exp(after, s), -inf, true) - s, R))`
  },
  'lambdarank': {
    axes: 'NLK',
    lengths: [[1, 1, 1], [3, 5, 5], [2, 33, 33]],
    tensors: { x: 'N L', y: 'N L' },
    by: ['x'],
    loss: `other = x => x[L = index(K)]
           above = x => other(x) > x || (other(x) == x && index(K) < index(L))
           discount = x => log(2) / log(2 + sum(above(x) ? 1 : 0, K))
           gain = 2 ** y - 1
           d = stop_gradient(discount(x))
           ideal = clamp_min(sum(gain * discount(y), L), 1e-12)
           w = abs(gain - other(gain)) * abs(d - other(d)) / ideal
           mean(sum(y > other(y) ? w * softplus(other(x) - x) : 0, L, K))`
  },
  'lovász hinge': {
    axes: 'NLR',
    lengths: [[1, 1, 1], [3, 5, 5], [2, 300, 300]],
    tensors: { x: 'N L', t: 'N L BOOL' },
    loss: `e = 1 - x * (2 * t - 1)
           i = order(e, L, R)
           hit = t[L = i]
           all = sum(t, L)
           jaccard = 1 - (all - cumsum(hit, R)) / (all + cumsum(1 - hit, R))
           slope = jaccard - (index(R) == 0 ? 0 : jaccard[R = index(R) - 1])
           mean(sum(relu(e[L = i]) * stop_gradient(slope), R))`
  },
  'ctc': {
    axes: 'TNCLS',
    lengths: [[3, 1, 4, 1, 3], [9, 3, 6, 2, 5], [30, 5, 20, 8, 17]],
    tensors: { x: 'T N C', targets: 'N L INT64' },
    loss: `p = log_softmax(x, C)
           label = index(S) % 2 == 1 ? targets[L = (index(S) - 1) / 2] : 0
           skips = label != label[S = index(S) - 2]
           alpha = scan(T, a => p[C = label] + (index(T) == 0 ? (index(S) < 2 ? 0 : -inf)
             : log_add_exp(a, a[S = index(S) - 1], skips ? a[S = index(S) - 2] : -inf)), -inf)
           ends = index(T) == T - 1 && index(S) >= S - 2 ? alpha : -inf
           mean(-logsumexp(ends, T, S))`
  },
  'a sum that collects by place, also where there is none': {
    axes: 'CDN',
    lengths: [[0, 3, 5], [4, 3, 5], [3, 33, 70], [2, 3, 0]],
    tensors: { x: 'N D', y: 'C', t: 'N INT64' },
    values: { sums: ['CD', 'sum(index(C) == t ? x : 0, N)'], twice: ['C', 'y + y'] }
  },
  'rows of a table, and the gradient collected in it': {
    axes: 'VDN',
    lengths: [[5, 0, 3], [5, 3, 0], [1, 1, 1], [5, 33, 9], [40, 2, 70]],
    tensors: { w: 'V D', i: 'N INT64', g: 'N D' },
    by: ['w'],
    loss: 'mean(w[V = i] * g)'
  },
  'a gradient collected once, and the same along another axis': {
    axes: 'VMDN',
    lengths: [[5, 2, 3, 4], [1, 1, 1, 1], [7, 3, 33, 9]],
    tensors: { w: 'V M D', i: 'N D INT64' },
    by: ['w'],
    loss: 'sum(w[V = i])'
  },
  'direct reward optimisation': {
    axes: 'NT',
    lengths: [[1, 1], [3, 5], [2, 700]],
    tensors: { x: 'N T', y: 'N T', a: 'N' },
    numbers: { beta: 0.05 },
    loss: '-sum(x * a - beta / 2 * (x - y) ** 2) / N / T'
  },
  'numbers alone': {
    axes: '',
    lengths: [[]],
    tensors: { x: '', y: '' },
    loss: 'exp(x) * y'
  }
}

const tolerances = {
  f32: { relative: 2e-5, absolute: 5e-6 },
  f64: { relative: 1e-12, absolute: 1e-14 }
}

t.before(() => { enableRelaxedSimd() })

for (const [name, texts] of Object.entries(cases)) {
  t.test(name, async t => {
    for (const [precision, relaxed] of [['f32', false], ['f32', true], ['f64', false]] as const) {
      const { graph, outputs } = graphOf(texts)
      const program = compileProgram({ graph, outputs, precision, relaxed })
      for (const sizes of texts.lengths) {
        const random = new Random(sizes.reduce((seed, size) => seed * 31 + size, 7))
        const lengths = new Map([...texts.axes].map((axis, index) => [axis, sizes[index] ?? 0]))
        const numbers = new Map(Object.entries(texts.numbers ?? {}))
        const operands = randomOperands(outputs, lengths, numbers, random)
        const found = differences(program, outputs, operands, { random, ...tolerances[precision] })
        t.same(found, [], `${precision}${relaxed ? ' relaxed' : ''} [${sizes}]`)
      }
    }
  })
}
