// The losses as one would write them in JavaScript: a loop over typed arrays, loss and gradient at
// once, means over all elements. What the kernels are compared with, and a check of their values.

import type { Workload } from './workloads.ts'

export interface Plain {
  readonly gradient: Float32Array
  /** Fills the gradient and returns the loss. */
  readonly run: () => number
}

const bent = 'size = abs(x - t); loss = size < 1 ? size * size / 2 : size - 0.5; ' +
  'slope = size < 1 ? x - t : sign(x - t)'

// Statements for one element: `loss` and `slope` from `x` and `t`, with the functions of Math.
const statements: Readonly<Record<string, string>> = {
  mse: 'size = x - t; loss = size * size; slope = 2 * size',
  l1: 'loss = abs(x - t); slope = sign(x - t)',
  huber: bent,
  'smooth-l1': bent,
  bce: 'loss = -t * max(log(x), -100) - (1 - t) * max(log1p(-x), -100); ' +
    'slope = (x - t) / max((1 - x) * x, 1e-12)',
  'bce-with-logits': 'size = exp(-abs(x)); loss = max(x, 0) - x * t + log1p(size); ' +
    'slope = (x < 0 ? size : 1) / (1 + size) - t'
}

/** The loop of a workload. */
export function plain ({ loss, input, target }: Workload): Plain {
  const gradient = new Float32Array(input.data.length)
  const x = Float32Array.from(input.data as Float32Array)
  if (target.data instanceof BigInt64Array) {
    const classes = Int32Array.from(target.data, Number)
    const logits = loss === 'cross-entropy'
    return { gradient, run: () => overClasses(x, classes, gradient, input.shape, logits) }
  }
  const t = target.data
  // Each loss is a loop of its own, as one would write it: a shared one that calls a function for
  // each element is four times slower.
  const loop = new Function('inputs', 'targets', 'gradient', `
    const { abs, sign, max, exp, log, log1p } = Math
    let total = 0
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i], t = targets[i]
      let loss, slope, size
      ${statements[loss]}
      total += loss
      gradient[i] = slope / inputs.length
    }
    return total / inputs.length`)
  return { gradient, run: () => loop(x, t, gradient) as number }
}

// Cross-entropy (over logits) or the negative log-likelihood, along axis 1, mean over the rest.
function overClasses (
  x: Float32Array, classes: Int32Array, gradient: Float32Array, shape: readonly number[],
  logits: boolean
): number {
  const count = shape[1] ?? 1
  const inner = shape.slice(2).reduce((a, b) => a * b, 1)
  const rows = classes.length
  let total = 0
  for (let row = 0; row < rows; row++) {
    const first = Math.floor(row / inner) * count * inner + row % inner
    const target = classes[row] ?? 0
    const end = first + count * inner
    let most = Number.NEGATIVE_INFINITY
    let sum = 0
    if (logits) {
      for (let i = first; i < end; i += inner) most = Math.max(most, x[i] ?? 0)
      for (let i = first; i < end; i += inner) sum += Math.exp((x[i] ?? 0) - most)
      for (let i = first; i < end; i += inner) {
        gradient[i] = Math.exp((x[i] ?? 0) - most) / sum / rows
      }
    } else for (let i = first; i < end; i += inner) gradient[i] = 0
    const at = first + target * inner
    total += (logits ? Math.log(sum) + most : 0) - (x[at] ?? 0)
    gradient[at] = (gradient[at] ?? 0) - 1 / rows
  }
  return total / rows
}
