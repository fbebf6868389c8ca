// Copies an operand of a matrix product into panels, as a function: a panel holds a few of its
// columns for all k, one row of it after the other, so that a tile reads it from end to end.

import type { Arithmetic, SharedFunction } from './matmul-tiles.ts'
import {
  assign, lanesOf, each, i32, least, load, minus, op, plus, shuffled, store, tee, times, when
} from './shorthand.ts'
import { FunctionText } from './text.ts'

/**
 * The operand is X[k, columns] (A is meant turned, its rows are the columns here), contiguous
 * along one of the two. It is copied by squares of lanes × lanes numbers:
 *
 *     line 0  a b c d             a b c d                      a e i m
 *     line 1  e f g h     ──▶     e f g h    where X runs  or  b f j n    where X runs
 *     line 2  i j k l             i j k l    along columns     c g k o    along k
 *     line 3  m n o p             m n o p                      d h l p
 *
 * From line to line outside, along the lines inside: X is read as it lies. Beyond the last line
 * that one is read again. Beyond the last column a panel is cleared, as far as `width`, which is
 * a multiple of a panel's columns. k is rounded up to whole squares; those rows are never used.
 */
export function pack (arithmetic: Arithmetic, along: 'k' | 'columns'): SharedFunction {
  return { name: packName(arithmetic, along), write: () => writePack(arithmetic, along) }
}

export function packName ({ scalar }: Arithmetic, along: 'k' | 'columns'): string {
  return `matmul ${scalar} pack along ${along}`
}

/** Panels have room for whole squares. */
export function panelBytes ({ lanes }: Arithmetic, rowBytes: string, k: string): string {
  return times(rowBytes, op('i32.and', plus(k, lanes - 1), i32(-lanes)))
}

function writePack (arithmetic: Arithmetic, along: 'k' | 'columns'): FunctionText {
  const { lanes } = arithmetic
  const fn = new FunctionText('i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32')
  const { from, stride, k, columns, width, rowBytes, panels } = fn.named(
    'from', 'stride', 'k', 'columns', 'width', 'rowBytes', 'panels')
  const { row, column, to, inPanel, panelBytes: bytes } = fn.locals('i32',
    'row', 'column', 'to', 'inPanel', 'panelBytes')
  const lines = fn.several('i32', 4).slice(0, lanes)
  const { mask } = fn.locals('v128', 'mask')
  const square = Array.from({ length: 4 }, () => fn.several('v128', 2) as [string, string])
    .slice(0, lanes)

  // Addresses of the lines of a square.
  const begin = (at: string, count: string): string => lines.map((line, i) => assign(line,
    plus(from, times(stride, least(plus(at, i), minus(count, 1)))))).join('')
  const read = square.map(([x], i) => {
    const line = lines[i] ?? ''
    return assign(x, load('v128.load', line)) + assign(line, plus(line, 16))
  }).join('')
  // The lanes whose column exists.
  const left = minus(columns, column)
  const masked = assign(mask, lanes === 4
    ? op('i32x4.lt_s', lanesOf([0, 1, 2, 3]), op('i32x4.splat', left))
    : op('i64x2.lt_s', lanesOf([0, 1]), op('i64x2.splat', op('i64.extend_i32_s', left))))
  const write = square.map(([x], i) =>
    store('v128.store', plus(to, times(rowBytes, i)), op('v128.and', mask, x))).join('')
  const isFull = op('i32.eq', tee(inPanel, plus(inPanel, 16)), rowBytes)

  fn.write(assign(bytes, panelBytes(arithmetic, rowBytes, k)))
  fn.write(along === 'columns'
    ? each(row, i32(0), k, lanes,
      begin(row, k),
      assign(to, plus(panels, times(row, rowBytes))),
      assign(inPanel, i32(0)),
      each(column, i32(0), width, lanes, read, masked, write,
        assign(to, plus(to, 16)),
        when(isFull, assign(to, plus(to, minus(bytes, rowBytes))), assign(inPanel, i32(0)))))
    : each(column, i32(0), width, lanes,
      begin(column, columns),
      masked,
      assign(to, plus(panels, inPanel)),
      each(row, i32(0), k, lanes, read, turn(square), write,
        assign(to, plus(to, times(rowBytes, lanes)))),
      when(isFull, assign(panels, plus(panels, bytes)), assign(inPanel, i32(0)))))
  return fn
}

/** Turns a square about its diagonal: pairs of lanes first, then pairs of pairs. */
function turn (square: readonly (readonly [x: string, t: string])[]): string {
  const pick = (to: string, a: string, b: string, lanes: readonly number[]): string => {
    const width = 16 / lanes.length
    const bytes = lanes.flatMap(lane => Array.from({ length: width }, (_, i) => lane * width + i))
    return assign(to, shuffled(bytes, a, b))
  }
  const [[x0, t0], [x1, t1], [x2, t2] = ['', ''], [x3, t3] = ['', '']] =
    square as [[string, string], [string, string], [string, string]?, [string, string]?]
  return square.length === 2
    ? pick(t0, x0, x1, [1, 3]) + pick(x0, x0, x1, [0, 2]) + assign(x1, t0)
    : pick(t0, x0, x1, [0, 4, 1, 5]) +
      pick(t1, x0, x1, [2, 6, 3, 7]) +
      pick(t2, x2, x3, [0, 4, 1, 5]) +
      pick(t3, x2, x3, [2, 6, 3, 7]) +
      pick(x0, t0, t2, [0, 1, 4, 5]) +
      pick(x1, t0, t2, [2, 3, 6, 7]) +
      pick(x2, t1, t3, [0, 1, 4, 5]) +
      pick(x3, t1, t3, [2, 3, 6, 7])
}
