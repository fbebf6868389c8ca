// The table of optimizers, explicit and ordered.

import type { Optimizer } from './optimizer.ts'
import { sgd } from './sgd.ts'

export type { Optimizer } from './optimizer.ts'

export const optimizers: readonly Optimizer[] = [sgd]
