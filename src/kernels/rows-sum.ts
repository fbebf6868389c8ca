// The running sum of a row, in float64 whatever the precision of its elements.

import {
  assign, blockOf, i32, jump, jumpIf, load, loopOf, minus, op, plus, store, times
} from './shorthand.ts'
import { FunctionText, type Precision } from './text.ts'

export function rowSummerName (precision: Precision, step: number): string {
  return `sum up ${step < 0 ? 'from the end ' : ''}${precision}`
}

/** A function (from, to, count, scratch); with step -1 the sums run from the end. */
export function rowSummer (precision: Precision, step: number): FunctionText {
  const bytes = precision === 'f32' ? 4 : 8
  const fn = new FunctionText('i32', 'i32', 'i32', 'i32')
  const { from, to, count } = fn.named('from', 'to', 'count', 'scratch')
  const { sum } = fn.locals('f64', 'sum')
  const element = load(`${precision}.load`, from)
  const [wide, narrow] = precision === 'f32'
    ? [op('f64.promote_f32', element), op('f32.demote_f64', sum)]
    : [element, sum]
  const last = times(minus(count, 1), bytes)
  if (step < 0) fn.write(assign(from, plus(from, last)), assign(to, plus(to, last)))
  fn.write(blockOf(loopOf(
    jumpIf(1, op('i32.eqz', count)),
    assign(sum, op('f64.add', sum, wide)),
    store(`${precision}.store`, to, narrow),
    assign(from, plus(from, i32(step * bytes))),
    assign(to, plus(to, i32(step * bytes))),
    assign(count, minus(count, 1)),
    jump(0))))
  return fn
}
