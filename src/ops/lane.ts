// Words for writing lanes: the same code gives f32x4 and f64x2, by the writer's type.

import type { Lane, Lanes } from './op.ts'

export const add = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.add`, a, b)
export const sub = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.sub`, a, b)
export const mul = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.mul`, a, b)
export const div = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.div`, a, b)
export const neg = (w: Lanes, a: Lane): Lane => w.op(`${w.type}.neg`, a)
export const abs = (w: Lanes, a: Lane): Lane => w.op(`${w.type}.abs`, a)
export const sqrt = (w: Lanes, a: Lane): Lane => w.op(`${w.type}.sqrt`, a)
export const floor = (w: Lanes, a: Lane): Lane => w.op(`${w.type}.floor`, a)

/** The smaller, the larger of two; NaN if either is. */
export const minimum = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.min`, a, b)
export const maximum = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.max`, a, b)

/** Comparisons: all ones where true, all zeros where false or NaN (only ne is true for NaN). */
export const lt = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.lt`, a, b)
export const le = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.le`, a, b)
export const gt = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.gt`, a, b)
export const ge = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.ge`, a, b)
export const eq = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.eq`, a, b)
export const ne = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${w.type}.ne`, a, b)

/** Bit by bit. */
export const and = (w: Lanes, a: Lane, b: Lane): Lane => w.op('v128.and', a, b)
export const or = (w: Lanes, a: Lane, b: Lane): Lane => w.op('v128.or', a, b)
export const xor = (w: Lanes, a: Lane, b: Lane): Lane => w.op('v128.xor', a, b)
/** a without the bits of b. */
export const andnot = (w: Lanes, a: Lane, b: Lane): Lane => w.op('v128.andnot', a, b)

/** Whole numbers of the lane's own width: 32 bits in f32x4, 64 bits in f64x2. */
const integer = (w: Lanes): string => (w.type === 'f32x4' ? 'i32x4' : 'i64x2')
export const addBits = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${integer(w)}.add`, a, b)
export const subBits = (w: Lanes, a: Lane, b: Lane): Lane => w.op(`${integer(w)}.sub`, a, b)
export const shiftLeft = (w: Lanes, a: Lane, by: number): Lane => w.op(`${integer(w)}.shl`, a, by)
/** Fills with zeros. */
export const shiftRight = (w: Lanes, a: Lane, by: number): Lane =>
  w.op(`${integer(w)}.shr_u`, a, by)

/**
 * c₀ + c₁x + c₂x² + …, lowest coefficient first: Horner's rule. Of a long sum the upper terms go in
 * two chains, even and odd powers, side by side: the processor would wait for one chain longer
 * than it works on it.
 */
export function polynomial (w: Lanes, x: Lane, coefficients: readonly number[]): Lane {
  if (coefficients.length < chainMax) return chain(w, x, coefficients)
  const upper = coefficients.slice(2)
  const square = mul(w, x, x)
  const even = chain(w, square, upper.filter((_, k) => k % 2 === 0))
  const odd = chain(w, square, upper.filter((_, k) => k % 2 === 1))
  return chain(w, x, coefficients.slice(0, 2), w.madd(odd, x, even))
}

const chainMax = 8

function chain (w: Lanes, x: Lane, coefficients: readonly number[], above?: Lane): Lane {
  let sum = above
  for (const coefficient of coefficients.toReversed()) {
    const c = w.constant(coefficient)
    sum = sum === undefined ? c : w.madd(sum, x, c)
  }
  return sum ?? w.constant(0)
}
