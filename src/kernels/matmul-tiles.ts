// The arithmetic of a matrix product as WAT functions: a tile of 4 rows, and 4 dot products.

import { locals, minus, plus, wat } from './shorthand.ts'

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

/** A WAT function and its name; a module needs each name once. */
export interface SharedFunction {
  readonly name: string
  readonly text: string
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
  const { type, lanes, bytes } = arithmetic
  const rows = four.slice(0, tileRowsOf(vectors))
  const columns = Array.from({ length: vectors }, (_, index) => index)
  const all = (line: (row: number, column: number) => string): string =>
    rows.flatMap(row => columns.map(column => line(row, column))).join('\n')
  const name = tileName(arithmetic, vectors)
  return {
    name,
    text: wat(`
    (func ${name}
      (param $a0 i32) (param $aM i32) (param $aK i32) (param $b i32) (param $bK i32)
      (param $c0 i32) (param $cM i32) (param $k i32)
      (param $rows i32) (param $columns i32) (param $add i32)
      ${locals('i32', 'a1', 'a2', 'a3', 'c1', 'c2', 'c3')}
      ${locals('v128', 'x', ...columns.map(v => `y${v}`))}
      ${all((r, v) => locals('v128', `s${r}${v}`))}
      ${linesFrom('a', '$aM', '$rows')}
      ${linesFrom('c', '$cM', '$rows')}
      (if $k (then (loop $next
        ${columns.map(v => `(local.set $y${v} (v128.load offset=${16 * v} $b))`).join('\n')}
        ${rows.map(r => `
        (local.set $x (v128.load${8 * bytes}_splat $a${r}))
        ${columns.map(v => accumulate(arithmetic, `$s${r}${v}`, '$x', `$y${v}`)).join('\n')}
        (local.set $a${r} ${plus(`$a${r}`, '$aK')})`).join('')}
        (local.set $b ${plus('$b', '$bK')})
        (br_if $next (local.tee $k ${minus('$k', 1)})))))
      (if $add (then ${all((r, v) => `
        (local.set $s${r}${v} (${type}.add (v128.load offset=${16 * v} $c${r}) $s${r}${v}))`)}))
      (if (i32.ge_u $columns (i32.const ${lanes * vectors}))
        (then ${all((r, v) => `
          (v128.store offset=${16 * v} $c${r} $s${r}${v})`)})
        (else ${all((r, v) => `
          (call ${storeName(arithmetic)}
            ${plus(`$c${r}`, 16 * v)} $s${r}${v} ${minus('$columns', v * lanes)})`)})))`)
  }
}

export function tileName (arithmetic: Arithmetic, vectors: number): string {
  return nameOf(arithmetic, `tile${vectors}`)
}

/** Stores the first lanes of a vector: none if the count is below 1, all if it is large. */
export function storeLanes (arithmetic: Arithmetic): SharedFunction {
  const { lanes, bytes } = arithmetic
  const name = storeName(arithmetic)
  return {
    name,
    text: wat(`
    (func ${name} (param $to i32) (param $x v128) (param $count i32)
      ${four.slice(0, lanes).map(lane => `
      (if (i32.gt_s $count (i32.const ${lane}))
        (then (v128.store${8 * bytes}_lane offset=${lane * bytes} ${lane} $to $x)))`).join('')})`)
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
  const { scalar, type, lanes, bytes } = arithmetic
  const name = dotsName(arithmetic)
  const loop = (load: string, step: number): string => `
      (block $end${step} (loop $next${step}
        (br_if $end${step} (i32.lt_u $k (i32.const ${step})))
        (local.set $x (v128.${load} $one))
        ${four.map(r => `
        ${accumulate(arithmetic, `$s${r}`, '$x', `(v128.${load} $line${r})`)}
        (local.set $line${r} ${plus(`$line${r}`, step * bytes)})`).join('')}
        (local.set $one ${plus('$one', step * bytes)})
        (local.set $k ${minus('$k', step)})
        (br $next${step})))`
  const sum = (lanesOf: string): string => four.slice(0, lanes)
    .map(lane => `(${type}.extract_lane ${lane} ${lanesOf})`)
    .reduce((a, b) => `(${scalar}.add ${a} ${b})`)
  return {
    name,
    text: wat(`
    (func ${name}
      (param $one i32) (param $line0 i32) (param $stride i32) (param $lines i32)
      (param $c0 i32) (param $cStride i32) (param $k i32) (param $add i32)
      ${locals('i32', 'line1', 'line2', 'line3', 'c1', 'c2', 'c3')}
      ${locals('v128', 'x', ...four.map(r => `s${r}`))}
      ${locals(scalar, ...four.map(r => `old${r}`))}
      ${linesFrom('line', '$stride', '$lines')}
      ${linesFrom('c', '$cStride', '$lines')}
      ${loop('load', lanes)}
      ${loop(`load${8 * bytes}_zero`, 1)}
      (if $add (then ${four.map(r => `
        (local.set $old${r} (${scalar}.load $c${r}))`).join('')}))
      ${four.map(r => `
      (${scalar}.store $c${r} (${scalar}.add $old${r} ${sum(`$s${r}`)}))`).join('')})`)
  }
}

export function dotsName (arithmetic: Arithmetic): string {
  return nameOf(arithmetic, 'dots')
}

/** sum = sum + x · y */
function accumulate ({ type, relaxed }: Arithmetic, sum: string, x: string, y: string): string {
  const value = relaxed
    ? `(${type}.relaxed_madd ${x} ${y} ${sum})`
    : `(${type}.add ${sum} (${type}.mul ${x} ${y}))`
  return `(local.set ${sum} ${value})`
}

/** The addresses of 4 lines from that of the first; beyond the last of `count` it is repeated. */
function linesFrom (name: string, stride: string, count: string): string {
  return [1, 2, 3].map(i => `(local.set $${name}${i} ${plus(`$${name}${i - 1}`,
      `(select ${stride} (i32.const 0) (i32.gt_u ${count} (i32.const ${i})))`)})`).join('\n')
}

function nameOf ({ scalar, relaxed }: Arithmetic, what: string): string {
  return `$matmul.${scalar}${relaxed ? '.relaxed' : ''}.${what}`
}
