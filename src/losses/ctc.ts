// CTC: a sequence of labels without places in time. All ways to stretch it over the frames count.

import type { Loss } from './loss.ts'

export const ctc: Loss = {
  name: 'ctc',
  torch: 'CTCLoss',
  task: 'sequences',
  summary: 'The negative log-probability of a sequence of labels, summed over all its alignments ' +
    'with the frames',
  choose: 'For speech and handwriting: frames without labels of their own, labels in the order ' +
    'of the frames. Give log-probabilities, or logits with apply_log_softmax.',
  source: 'Graves 2006; torch.nn.CTCLoss',
  formula: `
    log_probs: real[T, N?, C]
    targets:   integer[N?, L] | integer[M]      // padded; or those of all samples in one row
    input_lengths:  integer[N?] >= 0
    target_lengths: integer[N?] >= 0
    blank: integer = 0
    zero_infinity:     boolean = false
    apply_log_softmax: boolean = false
    reduction: 'none' | 'mean' | 'sum' = 'mean'

    // The derivative of PyTorch's log-probabilities goes by the logits that they come from.
    mass = sum(exp(log_probs), C)
    p = apply_log_softmax ? log_softmax(log_probs, C) : log_probs + (stop_gradient(mass) - mass)

    // A blank between all labels of a sample and around them: as many states as the longest has.
    // What is longer than T has no alignment anyway.
    joined = has(targets, M)
    S = axis(2 * minimum(maximum(0, max(target_lengths)), maximum(L, minimum(M, T))) + 1)
    place = (index(S) - 1) / 2
    start = cumsum(target_lengths, N) - target_lengths
    label = index(S) % 2 == 0 || (joined ? M : L) == 0 ? blank
      : joined ? targets[M = start + place] : targets[L = place]
    isLabel = index(S) % 2 == 1 && index(S) < 2 * target_lengths
    skips = label != label[S = index(S) - 2]
    alpha = scan(T, a => p[C = label] + (index(T) == 0 ? (index(S) < 2 ? 0 : -inf)
      : log_add_exp(a, a[S = index(S) - 1], skips ? a[S = index(S) - 2] : -inf)), -inf)

    end = 2 * target_lengths
    ends = index(T) == input_lengths - 1 && (index(S) == end || index(S) == end - 1) ? alpha : -inf
    lost = zero_infinity && max(ends, T, S) == -inf || end == 0 && input_lengths == 0
    loss = lost ? 0 : -logsumexp(lost ? 0 : ends, T, S)
    reduction == 'mean' ? loss / clamp_min(target_lengths, 1) : loss`,
  refuse: [
    ['T == 0', 'log_probs {log_probs} has no frames'],
    ['blank < 0 || blank >= C', 'blank is {blank}; labels are 0 to {C - 1}'],
    ['any(input_lengths > T)',
      'input_lengths holds {largest}; log_probs {log_probs} has {T} frames'],
    ['!joined && any(target_lengths > L)',
      'target_lengths holds {largest}; targets {targets} has room for {L} labels'],
    ['joined && sum(target_lengths, N) != M',
      'target_lengths add up to {sum}; targets {targets} has {M} labels'],
    ['any(joined ? targets < 0 || targets >= C ' +
      ': index(L) < target_lengths && (targets < 0 || targets >= C))',
      'targets holds a label that log_probs {log_probs} lacks; labels are 0 to {C - 1}']
  ],
  warn: [
    ['any(input_lengths < target_lengths + sum(isLabel && index(S) > 1 && !skips ? 1 : 0, S))',
      'infeasible_samples',
      'A sample has fewer frames than labels, a blank counted between equal ones: it has no ' +
      'alignment, its loss is Infinity, or 0 with zero_infinity'],
    ['any(isLabel && label == blank)', 'blank_in_targets',
      'targets holds the blank {blank} as a label: it stands for no label, leave it out'],
    ['!apply_log_softmax && any(index(T) < input_lengths && abs(mass - 1) > 1e-3)',
      'unnormalised_log_probabilities',
      'exp(log_probs) does not add up to 1 along the classes: set apply_log_softmax for logits, ' +
      'or apply log_softmax first']
  ],
  cases: [
    {
      title: 'Two samples as logits, four frames and three',
      request: {
        log_probs: [
          [[1, 0.5, -1], [0, 0.2, 1]],
          [[0.3, 2, 0], [0.5, -0.5, 0]],
          [[2, 0.1, 0.4], [1, 1, -1]],
          [[0.5, 0, 1.5], [0.2, 0, 0.1]]
        ],
        targets: [[1, 2], [1, 1]],
        input_lengths: [4, 3],
        target_lengths: [2, 1],
        options: { apply_log_softmax: true }
      },
      reply: {
        loss: 1.0121883,
        gradients: {
          log_probs: [
            [
              [-0.0010828503, -0.018341046, 0.019423896],
              [-0.123862, -0.15128534, 0.27514735]
            ],
            [
              [0.017859602, -0.038268574, 0.02040897],
              [-0.034818254, -0.11877966, 0.1535979]
            ],
            [
              [0.011072152, 0.0010355947, -0.012107747],
              [-0.030199844, -0.0014896288, 0.031689472]
            ],
            [[0.041500147, 0.0350611, -0.07656125], [0, 0, 0]]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'One sample of log-probabilities, without a batch',
      request: {
        log_probs: [
          [-0.6931, -1.3863, -1.3863], [-1.3863, -0.6931, -1.3863], [-1.3863, -1.3863, -0.6931]
        ],
        targets: [1, 2],
        input_lengths: 3,
        target_lengths: 2,
        options: { reduction: 'sum' }
      },
      reply: {
        loss: 1.3255748,
        gradients: {
          log_probs: [
            [0.029413432, -0.27939144, 0.2499986],
            [0.13235849, -0.20587921, 0.07354149],
            [0.19118163, 0.2499986, -0.4411595]
          ]
        }
      }
    },
    {
      title: 'One sample without a batch, its lengths and its labels in brackets',
      request: {
        log_probs: [[-0.6931, -1.3863, -1.3863], [-1.3863, -0.6931, -1.3863]],
        targets: [[1]],
        input_lengths: [2],
        target_lengths: [1]
      },
      reply: {
        loss: 0.8266144,
        gradients: {
          log_probs: [[-0.07142222, -0.17855558, 0.2499986], [0.10715221, -0.35713005, 0.2499986]]
        }
      }
    },
    {
      title: 'The labels of two samples in one row',
      request: {
        log_probs: [
          [[-0.6931, -1.3863, -1.3863], [-1.3863, -1.3863, -0.6931]],
          [[-1.3863, -0.6931, -1.3863], [-1.3863, -0.6931, -1.3863]],
          [[-1.3863, -1.3863, -0.6931], [-0.6931, -1.3863, -1.3863]]
        ],
        targets: [1, 2, 1],
        input_lengths: [3, 3],
        target_lengths: [2, 1],
        options: { reduction: 'none' }
      },
      reply: {
        loss: [1.3255748, 1.4507723],
        gradients: {
          log_probs: [
            [[0.029413432, -0.27939144, 0.2499986], [-0.21666703, -0.28333566, 0.5000236]],
            [[0.13235849, -0.20587921, 0.07354149], [0.05000712, -0.29998475, 0.2499986]],
            [[0.19118163, 0.2499986, -0.4411595], [-0.16665483, -0.08332291, 0.2499986]]
          ]
        }
      }
    },
    {
      title: 'Two equal labels need three frames',
      request: {
        log_probs: [[[-0.6931, -1.3863, -1.3863]], [[-1.3863, -0.6931, -1.3863]]],
        targets: [[1, 1]],
        input_lengths: [2],
        target_lengths: [2],
        options: { reduction: 'none', zero_infinity: true }
      },
      reply: { loss: [0], gradients: { log_probs: [[[0, 0, 0]], [[0, 0, 0]]] } },
      warnings: ['infeasible_samples']
    },
    {
      title: 'The blank as a label, and logits instead of log-probabilities',
      request: {
        log_probs: [[[0, 0]], [[0, 0]]],
        targets: [[0]],
        input_lengths: [2],
        target_lengths: [1],
        gradients: []
      },
      reply: { loss: -1.0986123, gradients: {}, denominator: 1 },
      warnings: ['blank_in_targets', 'unnormalised_log_probabilities']
    },
    {
      title: 'A label that does not exist',
      request: {
        log_probs: [[[-1, -1]], [[-1, -1]]], targets: [[2]], input_lengths: [2], target_lengths: [1]
      },
      refused: {
        code: 'VALUE_REFUSED',
        detail: 'targets holds a label that log_probs [2,1,2] lacks; labels are 0 to 1'
      }
    },
    {
      title: 'More labels than there are',
      request: {
        log_probs: [[[-1, -1]], [[-1, -1]]], targets: [[1]], input_lengths: [2], target_lengths: [2]
      },
      refused: {
        code: 'VALUE_REFUSED',
        detail: 'target_lengths holds 2; targets [1,1] has room for 1 labels'
      }
    },
    {
      title: 'A row of labels that is longer than the lengths say',
      request: {
        log_probs: [[[-1, -1], [-1, -1]]], targets: [1, 1, 1], input_lengths: [1, 1],
        target_lengths: [1, 1]
      },
      refused: {
        code: 'VALUE_REFUSED', detail: 'target_lengths add up to 2; targets [3] has 3 labels'
      }
    }
  ]
}
