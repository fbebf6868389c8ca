// The running sum of a row, in float64 whatever the precision of its elements.

import { get, locals, wat } from './shorthand.ts'
import type { Precision } from './text.ts'

/** A function (from, to, count, scratch); with step -1 the sums run from the end. */
export function rowSummer (precision: Precision, step: number): { name: string, text: string } {
  const name = `$sum_up_${step < 0 ? 'end_' : ''}${precision}`
  const bytes = precision === 'f32' ? 4 : 8
  const load = `(${precision}.load ${get('$from')})`
  const [wide, narrow] = precision === 'f32'
    ? [`(f64.promote_f32 ${load})`, '(f32.demote_f64 $sum)']
    : [load, '$sum']
  const last = `(i32.mul (i32.sub $count (i32.const 1)) (i32.const ${bytes}))`
  const toLast = ['from', 'to'].map(at => `(local.set $${at} (i32.add $${at} ${last}))`).join(' ')
  const next = ['from', 'to'].map(at =>
    `(local.set $${at} (i32.add $${at} (i32.const ${step * bytes})))`).join(' ')
  return {
    name,
    text: wat(`
    (func ${name} (param $from i32) (param $to i32) (param $count i32) (param $scratch i32)
      ${locals('f64', 'sum')}
      ${step < 0 ? toLast : ''}
      (block $end (loop $next
        (br_if $end (i32.eqz $count))
        (local.set $sum (f64.add $sum ${wide}))
        (${precision}.store $to ${narrow})
        ${next}
        (local.set $count (i32.sub $count (i32.const 1)))
        (br $next))))`)
  }
}
