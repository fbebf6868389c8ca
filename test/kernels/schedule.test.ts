// What the scheduler must decide: how many loops, what rides with what, what is kept where, which
// sums are matrix products and how their operands are read.

import t from 'tap'
import { lower } from '../../src/formulas/lower.ts'
import { planLoop } from '../../src/kernels/loop-plan.ts'
import { schedule, type Step, type Stored } from '../../src/kernels/schedule.ts'
import { graphOf, type Texts } from './texts.ts'

function steps (texts: Texts): { steps: readonly Step[], temporaries: number } {
  const { graph, outputs } = graphOf(texts)
  const nodes = lower(graph, outputs.map(output => output.node))
  const plan = schedule(graph, outputs.map((output, index) =>
    ({ ...output, node: nodes[index] ?? output.node })))
  return { steps: plan.steps, temporaries: plan.temporaries.length }
}

/** One line a step: the space, its tasks; or the operands and the result of a product. */
function lines (texts: Texts): string[] {
  return steps(texts).steps.map(step => {
    if (step.kind === 'product') {
      const [a, b, to] = [step.a, step.b, step.to].map(({ place, layout }) =>
        `${place.split(' ')[0] === 'temporary' ? 'temporary' : place}[${layout.join()}]`)
      return `${a} · ${b} → ${to}`
    }
    if (step.kind === 'rows') return `${step.node.op} ${step.from.place}`
    const { outer, inner } = step.space
    const tasks = step.tasks.map(task => task.kind === 'total' ? 'total' : task.to.place)
    const names = tasks.map(name => name.startsWith('temporary') ? 'temporary' : name)
    return `loop ${outer.join()}${inner.length > 0 ? ` of rows ${inner.join()}` : ''}: `
      + names.sort().join(', ')
  })
}

function readsOf (step: Step): Stored[] {
  if (step.kind === 'rows') return [step.from]
  return step.kind === 'product' ? [step.a, step.b] : [...step.reads.values()]
}

/** How the loop with the most stages is walked. */
function walk (texts: Texts): Record<string, unknown> {
  const plans = steps(texts).steps.flatMap(step => step.kind === 'loop' ? [planLoop(step)] : [])
  const [plan] = plans.sort((a, b) => b.stages.length - a.stages.length)
  return {
    lanes: `${plan?.beside ? 'beside' : 'along'} ${plan?.lane}`,
    stages: plan?.stages.length,
    kept: plan?.kept.map(({ node, row }) => `${node.op} in ${row?.place ?? 'scratch'}`)
  }
}

t.test('mse: one loop, the total rides with the gradient', async t => {
  const texts = { axes: 'S', tensors: { x: 'S', y: 'S' }, loss: 'd = x - y; mean(d * d)' }
  t.same(lines(texts), ['loop S: output slope x, output slope y, total'])
})

t.test('bce with logits: one loop', async t => {
  const loss = 'mean(softplus(x) - x * y)'
  t.same(lines({ axes: 'S', tensors: { x: 'S', y: 'S' }, by: ['x'], loss }),
    ['loop S: output slope x, total'])
})

const weighted = `kept = class != -100
  weight = w[C = class]
  sum(kept ? -weight * log_softmax(x, C)[C = class] : 0) / sum(kept ? weight : 0)`

t.test('cross-entropy: the denominator first, then one loop that keeps exp in the gradient',
  async t => {
    const tensors = { x: 'N C', w: 'C', class: 'N INT64' }
    const texts = { axes: 'NC', tensors, by: ['x'], loss: weighted }
    t.same(lines(texts), ['loop N: total', 'loop N of rows C: output slope x, total'])
    t.same(walk(texts),
      { lanes: 'along C', stages: 3, kept: ['exp_nonpositive in output slope x'] })
    t.equal(steps(texts).temporaries, 0)
  })

t.test('cross-entropy over places: lanes beside the classes', async t => {
  const tensors = { x: 'N C S', w: 'C', class: 'N S INT64' }
  const texts = { axes: 'NCS', tensors, by: ['x'], loss: weighted }
  t.same(lines(texts), ['loop N,S: total', 'loop N,S of rows C: output slope x, total'])
  t.same(walk(texts),
    { lanes: 'beside S', stages: 3, kept: ['exp_nonpositive in output slope x'] })
})

