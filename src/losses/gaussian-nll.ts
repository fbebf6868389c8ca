// Gaussian negative log-likelihood: squared error in units of a variance that the model gives too.

import type { Loss } from './loss.ts'

export const gaussianNll: Loss = {
  name: 'gaussian-nll',
  torch: 'GaussianNLLLoss',
  task: 'regression',
  summary: 'The negative log-probability of the target under a normal distribution of mean ' +
    'input and variance var',
  choose: 'When the model shall say how sure it is: it gives a mean and a variance, one for all ' +
    'or one for each element. With a variance that never changes it is mse.',
  source: 'torch.nn.GaussianNLLLoss',
  formula: `
    input:  real[...S~, D~?]
    target: real[...S~, D~?] | real[D?]
    var:    real[...S~, D~?] | real[...S~] to input      // one number a row may lack its dimension
    full: boolean = false      // adds the constant part
    eps: number >= 0 = 1e-6    // a smaller variance counts as this

    error = input - target
    v = maximum(var, eps)
    loss = 0.5 * (log(v) + error ** 2 / v)
    slope = 0.5 * (1 / v - (error / v) ** 2)      // by var, also below eps: as PyTorch gives it
    result = with_derivative(loss, input, error / v, target, -error / v, var, slope)
    full ? result + 0.5 * log(2 * pi) : result`,
  refuse: [
    ['any(var < 0)', 'var holds negative values, which no variance is']
  ],
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast: every pair counts. Give both the same ' +
      'shape if each input has its own target'],
    ['any(var < eps)', 'small_variance',
      'var holds values below eps {eps}, which count as eps: the gradient by var can be huge ' +
      'there']
  ],
  cases: [
    {
      title: 'A variance for each prediction',
      request: { input: [1, 2.5, 0], target: [1.2, 2.2, 0.5], var: [0.5, 1, 2] },
      reply: {
        loss: 0.04916667,
        gradients: {
          input: [-0.13333337008953094, 0.09999998658895493, -0.0833333358168602],
          var: [0.30666667222976685, 0.15166667103767395, 0.0729166716337204]
        },
        denominator: 3
      }
    },
    {
      title: 'One variance a row, the whole likelihood, one value for each element',
      request: {
        input: [[1, 2], [3, 4]],
        target: [[1.5, 2], [2, 4]],
        var: [0.5, 2],
        options: { full: true, reduction: 'none' }
      },
      reply: {
        loss: [[0.8223649, 0.5723649], [1.5155121, 1.2655121]],
        gradients: { input: [[-1, 0], [0.5, 0]], var: [1.5, 0.375] }
      }
    },
    {
      title: 'A negative variance',
      request: { input: [1], target: [1], var: [-1] },
      refused: { code: 'VALUE_REFUSED', detail: 'var holds negative values, which no variance is' }
    },
    {
      title: 'A variance for each column lacks the rows',
      request: { input: [[1, 2, 3], [4, 5, 6]], target: [[1, 2, 3], [4, 5, 6]], var: [1, 1, 1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'var has shape [3]; input [2,3] needs [2,3] or [2], or what broadcasts to it'
      }
    }
  ]
}
