// Adaptive softmax: classes by falling frequency, the frequent ones in a head, the others in
// clusters whose matrices become smaller and smaller.

import type { Loss } from './loss.ts'

// Two classes in the head, two in a cluster.
const twoAndTwo = {
  input: [[1, -0.5], [0.3, 2], [-1, 0.5]],
  target: [0, 2, 3],
  'head.weight': [[0.5, 0.1], [-0.2, 0.4], [0.3, -0.6]],
  'tail.0.0.weight': [[1, -1]],
  'tail.0.1.weight': [[0.5], [-0.5]]
}

// A class in the head and in each of six clusters, two in the last.
const many = Object.fromEntries([0, 1, 2, 3, 4, 5].flatMap(cluster => [
  [`tail.${cluster}.0.weight`, [[1, -0.5], [0.5, 0.25]]],
  [`tail.${cluster}.1.weight`, cluster < 5 ? [[0.5, -1]] : [[0.5, -1], [-0.25, 0.75]]]
]))

export const adaptiveLogSoftmaxWithLoss: Loss = {
  name: 'adaptive-log-softmax-with-loss',
  torch: 'AdaptiveLogSoftmaxWithLoss',
  task: 'multi-class classification',
  summary: 'The negative log-probability of the right one of very many classes, the rare ones in ' +
    'clusters of their own',
  choose: 'For vocabularies: many thousands of classes, sorted by falling frequency. Where the ' +
    'matrix of all classes is affordable take linear-cross-entropy. The matrices say how many ' +
    'clusters there are, and where they begin.',
  source: 'Grave 2017; torch.nn.AdaptiveLogSoftmaxWithLoss',
  formula: `
    input:  real[N?, D]
    target: class(K)[N?]
    head.weight: real[H, D]          // the frequent classes, then a row for each cluster
    head.bias:   real[H] = 0
    I: family                        // the clusters: as many as there are matrices
    tail.I.0.weight: real[P.I, D]
    tail.I.1.weight: real[T.I, P.I]
    cutoffs: integer[J] = 0          // where the clusters begin
    in_features: integer >= 0 = 0
    n_classes:   integer >= 0 = 0
    div_value: number > 0 = 4
    head_bias: boolean = false
    return:    'loss' | 'output' = 'loss'
    reduction: 'none' | 'mean' | 'sum' = 'mean'

    K = axis(maximum(0, H - I + sum(T.I, I)))
    shortlist = H - I
    head = log_softmax(sum(input * head.weight, D) + head.bias, H)
    cluster.I = log_softmax(sum(sum(input * tail.I.0.weight, D) * tail.I.1.weight, P.I), T.I)
    first.I = shortlist + cumsum(T.I, I) - T.I
    isIn.I = target >= first.I && target < first.I + T.I
    rare = sum(isIn.I ? head[H = shortlist + index(I)] + cluster.I[T.I = target - first.I] : 0, I)
    output = target >= shortlist ? rare : head[H = target]
    reduction = return == 'output' ? 'none' : reduction
    return == 'output' ? output : -output`,
  tensorOptions: ['cutoffs'],
  refuse: [
    ['shortlist < 1', 'head.weight {head.weight} has no row for a class: it has one for each ' +
      'class of its own, then one for each cluster'],
    ['in_features != 0 && in_features != D',
      'in_features is {in_features}; input {input} has {D} features'],
    ['n_classes != 0 && n_classes != K',
      'n_classes is {n_classes}; head.weight {head.weight} and the clusters have {K} classes'],
    ['given(cutoffs) && any(index(J) > 0 && cutoffs <= cutoffs[J = index(J) - 1] || cutoffs < 1)',
      'cutoffs must be unique, positive integers in increasing order'],
    ['given(cutoffs) && (J != I || any(cutoffs[J = index(I)] != first.I, I))',
      'cutoffs and matrices differ: the first is the number of rows of head.weight ' +
      '{head.weight} less one for each cluster, each later one adds the rows of ' +
      'tail.0.1.weight, tail.1.1.weight …'],
    ['head_bias && !given(head.bias)', 'head_bias is true, but head.bias is missing']
  ],
  warn: [
    ['any(P.I != floor(D / div_value ** (index(I) + 1)), I)', 'other_projection',
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
      title: 'Six clusters',
      request: {
        input: [[0.5, -1], [1, 0.25], [-0.5, 0.75]],
        target: [0, 3, 7],
        'head.weight': [
          [-1.25, 0.5], [-0.5, 1.25], [0.25, -0.75], [1, 0], [-1, 0.75], [-0.25, -1.25], [0.5, -0.5]
        ],
        ...many,
        options: { cutoffs: [1, 2, 3, 4, 5, 6], n_classes: 8, div_value: 1 },
        gradients: ['input', 'tail.5.1.weight']
      },
      reply: {
        loss: 2.6384163,
        gradients: {
          input: [[0.47398, -0.36681053], [-0.2295573, -0.03181067], [-0.39573956, 0.26255515]],
          'tail.5.1.weight': [[-0.106922016, -0.0076372866], [0.106922016, 0.0076372866]]
        },
        denominator: 3
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
    }
  ]
}
