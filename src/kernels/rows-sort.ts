// The places of a row's elements from the largest to the smallest, NaN first, equal ones in order.
// Each element becomes a whole number that grows as the element falls; these are sorted byte by
// byte, the lowest first, which keeps equal ones in order. A byte that all have in common is
// skipped. What is moved are the places alone:
//
//     scratch   256 counts | numbers | places | places
//
// Short rows are sorted by insertion.

import {
  assign, below, blockOf, choose, each, f32, f64, fill, i32, i64, jump, jumpIf, load, loopOf, minus,
  op, plus, select, store, times, when
} from './shorthand.ts'
import { FunctionText, type Precision } from './text.ts'

const countsBytes = 4 * 256
const shortRow = 24

/** Memory that a thread needs for a row. */
export function sortBytes (count: number, bytes: number): number {
  return countsBytes + count * (bytes + 4 + 4)
}

export function rowSorterName (precision: Precision): string { return `sort ${precision}` }

/** A function (from, to, count, scratch). */
export function rowSorter (precision: Precision): FunctionText {
  const fn = new FunctionText('i32', 'i32', 'i32', 'i32')
  const { from, to, count, scratch } = fn.named('from', 'to', 'count', 'scratch')
  const { keys, places, others, i, k, shift, at, sum, place } = fn.locals('i32',
    'keys', 'places', 'others', 'i', 'k', 'shift', 'at', 'sum', 'place')
  const { x } = fn.locals(precision, 'x')
  // The number of a key: its type, and how it is written.
  const [bytes, int, number, zero] = precision === 'f32'
    ? [4, 'i32', (value: bigint) => i32(Number(value)), f32(0)] as const
    : [8, 'i64', i64, f64(0)] as const
  const { bits } = fn.locals(int, 'bits')
  const top = 1n << BigInt(8 * bytes - 1)
  const four = (base: string, index: string): string => plus(base, times(index, 4))
  const word = (base: string, index: string): string => load('i32.load', four(base, index))
  const key = (index: string): string => load(`${int}.load`, plus(keys, times(index, bytes)))
  const byte = precision === 'f32'
    ? (value: string): string => op('i32.and', op('i32.shr_u', value, shift), i32(255))
    : (value: string): string => op('i32.wrap_i64', op('i64.and',
        op('i64.shr_u', value, op('i64.extend_i32_u', shift)), i64(255n)))
  fn.write(
    assign(keys, plus(scratch, countsBytes)),
    assign(places, plus(keys, times(count, bytes))),
    assign(others, four(places, count)),
    // -0 is 0, NaN comes first.
    each(i, i32(0), count, 1,
      assign(x, op(`${precision}.add`, zero,
        load(`${precision}.load`, plus(from, times(i, bytes))))),
      assign(bits, op(`${int}.reinterpret_${precision}`, x)),
      assign(bits, select(
        bits,
        op(`${int}.xor`, op(`${int}.sub`, number(top), number(1n)), bits),
        op(`${int}.lt_s`, bits, number(0n)))),
      store(`${int}.store`, plus(keys, times(i, bytes)),
        select(bits, number(0n), op(`${precision}.eq`, x, x))),
      store('i32.store', four(places, i), i)))
  const insert = each(i, i32(1), count, 1,
    assign(bits, key(i)),
    assign(k, i),
    blockOf(loopOf(
      jumpIf(1, op('i32.eqz', k)),
      assign(place, word(places, minus(k, 1))),
      jumpIf(1, op(`${int}.le_u`, key(place), bits)),
      store('i32.store', four(places, k), place),
      assign(k, minus(k, 1)),
      jump(0))),
    store('i32.store', four(places, k), i))
  const byBytes = each(shift, i32(0), 8 * bytes, 8,
    fill(scratch, 0, countsBytes),
    each(i, i32(0), count, 1,
      assign(at, four(scratch, byte(key(i)))),
      store('i32.store', at, plus(load('i32.load', at), 1))),
    when(op('i32.ne', load('i32.load', at), count),
      assign(sum, i32(0)),
      each(k, i32(0), 256, 1,
        assign(at, four(scratch, k)),
        assign(place, load('i32.load', at)),
        store('i32.store', at, sum),
        assign(sum, plus(sum, place))),
      each(i, i32(0), count, 1,
        assign(place, word(places, i)),
        assign(at, four(scratch, byte(key(place)))),
        assign(k, load('i32.load', at)),
        store('i32.store', at, plus(k, 1)),
        store('i32.store', four(others, k), place)),
      assign(k, places),
      assign(places, others),
      assign(others, k)))
  fn.write(
    choose(below(count, shortRow), insert, byBytes),
    each(i, i32(0), count, 1,
      store(`${precision}.store`, plus(to, times(i, bytes)),
        op(`${precision}.convert_i32_u`, word(places, i)))))
  return fn
}
