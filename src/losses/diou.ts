// Distance IoU: overlap of boxes, and the distance of their centres.

import { apartPairs, boxPairs, boxWarnings, closePairs, wrongBoxes } from './boxes.ts'
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
  formula: `${boxPairs}
    between = i => (boxes1[K = i] + boxes1[K = i + 2] - boxes2[K = i] - boxes2[K = i + 2]) ** 2
    diagonal = width ** 2 + height ** 2 + eps
    1 - inter / (union + eps) + (between(0) + between(1)) / 4 / diagonal`,
  warn: boxWarnings,
  cases: [
    {
      title: 'Boxes that overlap, and two apart',
      request: apartPairs,
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
      request: { ...closePairs, options: { reduction: 'mean' } },
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
    wrongBoxes
  ]
}
