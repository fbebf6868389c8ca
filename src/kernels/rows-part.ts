// Rows made in order as a part of a program: running sums, and places from the largest value to the
// smallest. A row is one thread's work; what is read and what is made lie in memory row by row.

import { originalAxis } from '../formulas/graph.ts'
import type { Emission } from './lane-writer.ts'
import { stepOffset } from './record.ts'
import type { RowsPart } from './rows-fit.ts'
import { rowSorter, rowSorterName } from './rows-sort.ts'
import { rowSummer, rowSummerName } from './rows-sum.ts'
import type { RowsTask } from './schedule.ts'
import { assign, each, first, last, least, plus, thread, times, wordAt } from './shorthand.ts'
import { FunctionText } from './text.ts'

/** Adds the functions of the step; how its rows are cut. */
export function emitRows (
  { node, from, to }: RowsTask, index: number, emission: Emission
): RowsPart {
  const { module, record, precision } = emission
  const [axis = ''] = node.over
  const rest = to.layout.slice(0, -1)
  const isSort = node.op === 'argsort'
  const name = isSort ? rowSorterName(precision) : rowSummerName(precision, node.step)
  if (!module.has(name)) {
    module.define(name, isSort ? rowSorter(precision) : rowSummer(precision, node.step))
  }
  const bytes = precision === 'f32' ? 4 : 8
  const word = (name: string): string => wordAt(record.word(name))
  const units = (at: number): string => wordAt(stepOffset(index) + at)
  const fn = new FunctionText('i32', 'i32', 'i32')
  const x = fn.locals('i32', 'row', 'end', 'count', 'rowBytes', 'from', 'to', 'scratch')
  const place = (base: string): string => plus(base, times(x.row, x.rowBytes))
  fn.write(
    assign(x.count, word(`length ${originalAxis(axis)}`)),
    assign(x.from, word(from.place)),
    assign(x.to, word(to.place)),
    assign(x.rowBytes, times(x.count, bytes)),
    assign(x.scratch, plus(word('scratch memory'), times(thread, word('scratch stride')))),
    assign(x.end, least(times(last, units(8)), units(12))),
    each(x.row, times(first, units(8)), x.end, 1,
      module.call(name, place(x.from), place(x.to), x.count, x.scratch)))
  module.export(`k${index}`, fn)
  module.export(`a${index}`, new FunctionText('i32'))
  return {
    kind: 'rows', title: `${node.op} along ${axis}`, axis, rowAxes: rest, isSort,
    elementBytes: bytes
  }
}
