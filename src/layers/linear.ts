// Linear: every output is a weighted sum of all inputs, plus a bias.

import type { Layer } from './layer.ts'

export const linear: Layer = {
  type: 'Linear',
  summary: 'input · weightᵀ + bias over the last dimension',
  source: 'torch.nn.Linear',
  options: {
    in_features: {
      kind: 'whole', minimum: 1, summary: 'Length of the last dimension of the input'
    },
    out_features: {
      kind: 'whole', minimum: 1, summary: 'Length of the last dimension of the output'
    },
    bias: { kind: 'boolean', default: true, summary: 'Whether a number is added to each output' }
  },
  lengths: { I: 'in_features', O: 'out_features' },
  features: { input: 'I', output: 'O' },
  parameters: [
    { name: 'weight', axes: ['O', 'I'], fan: 'I' },
    { name: 'bias', axes: ['O'], option: 'bias', fan: 'I' }
  ],
  formula: `
    input:  real[..., I]
    weight: real[O, I]
    bias:   real[O] = 0

    sum(input * weight, I) + bias`
}
