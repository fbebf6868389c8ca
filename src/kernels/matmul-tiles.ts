// The arithmetic of a matrix product as functions: a tile of 4 rows, and 4 dot products.

import type { ModuleText } from './module-text.ts'
import {
  assign, blockOf, choose, i32, jump, jumpIf, laneOp, load, loopOf, minus, op, plus, select, store,
  storeLane, tee, when
} from './shorthand.ts'
import { FunctionText } from './text.ts'

/** What float32 and float64, fused or not, differ in. */
export interface Arithmetic {
  readonly type: 'f32x4' | 'f64x2'
  readonly scalar: 'f32' | 'f64'
  readonly relaxed: boolean
  readonly lanes: number
  readonly bytes: number
  /** For the estimate of a chunk's time only. */
  readonly maddsPerNanosecond: number
}

export function arithmeticOf (scalar: 'f32' | 'f64', relaxed: boolean): Arithmetic {
  return scalar === 'f32'
    ? { type: 'f32x4', scalar, relaxed, lanes: 4, bytes: 4, maddsPerNanosecond: relaxed ? 20 : 16 }
    : { type: 'f64x2', scalar, relaxed, lanes: 2, bytes: 8, maddsPerNanosecond: relaxed ? 10 : 8 }
}

/** A function and its name; a module needs each name once. */
export interface SharedFunction {
  readonly name: string
  readonly write: (module: ModuleText) => FunctionText
}

/** Tiles of 1, 2, 3 or 6 vectors, and 4 dot products along a row of C, or down a column. */
export const tileKinds =
  { vectors1: 1, vectors2: 2, vectors3: 3, vectors6: 6, dotsAlong: 4, dotsDown: 5 }
export const tileVectors = [2, 3, 6, 1] as const

/** As many rows as leave the sums in registers. */
export function tileRowsOf (kind: number): number {
  if (kind === tileKinds.dotsAlong || kind === tileKinds.vectors6) return 1
  return kind === tileKinds.vectors3 ? 3 : 4
}

export function tileColumnsOf (kind: number, lanes: number): number {
  if (kind === tileKinds.dotsAlong) return 4
  return kind === tileKinds.dotsDown ? 1 : kind * lanes
}

const four = [0, 1, 2, 3]

/**
 * C[rows, vectors] = A[rows, k] · B[k, vectors], plus C if `add`; all of it in registers:
 *
 *                      y0       y1          a row of a panel of B
 *                   ┌────────┬────────┐
 *      A[row 0, k]  │  s00   │  s01   │     s += x · y, x being a number of A in all lanes
 *      A[row 1, k]  │  s10   │  s11   │
 *      A[row 2, k]  │  s20   │  s21   │     4 rows of 2 vectors, 3 of 3 or 1 of 6: more sums
 *      A[row 3, k]  │  s30   │  s31   │     leave the registers, so does a longer turn of k.
 *                   └────────┴────────┘
 *
 * With fewer rows the last one is computed again, and stored again: the same bits in the same
 * place, so that no branch asks for it. Columns beyond the last are computed, never stored.
 */
export function tile (arithmetic: Arithmetic, vectors: number): SharedFunction {
  return {
    name: tileName(arithmetic, vectors),
    write: module => writeTile(module, arithmetic, vectors)
  }
}

function writeTile (module: ModuleText, arithmetic: Arithmetic, vectors: number): FunctionText {
  const { type, lanes, bytes } = arithmetic
  const fn = new FunctionText(...Array.from({ length: 11 }, () => 'i32' as const))
  const { a0, aM, aK, b, bK, c0, cM, k, rows, columns, add } = fn.named(
    'a0', 'aM', 'aK', 'b', 'bK', 'c0', 'cM', 'k', 'rows', 'columns', 'add')
  const a = [a0, ...fn.several('i32', 3)]
  const c = [c0, ...fn.several('i32', 3)]
  const { x } = fn.locals('v128', 'x')
  const y = fn.several('v128', vectors)
  const sums = a.slice(0, tileRowsOf(vectors)).map((line, row) =>
    ({ a: line, c: c[row] ?? '', s: fn.several('v128', vectors) }))
  const all = (line: (sum: string, c: string, column: number) => string): string =>
    sums.map(({ c, s }) => s.map((sum, column) => line(sum, c, column)).join('')).join('')
  fn.write(
    linesFrom(a, aM, rows),
    linesFrom(c, cM, rows),
    when(k, loopOf(
      ...y.map((value, column) => assign(value, load('v128.load', b, 16 * column))),
      ...sums.map(({ a, s }) => assign(x, load(`v128.load${8 * bytes}_splat`, a)) +
        s.map((sum, column) => accumulate(arithmetic, sum, x, y[column] ?? '')).join('') +
        assign(a, plus(a, aK))),
      assign(b, plus(b, bK)),
      jumpIf(0, tee(k, minus(k, 1))))),
    when(add, all((sum, c, column) =>
      assign(sum, op(`${type}.add`, load('v128.load', c, 16 * column), sum)))),
    choose(op('i32.ge_u', columns, i32(lanes * vectors)),
      all((sum, c, column) => store('v128.store', c, sum, 16 * column)),
      all((sum, c, column) => module.call(storeName(arithmetic),
        plus(c, 16 * column), sum, minus(columns, column * lanes)))))
  return fn
}

