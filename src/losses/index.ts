// The table of losses, explicit and ordered: regression, yes or no, classes.

import { bceWithLogits } from './bce-with-logits.ts'
import { bce } from './bce.ts'
import { crossEntropy } from './cross-entropy.ts'
import { huber } from './huber.ts'
import { l1 } from './l1.ts'
import type { Loss } from './loss.ts'
import { mse } from './mse.ts'
import { nll } from './nll.ts'
import { smoothL1 } from './smooth-l1.ts'

export type { Case, Loss, Plain } from './loss.ts'

export const losses: readonly Loss[] = [
  mse, l1, huber, smoothL1, bce, bceWithLogits, crossEntropy, nll
]

const byName = new Map(losses.flatMap(loss => [loss.name, loss.torch]
  .filter(name => name !== '')
  .map(name => [name, loss] as const)))

/** The loss of a name or of a class in torch.nn. */
export function findLoss (name: string): Loss | undefined { return byName.get(name) }

/** All names under which losses are found, aliases included. */
export const lossNames: readonly string[] = [...byName.keys()]
