// Poisson negative log-likelihood: for counts, whose variance grows with their mean.

import type { Loss } from './loss.ts'

export const poissonNll: Loss = {
  name: 'poisson-nll',
  torch: 'PoissonNLLLoss',
  task: 'regression',
  summary: 'The negative log-probability of a count under a Poisson distribution',
  choose: 'When targets are counts: events, visits, photons. The model gives the logarithm of ' +
    'the rate, or with log_input false the rate itself. If the spread is larger than the mean ' +
    'take gaussian-nll with a variance of its own.',
  source: 'torch.nn.PoissonNLLLoss',
  formula: `
    input:  real[...]
    target: real[...]
    log_input: boolean = true      // input is the logarithm of the rate
    full: boolean = false          // adds Stirling's approximation of log(target!)
    eps: number = 1e-8

    loss = log_input ? exp(input) - target * input : input - target * log(input + eps)
    stirling = target * log(target) - target + 0.5 * log(2 * pi * target)
    full ? loss + (target > 1 ? stirling : 0) : loss`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['!log_input && any(input < 0)', 'negative_rate',
      'input holds negative rates, whose logarithm is NaN: with log_input the model gives the ' +
      'logarithm instead'],
    ['any(target < 0)', 'negative_count', 'target holds negative values, which no count is']
  ],
  cases: [
    {
      title: 'Logarithms of three rates',
      request: { input: [0.5, 1, -0.2], target: [1, 4, 0] },
      reply: {
        loss: 0.22857791,
        gradients: { input: [0.21624043583869934, -0.42723941802978516, 0.2729102671146393] },
        denominator: 3
      }
    },
    {
      title: 'Rates themselves, with the whole likelihood',
      request: {
        input: [1.5, 3, 0.5],
        target: [1, 4, 0],
        options: { log_input: false, full: true, reduction: 'none' }
      },
      reply: {
        loss: [1.0945349, 1.762814, 0.5],
        gradients: { input: [0.3333333134651184, -0.3333333730697632, 1] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2, 3]], target: [1, 2] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [2]; it does not broadcast with input [1,3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
