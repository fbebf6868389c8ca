// Copies an operand of a matrix product into panels, as a WAT function: a panel holds a few of its
// columns for all k, one row of it after the other, so that a tile reads it from end to end.

import type { Arithmetic, SharedFunction } from './matmul-tiles.ts'
import { each, least, locals, minus, plus, times, wat } from './shorthand.ts'

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
  const name = packName(arithmetic, along)
  return {
    name,
    text: wat(`
    (func ${name}
      (param $from i32) (param $stride i32) (param $k i32) (param $columns i32)
      (param $width i32) (param $rowBytes i32) (param $panels i32)
      ${locals('i32', 'row', 'column', 'to', 'inPanel', 'panelBytes', ...four.map(i => `line${i}`))}
      ${locals('v128', 'mask', ...four.flatMap(i => [`x${i}`, `t${i}`]))}
      (local.set $panelBytes ${panelBytes(arithmetic, '$rowBytes', '$k')})
      ${along === 'k' ? packAlongK(arithmetic) : packAlongColumns(arithmetic)})`)
  }
}

const four = [0, 1, 2, 3]

export function packName ({ scalar }: Arithmetic, along: 'k' | 'columns'): string {
  return `$matmul.${scalar}.pack.${along}`
}

/** Panels have room for whole squares. */
export function panelBytes ({ lanes }: Arithmetic, rowBytes: string, k: string): string {
  return times(rowBytes, `(i32.and ${plus(k, lanes - 1)} (i32.const ${-lanes}))`)
}

function packAlongColumns (arithmetic: Arithmetic): string {
  const { lanes } = arithmetic
  return each('row', '(i32.const 0)', '$k', lanes, `
      ${lines(arithmetic, '$row', '$k')}
      (local.set $to ${plus('$panels', times('$row', '$rowBytes'))})
      (local.set $inPanel (i32.const 0))
      ${each('column', '(i32.const 0)', '$width', lanes, `
      ${loads(arithmetic)}
      ${mask(arithmetic)}
      ${stores(arithmetic)}
      (local.set $to ${plus('$to', 16)})
      (if (i32.eq (local.tee $inPanel ${plus('$inPanel', 16)}) $rowBytes) (then
        (local.set $to ${plus('$to', minus('$panelBytes', '$rowBytes'))})
        (local.set $inPanel (i32.const 0))))`)}`)
}

function packAlongK (arithmetic: Arithmetic): string {
  const { lanes } = arithmetic
  return each('column', '(i32.const 0)', '$width', lanes, `
      ${lines(arithmetic, '$column', '$columns')}
      ${mask(arithmetic)}
      (local.set $to ${plus('$panels', '$inPanel')})
      ${each('row', '(i32.const 0)', '$k', lanes, `
      ${loads(arithmetic)}
      ${turn(lanes)}
      ${stores(arithmetic)}
      (local.set $to ${plus('$to', times('$rowBytes', lanes))})`)}
      (if (i32.eq (local.tee $inPanel ${plus('$inPanel', 16)}) $rowBytes) (then
        (local.set $panels ${plus('$panels', '$panelBytes')})
        (local.set $inPanel (i32.const 0))))`)
}

/** Addresses of the lines of a square. */
function lines ({ lanes }: Arithmetic, first: string, count: string): string {
  return four.slice(0, lanes).map(i => `
      (local.set $line${i}
        ${plus('$from', times('$stride', least(plus(first, i), minus(count, 1))))})`).join('')
}

function loads ({ lanes }: Arithmetic): string {
  return four.slice(0, lanes).map(i => `
      (local.set $x${i} (v128.load $line${i}))
      (local.set $line${i} ${plus(`$line${i}`, 16)})`).join('')
}

/** The lanes whose column exists. */
function mask ({ lanes }: Arithmetic): string {
  const left = minus('$columns', '$column')
  const value = lanes === 4
    ? `(i32x4.lt_s (v128.const i32x4 0 1 2 3) (i32x4.splat ${left}))`
    : `(i64x2.lt_s (v128.const i64x2 0 1) (i64x2.splat (i64.extend_i32_s ${left})))`
  return `(local.set $mask ${value})`
}

function stores ({ lanes }: Arithmetic): string {
  return four.slice(0, lanes).map(i => `
      (v128.store ${plus('$to', times('$rowBytes', i))} (v128.and $mask $x${i}))`).join('')
}

/** Turns a square about its diagonal: pairs of lanes first, then pairs of pairs. */
function turn (lanes: number): string {
  const pick = (to: string, a: string, b: string, lanesOf: readonly number[]): string => {
    const width = 16 / lanesOf.length
    const bytes = lanesOf.flatMap(lane => Array.from({ length: width }, (_, i) => lane * width + i))
    return `(local.set $${to} (i8x16.shuffle ${bytes.join(' ')} $${a} $${b}))`
  }
  return lanes === 2
    ? [
        pick('t0', 'x0', 'x1', [1, 3]),
        pick('x0', 'x0', 'x1', [0, 2]),
        '(local.set $x1 $t0)'
      ].join('\n')
    : [
        pick('t0', 'x0', 'x1', [0, 4, 1, 5]),
        pick('t1', 'x0', 'x1', [2, 6, 3, 7]),
        pick('t2', 'x2', 'x3', [0, 4, 1, 5]),
        pick('t3', 'x2', 'x3', [2, 6, 3, 7]),
        pick('x0', 't0', 't2', [0, 1, 4, 5]),
        pick('x1', 't0', 't2', [2, 3, 6, 7]),
        pick('x2', 't1', 't3', [0, 1, 4, 5]),
        pick('x3', 't1', 't3', [2, 3, 6, 7])
      ].join('\n')
}
