// Generalized IoU: overlap of boxes, with a pull for boxes that do not meet.

import { apartPairs, boxPairs, boxWarnings, closePairs, wrongBoxes } from './boxes.ts'
import type { Loss } from './loss.ts'

export const giou: Loss = {
  name: 'giou',
  torch: '',
  task: 'boxes',
  summary: 'One minus intersection over union, plus the empty part of the hull of both boxes',
  choose: 'The usual start for boxes; it also moves boxes that do not touch. diou pulls their ' +
    'centres, ciou their shapes too.',
  source: 'Rezatofighi 2019; torchvision.ops',
  formula: `${boxPairs}
    hull = width * height
    1 - inter / (union + eps) + (hull - union) / (hull + eps)`,
  warn: boxWarnings,
  cases: [
    {
      title: 'Boxes that overlap, and two apart',
      request: apartPairs,
      reply: {
        loss: [1.0333333, 1.85],
        gradients: {
          boxes1: [
            [-0.0555555522441864, -0.10888886451721191, -0.27222222089767456, -0.27222222089767456],
            [0.019999999552965164, 0.01249999925494194, -0.05000000074505806, -0.05000000074505806]
          ],
          boxes2: [
            [0.21944445371627808, 0.27222222089767456, 0.10833333432674408, 0.10888886451721191],
            [0.05000000074505806, 0.10000000149011612, -0.019999999552965164, -0.0625]
          ]
        }
      }
    },
    {
      title: 'The mean',
      request: { ...closePairs, options: { reduction: 'mean' } },
      reply: {
        loss: 0.8310605,
        gradients: {
          boxes1: [
            [-0.0277777761220932, -0.05444443225860596, -0.13611111044883728, -0.13611111044883728],
            [0.14514464139938354, -0.11076675355434418, -0.49655646085739136, 0.009928831830620766]
          ],
          boxes2: [
            [0.10972222685813904, 0.13611111044883728, 0.05416666716337204, 0.05444443225860596],
            [0.10313362628221512, 0.13292011618614197, 0.24827821552753448, -0.03208218514919281]
          ]
        },
        denominator: 2
      }
    },
    wrongBoxes
  ]
}
