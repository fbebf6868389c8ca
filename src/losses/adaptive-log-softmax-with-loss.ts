// Adaptive softmax: classes by falling frequency, the frequent ones in a head, the others in
// clusters whose matrices become smaller and smaller. Its text has a part for each cluster.

import type { Loss } from './loss.ts'

// The clusters that a request may have, each as PyTorch names its two matrices.
const clusters = [0, 1, 2, 3]

const matrices = clusters.map(i => `
    tail.${i}.0.weight: real[P${i}, D] = 0
    tail.${i}.1.weight: real[T${i}, P${i}] = 0`)

// A cluster that is missing has no axis T; it counts as one place, so that nothing is added.
const classes = ['H', ...clusters.map(i => `(T${i} - 1)`)].join(' + ')

const count = clusters.map(i => `(given(tail.${i}.1.weight) ? 1 : 0)`).join(' + ')

const outputs = clusters.map(i => `
    first_${i} = ${i === 0 ? 'shortlist' : `first_${i - 1} + T${i - 1}`}
    hidden_${i} = sum(input * tail.${i}.0.weight, D)
    output_${i} = given(tail.${i}.0.weight) && given(tail.${i}.1.weight) && target >= first_${i}
      ? head[H = shortlist + ${i}] + log_softmax(sum(hidden_${i} * tail.${i}.1.weight, P${i}),
        T${i})[T${i} = target - first_${i}]
      : ${i === 0 ? 'head[H = target]' : `output_${i - 1}`}`)

// Two classes in the head, two in a cluster.
const twoAndTwo = {
  input: [[1, -0.5], [0.3, 2], [-1, 0.5]],
  target: [0, 2, 3],
  'head.weight': [[0.5, 0.1], [-0.2, 0.4], [0.3, -0.6]],
  'tail.0.0.weight': [[1, -1]],
  'tail.0.1.weight': [[0.5], [-0.5]]
}