export function tileName (arithmetic: Arithmetic, vectors: number): string {
  return nameOf(arithmetic, `tile${vectors}`)
}

/** Stores the first lanes of a vector: none if the count is below 1, all if it is large. */
export function storeLanes (arithmetic: Arithmetic): SharedFunction {
  const { lanes, bytes } = arithmetic
  return {
    name: storeName(arithmetic),
    write () {
      const fn = new FunctionText('i32', 'v128', 'i32')
      const { to, x, count } = fn.named('to', 'x', 'count')
      for (let lane = 0; lane < lanes; lane++) {
        fn.write(when(op('i32.gt_s', count, i32(lane)),
          storeLane(`v128.store${8 * bytes}_lane`, lane, to, x, lane * bytes)))
      }
      return fn
    }
  }
}

function storeName (arithmetic: Arithmetic): string {
  return nameOf(arithmetic, 'store')
}

/**
 * The dot products of one line with 4 others, all contiguous, into 4 places of C, plus C if
 * `add`. Sums are kept in lanes, the rest of k goes into the first. With fewer than 4 lines the
 * last one is taken again, as in a tile.
 */
export function dots (arithmetic: Arithmetic): SharedFunction {
  return { name: dotsName(arithmetic), write: () => writeDots(arithmetic) }
}

function writeDots (arithmetic: Arithmetic): FunctionText {
  const { scalar, type, lanes, bytes } = arithmetic
  const fn = new FunctionText(...Array.from({ length: 8 }, () => 'i32' as const))
  const { one, line0, stride, lines: count, c0, cStride, k, add } = fn.named(
    'one', 'line0', 'stride', 'lines', 'c0', 'cStride', 'k', 'add')
  const lines = [line0, ...fn.several('i32', 3)]
  const c = [c0, ...fn.several('i32', 3)]
  const { x } = fn.locals('v128', 'x')
  const s = fn.several('v128', 4)
  const old = fn.several(scalar, 4)
  const along = (instruction: string, step: number): string => blockOf(loopOf(
    jumpIf(1, op('i32.lt_u', k, i32(step))),
    assign(x, load(instruction, one)),
    ...lines.map((line, r) => accumulate(arithmetic, s[r] ?? '', x, load(instruction, line)) +
      assign(line, plus(line, step * bytes))),
    assign(one, plus(one, step * bytes)),
    assign(k, minus(k, step)),
    jump(0)))
  const sum = (vector: string): string => four.slice(0, lanes)
    .map(lane => laneOp(`${type}.extract_lane`, lane, vector))
    .reduce((a, b) => op(`${scalar}.add`, a, b))
  fn.write(
    linesFrom(lines, stride, count),
    linesFrom(c, cStride, count),
    along('v128.load', lanes),
    along(`v128.load${8 * bytes}_zero`, 1),
    when(add, ...old.map((value, r) => assign(value, load(`${scalar}.load`, c[r] ?? '')))),
    ...old.map((value, r) => store(`${scalar}.store`, c[r] ?? '',
      op(`${scalar}.add`, value, sum(s[r] ?? '')))))
  return fn
}

export function dotsName (arithmetic: Arithmetic): string {
  return nameOf(arithmetic, 'dots')
}

/** sum = sum + x · y */
function accumulate ({ type, relaxed }: Arithmetic, sum: string, x: string, y: string): string {
  return assign(sum, relaxed
    ? op(`${type}.relaxed_madd`, x, y, sum)
    : op(`${type}.add`, sum, op(`${type}.mul`, x, y)))
}

/** The addresses of 4 lines from that of the first; beyond the last of `count` it is repeated. */
function linesFrom (lines: readonly string[], stride: string, count: string): string {
  return lines.slice(1).map((line, i) => assign(line, plus(lines[i] ?? '',
    select(stride, i32(0), op('i32.gt_u', count, i32(i + 1)))))).join('')
}

function nameOf ({ scalar, relaxed }: Arithmetic, what: string): string {
  return `matmul ${scalar}${relaxed ? ' relaxed' : ''} ${what}`
}
