// Random steps by the words that are no rows of the op table: reductions, takes, running sums,
// sorting, recurrences, functions of more arguments.

import { condition, constant, type Make, named, number, someAxes, whole } from './formula-ops.ts'
import { type Builder, type Choices, type Step, union } from './formula-step.ts'

const real = (builder: Builder, choices: Choices): Step =>
  builder.pick('real', choices.below(1000))

/** By the name of the word; take, number and choice are none, but are written as well. */
export const wordMakes: Readonly<Record<string, Make>> = {
  sum: reduction('sum'),
  mean: reduction('mean'),
  max: reduction('max'),
  min: reduction('min'),
  any (builder, choices) {
    const c = condition(builder, choices)
    const over = someAxes(choices, named(c.axes))
    const anywhere = over.length === 0 ? c : reduce(builder, 'any', [c], over, 'condition')
    return builder.add('where', [anywhere, real(builder, choices), number(builder, choices)])
  },
  norm (builder, choices) {
    const p = builder.number(choices.one(['2', '1', '2', '3', '1.5', 'inf', '0']))
    const x = real(builder, choices)
    const over = someAxes(choices, named(x.axes))
    return over.length === 0 ? builder.add('abs', [x]) : reduce(builder, 'norm', [x, p], over)
  },
  log_add_exp (builder, choices) {
    const args = Array.from({ length: 2 + choices.below(3) }, () => number(builder, choices))
    return builder.add('log_add_exp', args)
  },
  index: (builder, choices) => builder.index(choices.one(builder.letters)),
  stop_gradient (builder, choices) {
    const x = real(builder, choices)
    builder.exact &&= x.flat
    return builder.add('stop_gradient', [x])
  },
  with_derivative (builder, choices) {
    builder.exact = false
    const pairs = [real(builder, choices), number(builder, choices), real(builder, choices)]
    if (choices.below(2) === 1) pairs.push(real(builder, choices), constant(builder, choices))
    return builder.add('with_derivative', pairs)
  },
  has (builder, choices) {
    const { name, axes } = choices.one(tensors(builder))
    const axis = choices.one(builder.letters)
    return known(builder, choices, `has(${name}, ${axis})`, axes.includes(axis))
  },
  given (builder, choices) {
    const { name, given } = choices.one(tensors(builder))
    return known(builder, choices, `given(${name})`, given)
  },
  differs (builder, choices) {
    const [a, b] = [choices.one(tensors(builder)), choices.one(tensors(builder))]
    // Which dimensions of a group broadcast is not known here.
    if ([...a.axes, ...b.axes].some(axis => axis.length > 1)) return real(builder, choices)
    const [first, second] = [a, b].map(({ axes }) => [...axes].sort().join())
    return known(builder, choices, `differs(${a.name}, ${b.name})`, first !== second)
  },
  cumsum (builder, choices) {
    const x = number(builder, choices)
    const axis = choices.one(builder.letters)
    const reverse = choices.below(2) === 1
    const axes = [...new Set([...x.axes, axis])]
    return builder.add('cumsum', [x], { over: [axis], reverse, axes })
  },
  order (builder, choices) {
    const x = real(builder, choices)
    const from = choices.one(builder.letters)
    const to = choices.one(builder.letters.filter(axis => axis === from || !x.axes.includes(axis)))
    const axes = [...new Set([...x.axes.filter(axis => axis !== from), to])]
    return builder.add('order', [x], { over: [from, to], sort: 'whole', axes })
  },
  scan,
  take,
  number: constant,
  choice (builder, choices) {
    const { facts } = builder.surroundings
    if (facts.length === 0) return number(builder, choices)
    const [text, holds] = choices.one(facts)
    return known(builder, choices, text, holds)
  }
}

const tensors = (builder: Builder) => builder.surroundings.leaves

