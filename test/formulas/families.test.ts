// Families of tensors: a text with one says what the text says in which every member is written out
// by hand, for any number of members; how members are counted; limits.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { derivative } from '../../src/formulas/derivative.ts'
import { membersMax } from '../../src/formulas/families.ts'
import { withMembers } from '../../src/formulas/members.ts'
import { type Argument, evaluateLoss } from './evaluate-loss.ts'
import { generator } from './setting.ts'

const shared = 'target: real[N]; scale: number = 2\n'
const family = `${shared}
  I: family
  x.I.a: real[N]
  x.I.b: real[M.I, N] = 0.5
  y.I: real[N] like x.I.a\n`
const byHand = shared + [0, 1, 2].map(k =>
  `x.${k}.a: real[N]; x.${k}.b: real[M.${k}, N] = 0.5; y.${k}: real[N] like x.${k}.a\n`).join('')

// What a text says with three members, the second of which has no b, and with none.
const rows: readonly (readonly [text: string, three: string, nothing: string])[] = [
  ['sum(x.I.a * y.I, I) - target',
    'x.0.a * y.0 + x.1.a * y.1 + x.2.a * y.2 - target', '0 - target'],
  ['each.I = x.I.a ** 2 - index(I) * target; sum(each.I, N, I) / (I + 1) + target',
    '(sum(x.0.a ** 2 - 0 * target, N) + sum(x.1.a ** 2 - 1 * target, N) ' +
    '+ sum(x.2.a ** 2 - 2 * target, N)) / 4 + target', '0 / 1 + target'],
  ['before.I = cumsum(M.I, I) - M.I; sum(before.I * x.I.a + M.I * target, I) + target',
    '(M.0 - M.0) * x.0.a + M.0 * target + (M.0 + M.1 - M.1) * x.1.a + M.1 * target ' +
    '+ (M.0 + M.1 + M.2 - M.2) * x.2.a + M.2 * target + target', '0 + target'],
  ['any(x.I.a > y.I, I) ? target : scale * target',
    'x.0.a > y.0 || x.1.a > y.1 || x.2.a > y.2 ? target : scale * target', 'scale * target'],
  ['sum(given(x.I.b) ? sum(x.I.b, M.I) : target, I) + target',
    'sum(x.0.b, M.0) + target + sum(x.2.b, M.2) + target', '0 + target'],
  ['f.I = a => a * y.I; sum(f.I(x.I.b[M.I = index(I)]), I) - target',
    'x.0.b[M.0 = 0] * y.0 + x.1.b * y.1 + x.2.b[M.2 = 2] * y.2 - target', '0 - target'],
  ['K = axis(1 + I + sum(M.I, I)); g = (a, b) => a - b; sum(g(x.I.a, K * target), I)',
    'K = axis(4 + M.0 + M.1 + M.2); x.0.a - K * target + (x.1.a - K * target) + ' +
    '(x.2.a - K * target)', '0 * target']
]

t.test('a family says what its members say one by one', async t => {
  const plain = define(`${family}target`)
  for (const [text, three, nothing] of rows) {
    const given = tensors(3)
    const whole = withMembers(define(family + text), Object.keys(given))
    t.same(evaluateLoss(whole, given, {}), evaluateLoss(define(byHand + three), given, {}), text)
    const none = tensors(0)
    const empty = withMembers(define(family + text), Object.keys(none))
    t.same(evaluateLoss(empty, none, {}), evaluateLoss(define(shared + nothing), none, {}),
      `${text}: none`)
  }
  t.same(plain.tensors.map(({ name }) => name),
    ['target', 'x.0.a', 'x.0.b', 'y.0', 'x.1.a', 'x.1.b', 'y.1'], 'two are the example')
  t.match(plain.families, [{
    name: 'I', templates: [{ name: 'x.I.a' }, { name: 'x.I.b', text: 'real[M.I, N]' }, {}]
  }])
})

t.test('conditions beside the text are written out as well', async t => {
  const sentence = 'x.{0} is negative'
  const rules = { refuse: [['any(any(x.I.a < -100), I)', sentence]] } as const
  const given = tensors(2)
  const own = withMembers(define(`${family}sum(x.I.a, I)`, { rules }), Object.keys(given))
  t.equal(evaluateLoss(own, given, {}).loss.length, 1)
  const bad = { ...given, 'x.1.a': { shape: [3], datatype: null, data: [1, -200, 3] } }
  t.throws(() => evaluateLoss(own, bad, {}), { code: 'VALUE_REFUSED', message: sentence })
})

