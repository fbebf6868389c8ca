// Sigmoid: 1 / (1 + e^-x), element by element.

import type { Layer } from './layer.ts'

export const sigmoid: Layer = {
  type: 'Sigmoid',
  summary: 'Presses any number into 0 … 1',
  source: 'torch.nn.Sigmoid',
  options: {},
  lengths: {},
  parameters: [],
  formula: `
    input: real[...]

    sigmoid(input)`
}