t.test('what is needed again when no output has a row to spare lies in scratch', async t => {
  const e = 'e = exp(x)'
  const whole = { a: ['NC', `${e}; e / sum(e, C)`], b: ['NC', `${e}; e - max(e, C)`] } as const
  const part = { c: ['N', `${e}; sum((e - max(e, C)) ** 2, C)`] } as const
  const texts = { axes: 'NC', tensors: { x: 'N C' } }
  t.same(walk({ ...texts, values: whole }),
    { lanes: 'along C', stages: 2, kept: ['exp in output a'] })
  t.same(walk({ ...texts, values: part }),
    { lanes: 'along C', stages: 2, kept: ['exp in scratch'] })
})

t.test('a softmax in each direction: one of the reductions goes through memory', async t => {
  const loss = 'mean(softmax(x, N) * softmax(x, M))'
  const plan = steps({ axes: 'NM', tensors: { x: 'N M' }, loss, by: [] })
  t.ok(plan.temporaries > 0)
  t.equal(plan.steps.length, 2)
})

t.test('products read their operands where they lie, in every form', async t => {
  const forms = [['M K', 'K N'], ['M K', 'N K'], ['K M', 'K N'], ['K M', 'N K']] as const
  for (const [a, b] of forms) {
    const values = { c: ['MN', 'sum(a * b, K)'] } as const
    const [layoutA, layoutB] = [a, b].map(form => form.replace(' ', ','))
    t.same(lines({ axes: 'MKN', tensors: { a, b }, values }),
      [`input a[${layoutA}] · input b[${layoutB}] → output c[M,N]`])
  }
  const plain = { axes: 'MKN', tensors: { a: 'M K', b: 'K N' } }
  t.same(lines({ ...plain, values: { c: ['NM', 'sum(a * b, K)'] } }),
    ['input b[K,N] · input a[M,K] → output c[N,M]'], 'turned')
  const batched = { axes: 'BMKN', tensors: { a: 'B M K', b: 'B K N' } }
  t.same(lines({ ...batched, values: { c: ['BMN', 'sum(a * b, K)'] } }),
    ['input a[B,M,K] · input b[B,K,N] → output c[B,M,N]'], 'of a batch')
})

t.test('a sum of sums is one sum, unless the inner one is needed or a product', async t => {
  const texts = { axes: 'NIO', tensors: { x: 'N I', w: 'O I' } }
  const total = (text: string): Texts => ({ ...texts, values: { total: ['', text] } })
  t.same(lines(total('sum(sum(x ** 2, I), N)')), ['loop N,I: total'])
  t.same(lines(total('s = sum(x ** 2, I); sum(s, N) + sum(s ** 2, N)')),
    ['loop N of rows I: total, total'])
  t.same(lines(total('sum(sum(x * w, I))')), ['loop N,O of rows I: total'])
})

t.test('a recurrence reads what it need not wait for, unless that is cheap', async t => {
  const scan = (body: string): Texts => ({
    axes: 'NTS',
    tensors: { x: 'N T S', bias: 'N' },
    values: { y: ['NTS', `scan(T, before => before[S = index(S) - 1] + ${body}, 0)`] }
  })
  t.same(lines(scan('exp(x) / (bias + exp(-x))')),
    ['loop N,T,S: temporary', 'loop N of rows T,S: output y'])
  t.same(lines(scan('2 * x + bias')), ['loop N of rows T,S: output y'])
})

t.test('what goes to places along several axes is collected, not compared with all', async t => {
  const texts = { axes: 'CNSP', tensors: { x: 'N S C', y: 'N S', i: 'P', j: 'P' } }
  const loss = (name: string): Texts =>
    ({ ...texts, by: [name], loss: `sum(exp(${name}[N = i, S = j]))` })
  t.same(lines(loss('x')).filter(line => line.includes('slope')),
    ['loop C,N,S: output slope x', 'loop C of rows P: output slope x, total'])
  t.same(lines(loss('y')).filter(line => line.includes('slope')),
    ['loop N,S: output slope y', 'loop  of rows P: output slope y, total'])
})

