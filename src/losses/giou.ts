// Generalized IoU: overlap of boxes, with a pull for boxes that do not meet.

import type { Loss } from './loss.ts'

export const giou: Loss = {
  name: 'giou',
  torch: '',
  task: 'boxes',
  summary: 'One minus intersection over union, plus the empty part of the hull of both boxes',
  choose: 'The usual start for boxes; it also moves boxes that do not touch. diou pulls their ' +
    'centres, ciou their shapes too.',
  source: 'Rezatofighi 2019; torchvision.ops',
  formula: `
    reduction: 'none' | 'mean' | 'sum' = 'none'
    boxes1: real[N, K = 4]      // x1, y1, x2, y2
    boxes2: real[N, K = 4]
    eps: number >= 0 = 1e-7

    x1 = maximum(boxes1[K = 0], boxes2[K = 0])
    y1 = maximum(boxes1[K = 1], boxes2[K = 1])
    x2 = minimum(boxes1[K = 2], boxes2[K = 2])
    y2 = minimum(boxes1[K = 3], boxes2[K = 3])
    area = b => (b[K = 2] - b[K = 0]) * (b[K = 3] - b[K = 1])
    inter = x2 > x1 && y2 > y1 ? (x2 - x1) * (y2 - y1) : 0
    union = area(boxes1) + area(boxes2) - inter
    width = maximum(boxes1[K = 2], boxes2[K = 2]) - minimum(boxes1[K = 0], boxes2[K = 0])
    height = maximum(boxes1[K = 3], boxes2[K = 3]) - minimum(boxes1[K = 1], boxes2[K = 1])
    hull = width * height
    1 - inter / (union + eps) + (hull - union) / (hull + eps)`,
  warn: [
    ['any(area(boxes1) < 0 || area(boxes2) < 0)', 'box_inside_out',
      'A box ends before it begins: the order is x1, y1, x2, y2']
  ],
  cases: [
    {
      title: 'Boxes that overlap, and two apart',
      request: { boxes1: [[0, 0, 2, 2], [0, 0, 1, 1]], boxes2: [[1, 1, 3, 2.5], [3, 3, 5, 4]] },
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
      request: {
        boxes1: [[0, 0, 2, 2], [0.5, 0, 1, 3]],
        boxes2: [[1, 1, 3, 2.5], [0.5, 0.5, 1.5, 3]],
        options: { reduction: 'mean' }
      },
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
    {
      title: 'A box of three numbers',
      request: { boxes1: [[0, 0, 1]], boxes2: [[0, 0, 1, 1]] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'boxes1 has shape [1,3]; K has the length 4' }
    }
  ]
}
