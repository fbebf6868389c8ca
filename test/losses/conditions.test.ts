// What the conditions of the losses look at: requests on both sides of every bound, each with the
// warnings that come, in order, or the refusal. Conditions of one kind stand together.

import t from 'tap'
import { losses, type Plain } from '../../src/losses/index.ts'
import { runCase } from './run-case.ts'

type Body = Readonly<Record<string, Plain | Readonly<Record<string, unknown>>>>
type Row = readonly [loss: string, request: Body, comes: string]

/** The same values of one argument for several losses. */
const all = (
  bodies: Readonly<Record<string, Body>>, argument: string, rows: readonly [Plain, string][]
): Row[] => Object.entries(bodies).flatMap(([loss, body]) =>
  rows.map(([value, comes]): Row => [loss, { ...body, [argument]: value }, comes]))

const input = { input: [[0.3, -0.8]] }
const policy = { sampling_logprobs: [-1, -1], advantages: [1, 2] }
const vectors = { input1: [[1, 2]], input2: [[3, -1]], target: [1] }
const sixteen = (value: number): number[] => Array.from({ length: 16 }, () => value)

const rows: readonly Row[] = [
  ...[
    'asymmetric', 'bce-label-smoothing', 'cauchy', 'charbonnier', 'hinge', 'hinge-embedding',
    'huber', 'l1', 'log-cosh', 'mape', 'mse', 'msle', 'poisson-nll', 'quantile', 'sigmoid-focal',
    'smooth-l1', 'soft-margin', 'wing'
  ].flatMap((loss): Row[] => [
    [loss, { input: [[0.5], [2]], target: [[1], [1]] }, ''],
    [loss, { input: [[0.5], [2]], target: [1, 1] }, 'broadcast']
  ]),
  ['bpr', { pos: [[0.5], [2]], neg: [1, 1] }, 'broadcast'],
  ['contrastive', { distance: [[0.5], [2]], target: [1, 1] }, 'broadcast'],
  ['gaussian-nll', { input: [[0.5], [2]], target: [[1, 1]], var: [[1], [1]] }, 'broadcast'],
  ['margin-ranking', { input1: [[0.5], [2]], input2: [[1, 1]], target: [[1]] }, 'broadcast'],
  ['ranknet', { pos: [[0.5], [2]], neg: [1, 1] }, 'broadcast'],
  ['token-ce', { logprobs: [[-1], [-2]], weights: [1, 1] }, 'broadcast'],
  ...all({
    'asymmetric': input, 'bce-label-smoothing': input, 'bce-with-logits': input,
    'multi-label-soft-margin': input, 'sigmoid-focal': input,
    'contrastive': { distance: [[2, 0.1]] }
  }, 'target', [
    [[[0, 1]], ''],
    [[[0, 1.01]], 'target_out_of_range'],
    [[[-0.01, 1]], 'target_out_of_range']
  ]),
  ...all({
    'cispo': policy, 'dro': policy, 'importance-sampling': policy, 'ppo': policy,
    'token-ce': { weights: [1, 2] }
  }, 'logprobs', [[[0, -2], ''], [[0.01, -2], 'positive_log_probabilities']]),
  ...all({
    'hinge': input, 'hinge-embedding': input, 'soft-margin': input,
    'margin-ranking': { input1: [[1, 2]], input2: [[2, 1]] }
  }, 'target', [
    [[[1, -1]], ''],
    [[[1, 0]], 'target_not_sign'],
    [[[-1, 2]], 'target_not_sign'],
    [[[1, -2]], 'target_not_sign']
  ]),
  ...['giou', 'diou', 'ciou'].flatMap((loss): Row[] => [
    [loss, { boxes1: [[0, 0, 0, 2]], boxes2: [[1, 1, 3, 1]] }, ''],
    [loss, { boxes1: [[0, 0, -0.1, 2]], boxes2: [[1, 1, 2, 2]] }, 'box_inside_out'],
    [loss, { boxes1: [[0, 0, 1, 2]], boxes2: [[1, 1, 2, 0.9]] }, 'box_inside_out']
  ]),
  ...['dice', 'jaccard', 'tversky'].flatMap((loss): Row[] => [
    [loss, { input: [[[1, 2]]], target: [[[0, 0.5]]] }, ''],
    [loss, { input: [[[1, 2]]], target: [[[0, 0]]] }, 'empty_class']
  ]),

  ['bce', { input: [0, 1, 0.5], target: [0, 1, 0.5] }, ''],
  ['bce', { input: [0, 1], target: [0.1, 1] }, 'saturated_probabilities'],
  ['bce', { input: [0, 1], target: [0, 0.9] }, 'saturated_probabilities'],
  ['bce', { input: [0.5], target: [1.01] },
    'VALUE_RANGE: all elements of target must be >= 0 and <= 1; it holds 1.01'],
  ['bce', { input: [0.5], target: [-0.01] },
    'VALUE_RANGE: all elements of target must be >= 0 and <= 1; it holds -0.01'],

  // All of it within 0 to 1, and 16 at least.
  ['bce-with-logits', { input: sixteen(0), target: sixteen(1) }, 'probabilities_as_logits'],
  ['bce-with-logits', { input: sixteen(1), target: sixteen(1) }, 'probabilities_as_logits'],
  ['bce-with-logits', { input: sixteen(1).slice(1), target: sixteen(1).slice(1) }, ''],
  ['bce-with-logits', { input: [...sixteen(1), 1.01], target: [...sixteen(1), 1] }, ''],
  ['bce-with-logits', { input: [...sixteen(1), -0.01], target: [...sixteen(1), 1] }, ''],

  ['clip', { image: [[1, 2]], text: [[2, 1]], logit_scale: 4.605 }, ''],
  ['clip', { image: [[1, 2]], text: [[2, 1]], logit_scale: 4.606 }, 'scale_beyond_100'],

  ['cosine-embedding', vectors, ''],
  ['cosine-embedding', { ...vectors, target: [-1] }, ''],
  ['cosine-embedding', { ...vectors, target: [0] }, 'target_not_sign'],
  ['cosine-embedding', { ...vectors, options: { margin: -1 } }, ''],
  ['cosine-embedding', { ...vectors, options: { margin: 1 } }, ''],
  ['cosine-embedding', { ...vectors, options: { margin: -1.01 } }, 'margin_out_of_range'],
  ['cosine-embedding', { ...vectors, options: { margin: 1.01 } }, 'margin_out_of_range'],

  ['cross-entropy', { input: [[2, -1]], target: [0] }, ''],
  ['cross-entropy', { input: [[2, -1]], target: [-100] }, 'no_valid_targets'],
  ['cross-entropy', { input: [[2, -1]], target: [-100], options: { reduction: 'sum' } }, ''],
  ['cross-entropy', { input: [[2, -1], [0, 3]], target: [-100, 1] }, ''],
  ['cross-entropy', { input: [[2, -1]], target: [[0, 1]] }, ''],
  ['cross-entropy', { input: [[2, -1]], target: [[0, 1.01]] }, 'target_out_of_range'],
  ['cross-entropy', { input: [[2, -1]], target: [[-0.01, 1]] }, 'target_out_of_range'],
  ['cross-entropy', { input: [[2, -1]], target: [[0, 1]], options: { ignore_index: -1 } }, ''],
  ['cross-entropy', { input: [[2, -1]], target: [[0, 1]], options: { ignore_index: 0 } },
    'VALUE_REFUSED: ignore_index 0 needs class indices; target [1,2] holds probabilities'],
  ['cross-entropy', { input: [[2], [3]], target: [0, 0] }, 'single_class'],
  ['cross-entropy', { input: [[-Infinity, -Infinity], [0, 3]], target: [-100, 1] },
    'ignored_infinite'],
  ['cross-entropy', { input: [[-Infinity, 0], [0, 3]], target: [-100, 1] }, ''],
  ['cross-entropy', { input: [[-Infinity, -Infinity], [0, 3]], target: [0, 1] }, ''],
  // Rows that all sum to 1, with nothing above 1.
  ['cross-entropy', { input: [[0, 1], [0.5, 0.5]], target: [0, 1] }, 'probabilities_as_logits'],
  ['cross-entropy', { input: [[0, 1]], target: [1] }, 'probabilities_as_logits'],
  ['cross-entropy', { input: [[0.4, 0.6], [0.5, 0.48]], target: [0, 1] }, ''],
  ['cross-entropy', { input: [[0.4, 0.6], [-0.2, 1.2]], target: [0, 1] }, ''],
  ['cross-entropy', { input: [[1, 1]], target: [0] }, ''],
  ['cross-entropy', { input: [[-0.5, -0.5]], target: [0] }, ''],

  ['linear-cross-entropy', { input: [[1, 2]], linear_weight: [[1, 0], [0, 1]], target: [-100] },
    'no_valid_targets'],
  ['linear-cross-entropy',
    { input: [[1, 2]], linear_weight: [[1, 0], [0, 1]], target: [[-0.01, 1]] },
    'target_out_of_range'],

  ['nll', { input: [[0, -3]], target: [0] }, ''],
  ['nll', { input: [[0.01, -3]], target: [0] }, 'positive_log_probabilities'],
  ['nll', { input: [[-1, 5], [5, -1]], target: [0, -100] }, ''],
  ['nll', { input: [[-1, -3]], target: [-100] }, 'no_valid_targets'],
  ['nll', { input: [[-1, -3]], target: [-100], options: { reduction: 'sum' } }, ''],

  ['gaussian-nll', { input: [1], target: [2], var: [0.5], options: { eps: 0.5 } }, ''],
  ['gaussian-nll', { input: [1], target: [2], var: [0.4], options: { eps: 0.5 } },
    'small_variance'],
  ['gaussian-nll', { input: [1], target: [2], var: [0], options: { eps: 0 } }, ''],
  ['gaussian-nll', { input: [1], target: [2], var: [-0.01] },
    'VALUE_REFUSED: var holds negative values, which no variance is'],

  ['kl-div', { input: 0, target: 0 }, ''],
  ['kl-div', { input: 0.01, target: 0 }, 'positive_log_probabilities'],
  ['kl-div', { input: 0, target: -0.01 }, 'target_out_of_range'],
  ['kl-div', { input: 0, target: -0.01, options: { log_target: true } }, ''],
  ['kl-div', { input: [0, -1], target: [0, 1] }, 'mean_of_elements'],
  ['kl-div', { input: [0, -1], target: 1 }, 'mean_of_elements'],
  ['kl-div', { input: [-1], target: [0, 1] }, 'mean_of_elements'],
  ['kl-div', { input: [0, -1], target: [0, 1], options: { reduction: 'batchmean' } }, ''],

  ['lovasz-hinge', { input: [[1, -2, 3]], target: [[0, 1, -100]] }, ''],
  ['lovasz-hinge', { input: [[1, -2]], target: [[0.5, 1]] }, 'target_not_binary'],
  ['lovasz-hinge', { input: [[1, -2]], target: [[-100, -100]] }, 'no_valid_targets'],
  ['lovasz-softmax', { input: [[[1, 2], [2, 1]]], target: [[0, -100]] }, ''],
  ['lovasz-softmax', { input: [[[1, 2], [2, 1]]], target: [[-100, -100]] }, 'no_valid_targets'],

  ['mape', { input: [1, 2], target: [-2, 2] }, ''],
  ['mape', { input: [1], target: [0.5], options: { eps: 0.5 } }, ''],
  ['mape', { input: [1], target: [-0.4], options: { eps: 0.5 } }, 'small_target'],
  ['msle', { input: [-0.99], target: [-0.99] }, ''],
  ['msle', { input: [-1], target: [0] }, 'logarithm_undefined'],
  ['msle', { input: [0], target: [-1] }, 'logarithm_undefined'],

  ['multi-label-margin', { input: [0.5, 1], target: [1, -1] }, ''],
  ['multi-label-margin', { input: [Number.NaN, 1], target: [1, -1] }, 'nan_ignored'],
  ['multi-margin', { input: [0.5, 1], target: 1, options: { p: 2 } }, ''],
  ['multi-margin', { input: [Number.NaN, 1], target: 1 }, 'nan_ignored'],
  ['multi-margin', { input: [0.5, 1], target: 1, options: { p: 3 } },
    'VALUE_REFUSED: The option p must be 1 or 2; got 3'],

  ['poisson-nll', { input: [-1], target: [0] }, ''],
  ['poisson-nll', { input: [-1], target: [-0.01] }, 'negative_count'],
  ['poisson-nll', { input: [0], target: [1], options: { log_input: false } }, ''],
  ['poisson-nll', { input: [-0.01], target: [1], options: { log_input: false } },
    'negative_rate'],

  ['soft-margin', { input: [88.6, -88.6], target: [-1, 1] }, ''],
  ['soft-margin', { input: [88.8], target: [-1] }, 'overflow'],
  ['soft-margin', { input: [-88.8], target: [1] }, 'overflow'],
  ['sup-con', { input: [[1, 2], [2, 1]], target: [3, 3] }, ''],
  ['sup-con', { input: [[1, 2], [2, 1], [0, 1]], target: [3, 3, 4] }, 'no_positive'],
  ['triplet-margin',
    { anchor: [1, 2], positive: [2, 1], negative: [0, 0], options: { p: 1 } }, ''],
  ['triplet-margin',
    { anchor: [1, 2], positive: [2, 1], negative: [0, 0], options: { p: 0.99 } },
    'norm_not_convex']
]

for (const [loss, request, comes] of rows) {
  t.test(`${loss} ${JSON.stringify(request)}: ${comes || 'no warning'}`, async t => {
    const [code, detail] = comes.split(': ')
    if (detail !== undefined) t.throws(() => runCase(loss, request), { code, message: detail })
    else t.equal(runCase(loss, request).warnings.map(({ code }) => code).join(), comes)
  })
}

t.test('every warning of the table comes in a case or a row', async t => {
  for (const { name, cases, warn = [] } of losses) {
    const shown = new Set([
      ...cases.flatMap(({ warnings = [] }) => warnings),
      ...rows.filter(([loss]) => loss === name).flatMap(([, , comes]) => comes.split(','))
    ])
    t.same(warn.map(([, code]) => code).filter(code => !shown.has(code)), [], name)
  }
})