t.test('a loss rides with what its gradient waits for', async t => {
  const loss = 'sum(softplus(sum(x * w, I)))'
  t.same(lines({ axes: 'NIO', tensors: { x: 'N I', w: 'O I' }, loss }), [
    'input x[N,I] · input w[O,I] → temporary[N,O]',
    'loop N,O: temporary, total',
    'temporary[N,O] · input w[O,I] → output slope x[N,I]',
    'temporary[N,O] · input x[N,I] → output slope w[O,I]'
  ])
})

t.test('an operand is stored in the order of what it is made of', async t => {
  const texts = { axes: 'NDM', tensors: { x: 'N D', y: 'M D' } }
  t.same(lines({ ...texts, values: { c: ['NM', 'sum(x * exp(y), D)'] } }), [
    'loop D,M: temporary',
    'input x[N,D] · temporary[M,D] → output c[N,M]'
  ])
  const rows = { axes: 'NDM', tensors: { x: 'N D', y: 'M D', a: 'M', b: 'M' } }
  t.same(lines({ ...rows, values: { c: ['NM', 'sum(x * exp(y * a * b), D)'] } }), [
    'loop D,M: temporary',
    'input x[N,D] · temporary[M,D] → output c[N,M]'
  ], 'one axis says nothing about orders')
})

t.test('a linear layer: three products, nothing copied', async t => {
  const tensors = { x: 'N I', w: 'O I', g: 'N O' }
  const values = { y: ['NO', 'sum(x * w, I)'] } as const
  const texts = { axes: 'NIO', tensors, by: ['x', 'w'], loss: 'sum(sum(x * w, I) * g)', values }
  t.same(lines(texts), [
    'input x[N,I] · input w[O,I] → output y[N,O]',
    'input g[N,O] · input w[O,I] → output slope x[N,I]',
    'input g[N,O] · input x[N,I] → output slope w[O,I]',
    'loop N,O: total'
  ])
  t.equal(steps(texts).temporaries, 0)
})

t.test('a training step: everything in the order of its layers, rows of N throughout', async t => {
  const tensors = { x: 'N I', v: 'H I', b: 'H', w: 'C H', c: 'C', class: 'N INT64' }
  const loss = `hidden = relu(sum(x * v, I) + b)
    logits = sum(hidden * w, H) + c
    mean(-log_softmax(logits, C)[C = class])`
  const found = lines({ axes: 'NIHC', tensors, by: ['v', 'b', 'w', 'c'], loss })
  t.same(found.filter(line => line.includes('·')), [
    'input x[N,I] · input v[H,I] → temporary[N,H]',
    'temporary[N,H] · input w[C,H] → temporary[N,C]',
    'temporary[N,C] · input w[C,H] → temporary[N,H]',
    'temporary[N,H] · input x[N,I] → output slope v[H,I]',
    'temporary[N,C] · temporary[N,H] → output slope w[C,H]'
  ])
  t.same(found.filter(line => line.startsWith('loop')), [
    'loop N,H: temporary',
    'loop N of rows H: temporary',
    'loop N of rows C: temporary, total',
    'loop N,H: temporary',
    'loop H of rows N: output slope b',
    'loop C of rows N: output slope c'
  ])
})

t.test('no step reads what a later one writes', async t => {
  const loss = 'both = softmax(x, N) * softmax(x * y, M); mean(both * both)'
  const plan = steps({ axes: 'NM', tensors: { x: 'N M', y: 'M' }, loss })
  const written = new Set<string>()
  for (const step of plan.steps) {
    const reads = readsOf(step)
    for (const { place } of reads) t.ok(place.startsWith('input') || written.has(place), place)
    const tasks = step.kind === 'loop' ? step.tasks : [step]
    for (const task of tasks) if (task.kind !== 'total') written.add(task.to.place)
  }
})
