// What an op does to plain numbers, so that known values fold while a graph is built. Only exact or
// correctly rounded functions and those of Math stand here; an op that is missing does not fold.
// A yes/no value is 1 or 0.

type Numeric = (a: number, b: number, c: number) => number

export const numeric: ReadonlyMap<string, Numeric> = new Map<string, Numeric>([
  ['add', (a, b) => a + b],
  ['sub', (a, b) => a - b],
  ['mul', (a, b) => a * b],
  ['div', (a, b) => a / b],
  ['mod', (a, b) => a - Math.floor(a / b) * b],
  ['neg', a => -a],
  ['abs', Math.abs],
  ['sign', a => (a > 0 ? 1 : a < 0 ? -1 : 0)],
  ['floor', Math.floor],
  ['sqrt', Math.sqrt],
  ['sqrt0', Math.sqrt],
  ['exp', Math.exp],
  ['exp_nonpositive', Math.exp],
  ['expm1', Math.expm1],
  ['log', Math.log],
  ['log_normal', Math.log],
  ['log1p', Math.log1p],
  ['log1p_nonnegative', Math.log1p],
  ['log1p_unit', Math.log1p],
  ['tanh', Math.tanh],
  ['atan', Math.atan],
  ['pow', power],
  ['minimum', Math.min],
  ['maximum', Math.max],
  ['clamp', (x, a, b) => Math.min(Math.max(x, a), b)],
  ['clamp_min', Math.max],
  ['clamp_max', Math.min],
  ['relu', a => Math.max(a, 0)],
  ['sigmoid', a => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)))],
  ['softplus', a => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))],
  ['log_sigmoid', a => Math.min(a, 0) - Math.log1p(Math.exp(-Math.abs(a)))],
  ['xlogy', (a, b) => (a === 0 ? 0 : a * Math.log(b))],
  ['stop_gradient', a => a],
  ['lt', (a, b) => Number(a < b)],
  ['le', (a, b) => Number(a <= b)],
  ['gt', (a, b) => Number(a > b)],
  ['ge', (a, b) => Number(a >= b)],
  ['eq', (a, b) => Number(a === b)],
  ['ne', (a, b) => Number(a !== b)],
  ['and', (a, b) => a * b],
  ['or', (a, b) => Math.max(a, b)],
  ['not', a => 1 - a],
  ['where', (c, a, b) => (c === 1 ? a : b)]
])

// C's pow: 1 to any power and anything to the power 0 is 1; JavaScript says NaN for 1 ** ±inf.
function power (a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b
}
