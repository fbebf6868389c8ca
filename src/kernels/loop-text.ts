// What the writers of one loop share: its plan, the function under construction, the nest of its
// levels, and the way to lanes and addresses.

import { AccessWriter } from './access.ts'
import { AddressWriter } from './addresses.ts'
import { type Emission, LaneWriter } from './lane-writer.ts'
import { Levels } from './levels.ts'
import { type LoopPlan, planLoop } from './loop-plan.ts'
import type { Loop } from './schedule.ts'
import { FunctionText } from './text.ts'

export interface LoopText extends Emission {
  /** The step of the program: the function is k<index>. */
  readonly index: number
  readonly plan: LoopPlan
  readonly fn: FunctionText
  readonly writer: LaneWriter
  readonly levels: Levels
  readonly addresses: AddressWriter
  readonly access: AccessWriter
}

export function openLoop (loop: Loop, index: number, emission: Emission): LoopText {
  const plan = planLoop(loop)
  const fn = new FunctionText('i32', 'i32', 'i32')
  const writer = new LaneWriter(fn, emission)
  const levels = new Levels(plan, fn.entry)
  const addresses = new AddressWriter({ fn, writer, levels, ...emission })
  const access = new AccessWriter({ fn, writer, levels, addresses, ...emission })
  return { index, plan, fn, writer, levels, addresses, access, ...emission }
}
