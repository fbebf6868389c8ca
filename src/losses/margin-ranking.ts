// Margin ranking: of two scores the one that shall be higher is so by a margin.

import type { Loss } from './loss.ts'

export const marginRanking: Loss = {
  name: 'margin-ranking',
  torch: 'MarginRankingLoss',
  task: 'ranking',
  summary: 'What the higher of two scores lacks to a margin above the other',
  choose: 'When pairs are compared: target 1 says that input1 ranks higher, -1 that input2 ' +
    'does. With margin 0 only wrong orders cost; ranknet is its smooth form.',
  source: 'torch.nn.MarginRankingLoss',
  formula: `
    input1: real[...~]
    input2: real[...~]
    target: real[...~]      // 1: input1 ranks higher; -1: input2 does
    margin: number = 0

    relu(margin - target * (input1 - input2))`,
  warn: [
    ['differs(input1, input2)', 'broadcast',
      'input1 {input1} and input2 {input2} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if they are compared one by one'],
    ['any(target != 1 && target != -1)', 'target_not_sign',
      'target holds values other than 1 and -1']
  ],
  cases: [
    {
      title: 'Three pairs',
      request: { input1: [0.8, 0.3, 1.5], input2: [0.5, 0.9, 1], target: [1, 1, -1] },
      reply: {
        loss: 0.36666664,
        gradients: {
          input1: [0, -0.3333333432674408, 0.3333333432674408],
          input2: [0, 0.3333333432674408, -0.3333333432674408]
        },
        denominator: 3
      }
    },
    {
      title: 'A margin of one half, with all gradients',
      request: {
        input1: [0.8, 0.3],
        input2: [0.5, 0.9],
        target: [1, -1],
        options: { margin: 0.5, reduction: 'sum' },
        gradients: ['input1', 'input2', 'target']
      },
      reply: {
        loss: 0.19999999,
        gradients: { input1: [-1, 0], input2: [1, 0], target: [-0.30000001192092896, 0] }
      }
    },
    {
      title: 'Another number of dimensions',
      request: { input1: [1, 2, 3], input2: [[1], [2], [3]], target: [1, 1, 1] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'input2 has shape [3,1]; input1 [3] needs [3]' }
    }
  ]
}
