// Complete IoU: overlap of boxes, the distance of their centres, and their shapes.

import { apartPairs, boxPairs, boxWarnings, closePairs, wrongBoxes } from './boxes.ts'
import type { Loss } from './loss.ts'

export const ciou: Loss = {
  name: 'ciou',
  torch: '',
  task: 'boxes',
  summary: 'The loss of diou plus a price for another ratio of width to height',
  choose: 'When the shape of a box matters beside its place. The weight of the shape has no ' +
    'gradient, as published.',
  source: 'Zheng 2020; torchvision.ops',
  formula: `${boxPairs}
    between = i => (boxes1[K = i] + boxes1[K = i + 2] - boxes2[K = i] - boxes2[K = i + 2]) ** 2
    diagonal = width ** 2 + height ** 2 + eps
    iou = inter / (union + eps)
    angle = b => atan((b[K = 2] - b[K = 0]) / (b[K = 3] - b[K = 1]))
    v = 4 / pi ** 2 * (angle(boxes2) - angle(boxes1)) ** 2
    shape = stop_gradient(v / (1 - iou + v + eps)) * v
    1 - iou + (between(0) + between(1)) / 4 / diagonal + shape`,
  warn: boxWarnings,
  cases: [
    {
      title: 'Boxes that overlap, and two apart',
      request: apartPairs,
      reply: {
        loss: [0.9358715, 1.5199821],
        gradients: {
          boxes1: [
            [-0.08053873479366302, -0.07142160832881927, -0.20474150776863098, -0.1877903789281845],
            [0.0462978333234787, 0.022708706557750702, -0.09061668813228607, -0.06791988760232925]
          ],
          boxes2: [
            [0.21808385848999023, 0.18842613697052002, 0.06719638407230377, 0.07078584283590317],
            [0.0832655131816864, 0.07737140357494354, -0.03894665837287903, -0.03216022253036499]
          ]
        }
      }
    },
    {
      title: 'The mean',
      request: { ...closePairs, options: { reduction: 'mean' } },
      reply: {
        loss: 0.74722606,
        gradients: {
          boxes1: [
            [
              -0.04026936739683151, -0.03571080416440964, -0.10237075388431549,
              -0.09389518946409225
            ],
            [0.07171264290809631, -0.05022948235273361, -0.42666617035865784, -0.03901122510433197]
          ],
          boxes2: [
            [0.10904192924499512, 0.09421306848526001, 0.033598192036151886, 0.035392921417951584],
            [0.13608933985233307, 0.062487825751304626, 0.21886420249938965, 0.026752881705760956]
          ]
        },
        denominator: 2
      }
    },
    wrongBoxes
  ]
}
