// Rows made in order as a part of a program: running sums, and places from the largest value to the
// smallest. A row is one thread's work; what is read and what is made lie in memory row by row.

import { originalAxis } from '../formulas/graph.ts'
import type { Emission } from './lane-writer.ts'
import { stepOffset } from './record.ts'
import type { RowsPart } from './rows-fit.ts'
import { rowSorter } from './rows-sort.ts'
import { rowSummer } from './rows-sum.ts'
import type { RowsTask } from './schedule.ts'
import { each, least, plus, times, wat, wordAt } from './shorthand.ts'

/** The function of the step, those it calls, by name, and how its rows are cut. */
export function emitRows ({ node, from, to }: RowsTask, index: number, emission: Emission): {
  functions: ReadonlyMap<string, string>
  part: RowsPart
} {
  const { record, precision } = emission
  const [axis = ''] = node.over
  const rest = to.layout.slice(0, -1)
  const isSort = node.op === 'argsort'
  const row = isSort ? rowSorter(precision) : rowSummer(precision, node.step)
  const bytes = precision === 'f32' ? 4 : 8
  const word = (name: string): string => wordAt(record.word(name))
  const units = (at: number): string => wordAt(stepOffset(index) + at)
  const place = (base: string): string => plus(base, times('$row', '$rowBytes'))
  const text = wat(`
    (func (export "k${index}") (param $args i32) (param $first i32) (param $last i32)
      (local $row i32) (local $end i32) (local $count i32) (local $rowBytes i32)
      (local $from i32) (local $to i32) (local $scratch i32)
      (local.set $count ${word(`length ${originalAxis(axis)}`)})
      (local.set $from ${word(from.place)})
      (local.set $to ${word(to.place)})
      (local.set $rowBytes ${times('$count', bytes)})
      (local.set $scratch ${plus(word('scratch memory'),
        times('(global.get $thread)', word('scratch stride')))})
      (local.set $end ${least(times('$last', units(8)), units(12))})
      ${each('row', times('$first', units(8)), '$end', 1, `
        (call ${row.name} ${place('$from')} ${place('$to')} $count $scratch)`)})
    (func (export "a${index}") (param i32))`)
  return {
    functions: new Map([[row.name, row.text], [`k${index}`, text]]),
    part: {
      kind: 'rows', title: `${node.op} along ${axis}`, axis, rowAxes: rest, isSort,
      elementBytes: bytes
    }
  }
}
