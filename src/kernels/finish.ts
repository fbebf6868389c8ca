// What follows when all chunks of a step have run: totals added up in chunk order, and after the
// last step the outputs without axes.

import type { Node } from '../formulas/graph.ts'
import type { Emission } from './lane-writer.ts'
import { stepOffset } from './record.ts'
import { ScalarWriter } from './scalars.ts'
import type { Output } from './schedule.ts'
import {
  args, below, f64, get, laneOp, load, op as instruction, plus, set, store, times, wordAt
} from './shorthand.ts'
import { FunctionText } from './text.ts'

/** The function a<index> of a step. */
export function emitFinish (
  index: number, totals: readonly Node[], scalars: readonly Output[], emission: Emission
): FunctionText {
  const { record, precision } = emission
  const fn = new FunctionText('i32')
  for (const { id, op } of totals) {
    const [total, at, end] = [fn.local('f64'), fn.local('i32'), fn.local('i32')]
    const nothing = { sum: 0, max: -Infinity, min: Infinity }[op as string] ?? 0
    const chunks = wordAt(stepOffset(index))
    fn.entry.lines.push(set(total, f64(nothing)),
      set(at, wordAt(record.word(`partials ${id}`))),
      set(end, plus(get(at), times(chunks, 8))))
    const add = `f64.${op === 'sum' ? 'add' : op}`
    fn.loop(fn.entry, below(get(at), get(end)), [
      set(total, instruction(add, get(total), load('f64.load', get(at)))),
      set(at, plus(get(at), 8))
    ])
    fn.entry.lines.push(store('f64.store', args, get(total), record.word(`total ${id}`)))
  }
  const writer = new ScalarWriter(fn, emission)
  for (const { name, node } of scalars) {
    const value = laneOp('f64x2.extract_lane', 0, get(writer.value(node)))
    const address = wordAt(record.word(`output ${name}`))
    fn.entry.lines.push(precision === 'f64'
      ? store('f64.store', address, value)
      : store('f32.store', address, instruction('f32.demote_f64', value)))
  }
  return fn
}
