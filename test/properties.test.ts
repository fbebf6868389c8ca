// What is true of every loss of the table, for random requests made of its declarations: laws of
// reductions, batches, defaults, broadcasting and upstream gradients, and agreement of precisions
// with each other and with the plain evaluator. LOSSD_FUZZ_RUNS and LOSSD_FUZZ_SEED make more and
// other requests; a failure shows its seed and path.

import fc from 'fast-check'
import t from 'tap'
import { define } from '../src/formulas/define.ts'
import type { AxisSyntax } from '../src/formulas/syntax.ts'
import { losses } from '../src/losses/index.ts'
import { evaluateLoss } from './formulas/evaluate-loss.ts'
import { type Drawn, isPlain, isRefusal, type Limits, positive, requests } from './loss-requests.ts'
import { createMachine, type LossMachine, type Reply, type Request } from './machine.ts'
import { near, same } from './near.ts'
import { Random } from './random.ts'
import { broughtBack, permuted, writtenOut } from './rearranged.ts'

t.setTimeout(600_000)

const runs = Number(process.env['LOSSD_FUZZ_RUNS'] ?? 10)
const seed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 11)
const machine = await createMachine()

for (const loss of losses) {
  const definition = define(loss.formula, { rules: loss })
  const batches = new Set(definition.tensors.flatMap(({ kinds }) =>
    kinds.flatMap(({ axes }) => axes.filter(axis => axis.optional).map(({ name }) => name))))
  const law = (says: string, limits: Limits, check: (request: Drawn) => Promise<void>): void => {
    t.test(`${loss.name}: ${says}`, async t => {
      const property = fc.asyncProperty(requests(definition, limits), async drawn => {
        // A loss may refuse what its declarations allow: negative variances, soft targets with an
        // ignore_index.
        const request = await isRefused(machine, drawn) ? positive(drawn) : drawn
        fc.pre(request === drawn || !await isRefused(machine, request))
        await check(request)
      })
      await fc.assert(property, { numRuns: runs, seed })
      t.pass(says)
    })
  }

  law('compiled = evaluated plainly', { lengthMin: 0 }, async request => {
    fc.pre(isPlain(request))
    const { tensors, options, gradients } = request
    const given = Object.entries(tensors).map(([name, { kind, shape, data }]) =>
      [name, { shape, datatype: kind === 'real' ? 'FP64' : 'INT64', data: Array.from(data) }])
    const plain = evaluateLoss(definition, Object.fromEntries(given), options)
    const reply = await machine.ask(request)
    same(reply.loss.shape, plain.shape, 'shape')
    near(reply.loss.data, plain.loss, 1e-12, 'loss')
    same(reply.denominator === null, plain.denominator === null, 'there is a denominator')
    near([reply.denominator ?? 0], [plain.denominator ?? 0], 1e-12, 'denominator')
    for (const name of gradients) {
      near(slopeOf(reply, name), plain.gradients.get(name) ?? [], 1e-11, name)
    }
  })

  law('sum = mean × denominator = the sum of none', { lengthMin: 0 }, async request => {
    const [none, sum, mean] = await Promise.all(['none', 'sum', 'mean'].map(reduction =>
      machine.ask({ ...request, options: { ...request.options, reduction } })))
    if (none === undefined || sum === undefined || mean === undefined) return
    // An option of the loss may say that nothing is reduced.
    fc.pre(sum.loss.shape.length === 0)
    near([total(none.loss.data)], sum.loss.data, 1e-12, 'sum of none')
    near(slopes(request, none), slopes(request, sum), 1e-12, 'gradients of none')
    const { denominator } = mean
    if (denominator === 0) {
      near(mean.loss.data, [Number.NaN], 0, 'the mean of nothing')
      return
    }
    const times = (data: ArrayLike<number>) => Array.from(data, x => x * (denominator ?? 1))
    near(times(mean.loss.data), sum.loss.data, 1e-12, 'mean × denominator')
    near(times(slopes(request, mean)), slopes(request, sum), 1e-12, 'gradients of the mean')
  })

  law('gradients have the shapes of their arguments', { lengthMin: 0 }, async request => {
    const { gradients } = await machine.ask(request)
    same(Object.keys(gradients), request.gradients, 'names')
    for (const name of request.gradients) {
      same(gradients[name]?.shape, request.tensors[name]?.shape, name)
    }
  })

  const hasBatch = batches.size > 0 ||
    definition.tensors.some(({ kinds }) => kinds.some(({ group }) => group !== ''))
  const permutes = 'a permuted batch has permuted gradients and the same loss'
  if (hasBatch) law(permutes, {}, async request => {
    const [first = []] = Object.values(request.dimensions)
    const axis = first.find(name => batches.has(name) || name.startsWith('...')) ?? ''
    // One that could have the batch and lacks it, all rows in one, is not permuted with it.
    const has = (axes: readonly AxisSyntax[] = []): boolean =>
      axes.some(({ name }) => name === axis)
    const joined = definition.tensors.some(({ name, kinds }) =>
      kinds.some(({ axes }) => has(axes)) && name in request.axes && !has(request.axes[name]))
    fc.pre(axis !== '' && !joined)
    const order = new Random(request.seed).shuffle(request.lengths.get(axis) ?? 1)
    const tensors = permuted(request, axis, order)
    const reply = await machine.ask(request)
    const turned = await machine.ask({ ...request, tensors })
    near(turned.loss.data.sort(), reply.loss.data.sort(), 1e-12, 'loss')
    for (const name of request.gradients) {
      const wanted = tensors[name]?.origin.map(place => slopeOf(reply, name)[place] ?? 0)
      near(slopeOf(turned, name), wanted ?? [], 1e-11, name)
    }
  })

  // given(x) tells them apart.
  const isTold = JSON.stringify([loss.formula, loss.refuse, loss.warn]).includes('given(')
  if (!isTold) law('tensors of their default number change nothing', {}, async request => {
    const optional = new Map(definition.tensors.flatMap(({ name, default: fallback }) =>
      fallback === null ? [] : [[name, fallback] as const]))
    const gradients = request.gradients.filter(name => !optional.has(name))
    const given = Object.entries(request.tensors)
    const constant = given.map(([name, tensor]) => [name,
      { ...tensor, data: Float64Array.from(tensor.data, x => optional.get(name) ?? x) }])
    const without = given.filter(([name]) => !optional.has(name))
    const reply = await machine.ask(
      { ...request, gradients, tensors: Object.fromEntries(constant) })
    const plain = await machine.ask({ ...request, gradients, tensors: Object.fromEntries(without) })
    near(reply.loss.data, plain.loss.data, 1e-13, 'loss')
    near(slopes({ gradients }, reply), slopes({ gradients }, plain), 1e-13, 'gradients')
  })

  law('options left out stand at their defaults', {}, async request => {
    const defaults = definition.options.flatMap(({ name, default: fallback }) =>
      fallback === null ? [] : [[name, fallback] as const])
    const options = { ...Object.fromEntries(defaults),
      reduction: definition.reduction.default, ...request.options }
    const reply = await machine.ask({ ...request, options })
    const replies = [reply, await machine.ask(request)].map(reply =>
      [...reply.loss.data, ...slopes(request, reply), reply.denominator])
    same(replies[0], replies[1], 'reply')
  })

  law('a broadcast is the same as the tensors written out', {}, async request => {
    const tensors = writtenOut(request)
    const reply = await machine.ask(request)
    const whole = await machine.ask({ ...request, tensors })
    near(whole.loss.data, reply.loss.data, 1e-12, 'loss')
    for (const name of request.gradients) {
      const wanted = slopeOf(reply, name)
      const written = tensors[name]
      if (written === undefined) throw new Error(`no ${name}`)
      near(broughtBack(slopeOf(whole, name), written, wanted.length), wanted, 1e-11, name)
    }
  })

  law('gradients are linear in grad_output', {}, async request => {
    const { shape, data } = (await machine.ask({ ...request, gradients: [] })).loss
    const random = new Random(request.seed)
    const [a, b] = [0, 1].map(() => data.map(() => random.normal())) as [typeof data, typeof data]
    const both = a.map((x, place) => 3 * x - 0.5 * (b[place] ?? 0))
    const [first = [], second = [], mixed = []] = await Promise.all([a, b, both].map(async up =>
      slopes(request, await machine.ask({ ...request, gradOutput: { shape, data: up } }))))
    near(mixed, first.map((x, place) => 3 * x - 0.5 * (second[place] ?? 0)), 1e-11, 'gradients')
  })

  law('float32 agrees with float64', {}, async request => {
    const exact = await machine.ask(request)
    const single = await machine.ask({ ...request, datatype: 'FP32' })
    // What hangs on the last digits of what is given, as a quotient by a difference of nearly equal
    // numbers does, float32 cannot tell better than they are told.
    const moved = await machine.ask({ ...request, tensors: nudged(request) })
    const agree = (of: (reply: Reply) => ArrayLike<number>, what: string): void => {
      const change = distance(of(moved), of(exact))
      near(of(single), of(exact), 1e-5 + 4 * change, what)
    }
    agree(({ loss }) => loss.data, 'loss')
    for (const name of request.gradients) {
      // The direction of a short vector: its slope is a difference of others that grow with
      // 1 / length. It counts as what it does to the loss.
      agree(reply => Array.from(slopeOf(reply, name), (slope, place) =>
        slope * Math.min(1, Math.abs(request.tensors[name]?.data[place] ?? 1))), name)
    }
  })
}

