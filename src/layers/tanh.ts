// Tanh: the hyperbolic tangent, element by element.

import type { Layer } from './layer.ts'

export const tanh: Layer = {
  type: 'Tanh',
  summary: 'Presses any number into -1 … 1',
  source: 'torch.nn.Tanh',
  options: {},
  lengths: {},
  parameters: [],
  formula: `
    input: real[...]

    tanh(input)`
}