export const adaptiveLogSoftmaxWithLoss: Loss = {
  name: 'adaptive-log-softmax-with-loss',
  torch: 'AdaptiveLogSoftmaxWithLoss',
  task: 'multi-class classification',
  summary: 'The negative log-probability of the right one of very many classes, the rare ones in ' +
    'clusters of their own',
  choose: 'For vocabularies: many thousands of classes, sorted by falling frequency. Where the ' +
    'matrix of all classes is affordable take linear-cross-entropy. There are at most ' +
    `${clusters.length} clusters; their matrices say where they begin.`,
  source: 'Grave 2017; torch.nn.AdaptiveLogSoftmaxWithLoss',
  formula: `
    input:  real[N?, D]
    target: class(K)[N?]
    head.weight: real[H, D]      // the frequent classes, then a row for each cluster
    head.bias:   real[H] = 0${matrices.join('')}
    cutoffs: integer[J] = 0      // where the clusters begin
    in_features: integer >= 0 = 0
    n_classes:   integer >= 0 = 0
    div_value: number > 0 = 4
    head_bias: boolean = false
    return:    'loss' | 'output' = 'loss'
    reduction: 'none' | 'mean' | 'sum' = 'mean'

    K = axis(maximum(0, ${classes}))
    tails = ${count}
    shortlist = H - tails
    head = log_softmax(sum(input * head.weight, D) + head.bias, H)${outputs.join('')}
    output = output_${clusters.at(-1)}
    reduction = return == 'output' ? 'none' : reduction
    return == 'output' ? output : -output`,
  tensorOptions: ['cutoffs'],
  refuse: [
    ...clusters.map((i): [string, string] => [
      `given(tail.${i}.0.weight) != given(tail.${i}.1.weight)`,
      `tail.${i}.0.weight and tail.${i}.1.weight are given together or not at all`
    ]),
    ...clusters.slice(1).map((i): [string, string] => [
      `given(tail.${i}.1.weight) && !given(tail.${i - 1}.1.weight)`,
      `tail.${i}.1.weight needs the cluster before it, tail.${i - 1}.1.weight`
    ]),
    ['shortlist < 1', 'head.weight {head.weight} has no row for a class: it has one for each ' +
      'class of its own, then one for each cluster'],
    ['in_features != 0 && in_features != D',
      'in_features is {in_features}; input {input} has {D} features'],
    ['n_classes != 0 && n_classes != K',
      'n_classes is {n_classes}; head.weight {head.weight} and the clusters have {K} classes'],
    ['given(cutoffs) && any(index(J) > 0 && cutoffs <= cutoffs[J = index(J) - 1] || cutoffs < 1)',
      'cutoffs must be unique, positive integers in increasing order'],
    [`given(cutoffs) && (J != tails || ${clusters.map(i =>
      `given(tail.${i}.1.weight) && cutoffs[J = ${i}] != first_${i}`).join(' || ')})`,
      'cutoffs and matrices differ: the first is the number of rows of head.weight ' +
      '{head.weight} less one for each cluster, each later one adds the rows of ' +
      'tail.0.1.weight, tail.1.1.weight …'],
    ['head_bias && !given(head.bias)', 'head_bias is true, but head.bias is missing']
  ],
  warn: [
    [clusters.map(i => `given(tail.${i}.0.weight) && P${i} != floor(D / div_value ** ${i + 1})`)
      .join(' || '), 'other_projection',
    'The clusters are not as wide as div_value {div_value} says: the rows of tail.i.0.weight ' +
      'would be the features of the input divided by div_value ** (i + 1)']
  ],
  cases: [
    {
      title: 'Two classes in the head, two in a cluster',
      request: {
        ...twoAndTwo,
        options: { cutoffs: [2], n_classes: 4, div_value: 2 }
      },
      reply: {
        loss: 2.354132,
        gradients: {
          input: [
            [-0.06843133, -0.08819282], [-0.34809905, 0.54969364], [-0.016155101, 0.18041295]
          ],
          'head.weight': [
            [-0.24704324, 0.3880507], [-0.076129384, 0.42876905], [0.3231726, -0.8168197]
          ],
          'tail.0.0.weight': [[-0.14536199, -0.53328556]],
          'tail.0.1.weight': [[0.38792363], [-0.38792363]]
        },
        denominator: 3
      }
    },
    {
      title: 'The log-probability of each sample',
      request: {
        ...twoAndTwo,
        options: { return: 'output', div_value: 2 },
        gradients: ['input']
      },
      reply: {
        loss: [-0.951368, -4.3244457, -1.7865822],
        gradients: {
          input: [[0.205294, 0.26457846], [1.0442972, -1.649081], [0.04846531, -0.5412388]]
        }
      }
    },
    {
      title: 'A cluster of another width than div_value says',
      request: {
        input: [[0, 0]],
        target: [0],
        'head.weight': [[1, 0], [0, 1]],
        'tail.0.0.weight': [[1, -1]],
        'tail.0.1.weight': [[0.5], [-0.5]],
        gradients: []
      },
      reply: { loss: 0.6931472, gradients: {}, denominator: 1 },
      warnings: ['other_projection']
    },
    {
      title: 'A class that does not exist',
      request: {
        input: [[1, 2]],
        target: [3],
        'head.weight': [[1, 0], [0, 1]],
        'tail.0.0.weight': [[1, 2]],
        'tail.0.1.weight': [[1], [2]]
      },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 3 at [0]; classes are 0 to 2' }
    },
    {
      title: 'Cutoffs that are not sorted',
      request: {
        input: [[1, 2]],
        target: [0],
        'head.weight': [[1, 0], [0, 1]],
        'tail.0.0.weight': [[1, 2]],
        'tail.0.1.weight': [[1], [2]],
        options: { cutoffs: [2, 1] }
      },
      refused: {
        code: 'VALUE_REFUSED',
        detail: 'cutoffs must be unique, positive integers in increasing order'
      }
    },
    {
      title: 'A cluster without its second matrix',
      request: {
        input: [[1, 2]], target: [0], 'head.weight': [[1, 0], [0, 1]], 'tail.0.0.weight': [[1, 2]]
      },
      refused: {
        code: 'VALUE_REFUSED',
        detail: 'tail.0.0.weight and tail.0.1.weight are given together or not at all'
      }
    }
  ]
}
