// ReLU: max(x, 0), element by element.

import type { Layer } from './layer.ts'

export const relu: Layer = {
  type: 'ReLU',
  summary: 'Zero for what is negative, else the input itself',
  source: 'torch.nn.ReLU',
  options: {},
  lengths: {},
  parameters: [],
  formula: `
    input: real[...]

    relu(input)`
}
