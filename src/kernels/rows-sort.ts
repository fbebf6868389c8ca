// The places of a row's elements from the largest to the smallest, NaN first, equal ones in order.
// Each element becomes a whole number that grows as the element falls; these are sorted byte by
// byte, the lowest first, which keeps equal ones in order. A byte that all have in common is
// skipped. What is moved are the places alone:
//
//     scratch   256 counts | numbers | places | places
//
// Short rows are sorted by insertion.

import { each, locals, plus, times, wat } from './shorthand.ts'
import type { Precision } from './text.ts'

const countsBytes = 4 * 256
const shortRow = 24

/** Memory that a thread needs for a row. */
export function sortBytes (count: number, bytes: number): number {
  return countsBytes + count * (bytes + 4 + 4)
}

/** A function (from, to, count, scratch). */
export function rowSorter (precision: Precision): { name: string, text: string } {
  const [bytes, int] = precision === 'f32' ? [4, 'i32'] as const : [8, 'i64'] as const
  const name = `$sort_${precision}`
  const top = precision === 'f32' ? '0x80000000' : '0x8000000000000000'
  const four = (base: string, index: string): string => plus(base, times(index, 4))
  const key = (index: string): string =>
    `(${int}.load ${plus('$keys', times(index, bytes))})`
  const byte = precision === 'f32'
    ? (value: string): string => `(i32.and (i32.shr_u ${value} $shift) (i32.const 255))`
    : (value: string): string => '(i32.wrap_i64 (i64.and ' +
        `(i64.shr_u ${value} (i64.extend_i32_u $shift)) (i64.const 255)))`
  return {
    name,
    text: wat(`
    (func ${name} (param $from i32) (param $to i32) (param $count i32) (param $scratch i32)
      ${locals('i32', 'keys', 'places', 'others', 'i', 'k', 'shift', 'at', 'sum', 'place')}
      (local $x ${precision}) (local $bits ${int})
      (local.set $keys ${plus('$scratch', countsBytes)})
      (local.set $places ${plus('$keys', times('$count', bytes))})
      (local.set $others ${four('$places', '$count')})
      ;; -0 is 0, NaN comes first.
      ${each('i', '(i32.const 0)', '$count', 1, `
        (local.set $x (${precision}.add (${precision}.const 0)
          (${precision}.load ${plus('$from', times('$i', bytes))})))
        (local.set $bits (${int}.reinterpret_${precision} $x))
        (local.set $bits (select
          $bits
          (${int}.xor (${int}.sub (${int}.const ${top}) (${int}.const 1)) $bits)
          (${int}.lt_s $bits (${int}.const 0))))
        (${int}.store ${plus('$keys', times('$i', bytes))}
          (select $bits (${int}.const 0) (${precision}.eq $x $x)))
        (i32.store ${four('$places', '$i')} $i)`)}
      (if (i32.lt_u $count (i32.const ${shortRow})) (then
        ${each('i', '(i32.const 1)', '$count', 1, `
          (local.set $bits ${key('$i')})
          (local.set $k $i)
          (block $found (loop $lower
            (br_if $found (i32.eqz $k))
            (local.set $place (i32.load ${four('$places', '(i32.sub $k (i32.const 1))')}))
            (br_if $found (${int}.le_u ${key('$place')} $bits))
            (i32.store ${four('$places', '$k')} $place)
            (local.set $k (i32.sub $k (i32.const 1)))
            (br $lower)))
          (i32.store ${four('$places', '$k')} $i)`)})
      (else
        ${each('shift', '(i32.const 0)', 8 * bytes, 8, `
          (memory.fill $scratch (i32.const 0) (i32.const ${countsBytes}))
          ${each('i', '(i32.const 0)', '$count', 1, `
            (local.set $at ${four('$scratch', byte(key('$i')))})
            (i32.store $at ${plus('(i32.load $at)', 1)})`)}
          (if (i32.ne (i32.load $at) $count) (then
            (local.set $sum (i32.const 0))
            ${each('k', '(i32.const 0)', 256, 1, `
              (local.set $at ${four('$scratch', '$k')})
              (local.set $place (i32.load $at))
              (i32.store $at $sum)
              (local.set $sum ${plus('$sum', '$place')})`)}
            ${each('i', '(i32.const 0)', '$count', 1, `
              (local.set $place (i32.load ${four('$places', '$i')}))
              (local.set $at ${four('$scratch', byte(key('$place')))})
              (local.set $k (i32.load $at))
              (i32.store $at ${plus('$k', 1)})
              (i32.store ${four('$others', '$k')} $place)`)}
            (local.set $k $places)
            (local.set $places $others)
            (local.set $others $k)))`)}))
      ${each('i', '(i32.const 0)', '$count', 1, `
        (${precision}.store ${plus('$to', times('$i', bytes))}
          (${precision}.convert_i32_u (i32.load ${four('$places', '$i')})))`)})`)
  }
}
