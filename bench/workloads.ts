// The data the benches work on: the same numbers in every run, shapes as in courses and models.

export interface Values {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export interface Workload {
  /** The loss, by its name in the URL. */
  readonly loss: string
  /** The shape, as a table shows it. */
  readonly title: string
  readonly input: Values
  readonly target: Values
}

const elementwise = ['mse', 'l1', 'huber', 'smooth-l1', 'bce', 'bce-with-logits']
const counts = [1e3, 1e5, 1e7]
const classShapes = [[64, 10], [64, 1000], [8, 21, 4096]]

/** Losses at sizes from small to beyond the caches: flat ones by elements, others by shape. */
export function kernelWorkloads (): (() => Workload)[] {
  const flat = counts.flatMap(count => elementwise.map(loss => () => flatWorkload(loss, [count])))
  const classes = classShapes.flatMap(shape =>
    ['cross-entropy', 'nll'].map(loss => () => classWorkload(loss, shape)))
  return [...flat, ...classes]
}

/** Requests as a course sends them, and one of a small model's batch. */
export function requestWorkloads (): Workload[] {
  return [
    flatWorkload('mse', [3, 1]),
    classWorkload('cross-entropy', [3, 5]),
    flatWorkload('bce-with-logits', [4, 1]),
    classWorkload('cross-entropy', [64, 10]),
    flatWorkload('mse', [10_000])
  ]
}

function flatWorkload (loss: string, shape: readonly number[]): Workload {
  const random = generator(1234)
  const count = product(shape)
  const probabilities = loss === 'bce'
  const labels = loss.startsWith('bce')
  const input = fill(count, probabilities ? random : () => normal(random))
  const target = fill(count, labels ? () => Math.round(random()) : () => normal(random))
  return {
    loss, title: title(shape), input: { shape, data: input }, target: { shape, data: target }
  }
}

function classWorkload (loss: string, shape: readonly number[]): Workload {
  const random = generator(1234)
  const [rows = 1, classes = 1, ...rest] = shape
  const targetShape = [rows, ...rest]
  const data = BigInt64Array.from({ length: product(targetShape) },
    () => BigInt(Math.floor(random() * classes)))
  const input = fill(product(shape), () => normal(random))
  return {
    loss, title: title(shape), input: { shape, data: input }, target: { shape: targetShape, data }
  }
}

/** mulberry32: numbers in [0, 1), the same for the same seed. */
export function generator (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
}

// Box and Muller: a normal number from two uniform ones.
function normal (random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** So many numbers, one after the other. */
export function fill (count: number, value: () => number): Float32Array {
  const data = new Float32Array(count)
  for (let index = 0; index < count; index++) data[index] = value()
  return data
}

function product (shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1)
}

/** A shape as a table shows it. */
export function title (shape: readonly number[]): string {
  return shape.map(length => length >= 1000 && length % 1000 === 0
    ? length.toExponential().replace('e+', 'e') : String(length)).join(' × ')
}
