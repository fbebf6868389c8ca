// Distance IoU: overlap of boxes, and the distance of their centres.

import type { Loss } from './loss.ts'

export const diou: Loss = {
  name: 'diou',
  torch: '',
  task: 'boxes',
  summary: 'One minus intersection over union, plus the squared distance of the centres over ' +
    'the diagonal of the hull',
  choose: 'When boxes shall find their place quickly: it converges faster than giou. ciou also ' +
    'compares width to height.',
  source: 'Zheng 2020; torchvision.ops',
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
    between = i => (boxes1[K = i] + boxes1[K = i + 2] - boxes2[K = i] - boxes2[K = i + 2]) ** 2
    diagonal = width ** 2 + height ** 2 + eps
    1 - inter / (union + eps) + (between(0) + between(1)) / 4 / diagonal`,
  warn: [
    ['any(area(boxes1) < 0 || area(boxes2) < 0)', 'box_inside_out',
      'A box ends before it begins: the order is x1, y1, x2, y2']
  ],
  cases: [
    {
      title: 'Boxes that overlap, and two apart',
      request: { boxes1: [[0, 0, 2, 2], [0, 0, 1, 1]], boxes2: [[1, 1, 3, 2.5], [3, 3, 5, 4]] },
      reply: {
        loss: [0.9357923, 1.5182927],
        gradients: {
          boxes1: [
            [-0.0808175802230835, -0.0711427628993988, -0.2044626623392105, -0.18806922435760498],
            [0.04104699194431305, 0.02795954793691635, -0.08536584675312042, -0.0731707289814949]
          ],
          boxes2: [
            [0.2183515429496765, 0.18806922435760498, 0.0669286921620369, 0.0711427628993988],
            [0.08536584675312042, 0.0731707289814949, -0.04104699194431305, -0.02795954793691635]
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
        loss: 0.7468734,
        gradients: {
          boxes1: [
            [-0.04040879011154175, -0.0355713814496994, -0.10223133116960526, -0.09403461217880249],
            [0.07076963782310486, -0.0500723160803318, -0.42572319507598877, -0.03916839137673378]
          ],
          boxes2: [
            [0.10917577147483826, 0.09403461217880249, 0.03346434608101845, 0.0355713814496994],
            [0.13709194958209991, 0.06208678334951401, 0.2178615927696228, 0.027153924107551575]
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