t.test('the machine ends clean', t => machine.close(t))

async function isRefused (machine: LossMachine, request: Request): Promise<boolean> {
  try {
    await machine.ask({ ...request, gradients: [] })
    return false
  } catch (fault) {
    if (isRefusal(fault)) return true
    throw fault
  }
}

// Real numbers moved by half a millionth of themselves, up or down.
function nudged ({ tensors, seed }: Drawn): Request['tensors'] {
  const random = new Random(seed)
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, {
    ...tensor,
    data: tensor.kind === 'real'
      ? Float64Array.from(tensor.data, x => x * (1 + (random.next() < 0.5 ? 5e-7 : -5e-7)))
      : tensor.data
  }]))
}

// The largest difference, of the largest number around, at least of 1.
function distance (a: ArrayLike<number>, b: ArrayLike<number>): number {
  const numbers = Array.from(b, (value, place) => [value, value - (a[place] ?? 0)].map(Math.abs))
    .filter(([size = 0, change = 0]) => Number.isFinite(size + change))
  const scale = Math.max(1, ...numbers.map(([size = 0]) => size))
  return Math.max(0, ...numbers.map(([, change = 0]) => change)) / scale
}

const total = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0)
const slopeOf = ({ gradients }: Reply, name: string): ArrayLike<number> =>
  gradients[name]?.data ?? []
const slopes = ({ gradients }: Pick<Request, 'gradients'>, reply: Reply): number[] =>
  gradients.flatMap(name => Array.from(slopeOf(reply, name)))
