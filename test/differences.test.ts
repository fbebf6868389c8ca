// Gradients of compiled kernels are difference quotients, in float64 along random directions: of
// every loss by every argument that has one, for all choices of its options; and of every op of
// the table, whose value must be that of the plain evaluator.

import t from 'tap'
import { define } from '../src/formulas/define.ts'
import type { Definition, OptionArgument } from '../src/formulas/definition.ts'
import { losses } from '../src/losses/index.ts'
import { accepted, drawn, type Drawn, inside } from './loss-requests.ts'
import { createMachine } from './machine.ts'
import { Random } from './random.ts'

t.setTimeout(600_000)

type Options = Record<string, number | boolean | string>

const machine = await createMachine()

for (const loss of losses) {
  const definition = define(loss.formula, { rules: loss })
  // What stops a gradient is no derivative, and says so.
  if (loss.formula.includes('stop_gradient')) continue
  t.test(`${loss.name}: the gradient is the difference quotient`, async t => {
    for (const drawn of all(definition)) {
      const request = await accepted(machine, drawn)
      if (request === null) continue
      const { options, tensors } = request
      const shapes = Object.entries(tensors).map(([name, { shape }]) => `${name} [${shape}]`)
      const title = `${JSON.stringify(options)} ${shapes.join(' ')}`
      for (const name of request.gradients) {
        const { slope, difference, scale } = await compare(request, name)
        t.ok(isNear({ slope, difference, scale }),
          `${title} by ${name}: ${slope}, difference ${difference}`)
      }
    }
    t.equal(machine.heap.usedBytes, 0, 'everything borrowed came back')
  })
}

t.test('the machine ends clean', t => machine.close(t))

// Each type, each layout, each choice of options: whole, broadcast, without what may be left out.
function * all (definition: Definition): Generator<Drawn> {
  const { tensors, axes } = definition
  const alternatives = Math.max(...tensors.map(({ kinds }) => kinds.length))
  for (const options of choices(definition)) {
    for (let alternative = 0; alternative < alternatives; alternative++) {
      for (const form of ['bare', 'whole', 'broadcast'] as const) {
        yield drawn(definition, {
          alternative,
          hasOptional: form !== 'bare',
          axes: axes.map((_, index) => 3 + index),
          group: form === 'bare' ? [5] : [4, 3],
          given: tensors.map(() => form !== 'bare'),
          dropped: tensors.map((_, index) => (form === 'broadcast' && index === 1 ? 1 : 0)),
          single: tensors.map((_, index) => [form === 'broadcast' && index === 0]),
          options,
          seed: 5
        }, 'FP64')
      }
    }
  }
}

/** All combinations of the options' choices, with numbers at their defaults, and beside them. */
function choices (definition: Definition): Options[] {
  let combined: Options[] = definition.reduction.choices.map(reduction => ({ reduction }))
  const numbers: [Options, Options] = [{}, {}]
  for (const option of definition.options) {
    const { name, type, choices, default: fallback } = option
    if (name === 'reduction') continue
    const values = type === 'boolean' ? [true, false] : choices
    if (values.length > 0) {
      combined = values.flatMap(value => combined.map(options => ({ ...options, [name]: value })))
    } else {
      const beside = numberOf(option)
      numbers[0][name] = typeof fallback === 'number' ? fallback : beside
      numbers[1][name] = beside
    }
  }
  const isSame = JSON.stringify(numbers[0]) === JSON.stringify(numbers[1])
  return (isSame ? [numbers[0]] : numbers).flatMap(each =>
    combined.map(options => ({ ...options, ...each })))
}

/** A number beside the default. */
function numberOf ({ type, bounds, default: fallback }: OptionArgument): number {
  if (type === 'integer') return 1
  const [low, high] = inside(bounds, [0, 1])
  return Number(fallback) === 0 ? low + (high - low) * 0.3 : Number(fallback) * 1.25
}

interface Compared { readonly slope: number, readonly difference: number, readonly scale: number }

function isNear ({ slope, difference, scale }: Compared): boolean {
  return Math.abs(slope - difference) <= 1e-7 * scale
}

// The loss along a direction, times an upstream gradient: what the gradient says, and what
// differences say, extrapolated from two steps.
async function compare (request: Drawn, name: string): Promise<Compared> {
  const random = new Random(11)
  const { shape, data } = (await machine.ask({ ...request, gradients: [] })).loss
  const upstream = data.map(() => random.normal())
  const gradOutput = { shape, data: upstream }
  const { gradients } = await machine.ask({ ...request, gradients: [name], gradOutput })
  const tensor = request.tensors[name]
  const slopes = gradients[name]?.data
  if (tensor === undefined || slopes === undefined) throw new Error(`no gradient by ${name}`)
  const direction = slopes.map(() => 2 * random.next() - 1)
  const at = async (step: number): Promise<number> => {
    const moved = Float64Array.from(tensor.data, (x, place) => x + step * (direction[place] ?? 0))
    const tensors = { ...request.tensors, [name]: { ...tensor, data: moved } }
    const { loss } = await machine.ask({ ...request, tensors, gradients: [] })
    return dot(loss.data, upstream)
  }
  const quotient = async (step: number): Promise<number> =>
    (await at(step) - await at(-step)) / (2 * step)
  const slope = dot(slopes, direction)
  const scale = Array.from(slopes, Math.abs).reduce((a, b) => a + b, 1)
  let difference = Number.NaN
  // A step may reach beyond a kink, where an order changes: then a smaller one does not.
  for (const step of [1e-4, 2e-6]) {
    difference = (4 * await quotient(step) - await quotient(2 * step)) / 3
    if (isNear({ slope, difference, scale })) break
  }
  return { slope, difference, scale }
}

function dot (a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (x, place) => x * (b[place] ?? 0)).reduce((sum, x) => sum + x, 0)
}