function reduction (op: string): Make {
  return (builder, choices) => {
    const x = number(builder, choices)
    // All axes, where folding cannot have taken one away.
    if (x.op === 'argument' && choices.below(4) === 3) {
      return builder.add(op, [x], { over: [], axes: [] })
    }
    const over = someAxes(choices, named(x.axes))
    if (choices.below(8) === 7) over.push(...builder.letters.filter(axis => !over.includes(axis)))
    return over.length === 0 ? builder.add('neg', [x]) : reduce(builder, op, [x], over)
  }
}

function reduce (
  builder: Builder, op: string, args: readonly Step[], over: readonly string[],
  sort: Step['sort'] = 'real'
): Step {
  return builder.add(op, args, { over, sort, axes: union(args).filter(a => !over.includes(a)) })
}

/** A branch that is known before anything runs; the other one is left out. */
function known (builder: Builder, choices: Choices, text: string, holds: boolean): Step {
  const args = [real(builder, choices), real(builder, choices)]
  const axes = args[holds ? 0 : 1]?.axes ?? []
  return builder.add('known', args, { value: `${text} ${holds}`, axes })
}

// x[C = i], x[C = i, N = j], x[target].
function take (builder: Builder, choices: Choices): Step {
  const x = builder.pick(choices.one(['real', 'real', 'real', 'whole']), choices.below(9))
  const letters = x.axes.filter(axis => builder.letters.includes(axis))
  const classes = tensors(builder).filter(leaf => leaf.along !== '' && letters.includes(leaf.along))
  if (classes.length > 0 && choices.below(2) === 1) {
    const leaf = choices.one(classes)
    return taken(builder, x, [leaf.along], [builder.leaf(leaf)], 'class')
  }
  const over = someAxes(choices, letters)
  // Seldom along an axis that x lacks.
  if (over.length === 0 || choices.below(9) === 8) {
    const axis = choices.one(builder.letters)
    return taken(builder, x, over.includes(axis) ? over : [...over, axis],
      [...over, axis].map(() => whole(builder, choices)), '')
  }
  return taken(builder, x, over, over.map(() => whole(builder, choices)), '')
}

function taken (
  builder: Builder, x: Step, over: readonly string[], indices: readonly Step[], value: string
): Step {
  const used = indices.slice(0, over.length)
  const present = used.filter((_, place) => x.axes.includes(over[place] ?? ''))
  const axes = union([...present, { ...x, axes: x.axes.filter(axis => !over.includes(axis)) }])
  return builder.add('take', [x, ...used], { over, value, sort: x.sort, axes })
}

// A recurrence that keeps its numbers small: of the value before, of its neighbours, of others.
function scan (builder: Builder, choices: Choices): Step {
  const axis = choices.one(builder.letters)
  const [x, y] = [real(builder, choices), number(builder, choices)]
  const shape = choices.below(4)
  // A step back along an axis that no step brings is none.
  const outer = union([x, builder.index(axis), ...(shape === 1 || shape === 2 ? [y] : [])])
  const value = choices.one(['0', '0.5', '-1', '1'])
  const reverse = choices.below(2) === 1
  const body = builder.apart(() => {
    const was = builder.add('was', [], { axes: outer, flat: false })
    const others = outer.filter(each => each !== axis && builder.letters.includes(each))
    const near = others.length > 0 && choices.below(3) === 0
      ? builder.add('neighbour', [was],
        { over: [choices.one(others)], value: choices.one(['1', '-1', '2', '-2']), axes: outer })
      : was
    const inside = (op: string, ...args: Step[]): Step => builder.add(op, args)
    const small = inside(choices.one(['tanh', 'sigmoid', 'atan']), near)
    const mixed = inside(choices.one(['add', 'sub', 'mul', 'log_add_exp']), small, x)
    const above = () => builder.add('gt', [y, builder.number('0')], { sort: 'condition' })
    ;[
      () => mixed,
      () => inside('add', inside('mul', small, inside('tanh', y)), x),
      () => inside('where', above(), mixed, near),
      () => inside('sub', mixed, inside('div', was, builder.number('2')))
    ][shape]?.()
  })
  return builder.add('scan', [], { over: [axis], value, reverse, body, axes: outer })
}