t.test('members are counted by the names that a request gives', async t => {
  const plain = define(`${family}sum(x.I.a, I)`)
  const count = (...names: string[]): number =>
    withMembers(plain, names).tensors.filter(({ name }) => name.startsWith('y.')).length
  t.equal(count('target'), 0)
  t.equal(count('target', 'x.0.a', 'x.1.b', 'y.1'), 2)
  t.equal(count('x.0.a', 'y.7'), 2, 'a gap leaves out a name that must be there')
  t.equal(count('x.00.a', 'x.I.a', 'x.1', 'x.a', 'z.0', 'y.-1', 'y.'), 0, 'names of no member')
  t.equal(withMembers(plain, ['y.0']), withMembers(plain, ['x.0.a']), 'kept')
  t.not(withMembers(plain, ['y.0']), withMembers(define(plain.text), ['y.0']), 'for each its own')
  const other = define('x: real[N]\nx')
  t.equal(withMembers(other, ['y.0']), other)
  const names = Array.from({ length: membersMax + 1 }, (_, member) => `y.${member}`)
  t.equal(count(...names.slice(1)), membersMax)
  t.throws(() => withMembers(plain, names), {
    code: 'TENSORS_TOO_MANY', message: 'There are 65 tensors for each name with I; the limit is 64'
  })
  const { [`y.1`]: _, ...lacking } = tensors(2)
  t.throws(() => evaluateLoss(withMembers(plain, Object.keys(lacking)), lacking, {}), {
    code: 'ARGUMENT_MISSING', message: 'y.1 is missing; it is real[N]'
  })
})

t.test('a derivative names the members, and can be read back', async t => {
  const text = 'K = axis(2 * (1 + I) + sum(M.I, I)); sum(x.I.a * sum(x.I.b, M.I) * K, I)'
  t.equal(derivative(define(family + text), 'x.1.a'), [
    'x.0.b: real[M.0, N] = 0.5', 'x.1.b: real[M.1, N] = 0.5', 'K = axis(2 * (1 + 2) + (M.0 + M.1))',
    'K * sum(x.1.b, M.1)'
  ].join('\n'))
})

t.test('what a family makes of a short text is limited', async t => {
  const long = `I: family; x.I: real[N]\nsum(x.I${' + x.I'.repeat(200)}, I)`
  const names = Array.from({ length: membersMax }, (_, member) => `x.${member}`)
  t.ok(define(long))
  t.throws(() => withMembers(define(long), names), {
    code: 'FORMULA_TOO_LARGE', message: 'For 64 members of I the formula is too long.'
  })
  const nested = `I: family; x.I: real[N]\n${'sum('.repeat(4)}x.I${', I)'.repeat(4)}`
  t.throws(() => withMembers(define(nested), names), { code: 'FORMULA_TOO_LARGE' })
  const declared = Array.from({ length: 30 }, (_, each) => `x${each}.I: real[N]`).join('; ')
  const many = define(`I: family; ${declared}\nsum(x0.I, I)`)
  t.throws(() => withMembers(many, names.map(name => name.replace('x', 'x0'))),
    { code: 'FORMULA_TOO_LARGE' })
})

t.test('more members than a word has bits are told apart by their axes', t => {
  const one = (shape: number[], data: number[]): Argument => ({ shape, datatype: null, data })
  const given = Object.fromEntries(Array.from({ length: 40 }, (_, member) => [`x.${member}`,
    member === 32 ? one([2, 3], [1, 2, 3, 4, 5, 6]) : one([3], [10, 20, 30])]))
  const sum = withMembers(define('I: family; x.I: real[...]\nsum(x.I, I)'), Object.keys(given))
  const { shape, loss } = evaluateLoss(sum, given, { reduction: 'none' })
  t.same(shape, [2, 3])
  t.same(loss, [391, 782, 1173, 394, 785, 1176])
  t.end()
})

// All that the family declares, for so many members; the second has no b.
function tensors (count: number): Record<string, Argument> {
  const random = generator(5)
  const tensor = (...shape: number[]): Argument => {
    const length = shape.reduce((a, b) => a * b, 1)
    return { shape, datatype: null, data: Array.from({ length }, () => random() - 0.4) }
  }
  const members = Array.from({ length: count }, (_, member) => [
    [`x.${member}.a`, tensor(3)] as const,
    ...(member === 1 ? [] : [[`x.${member}.b`, tensor(member + 1, 3)] as const]),
    [`y.${member}`, tensor(3)] as const
  ])
  return { target: tensor(3), ...Object.fromEntries(members.flat()) }
}
