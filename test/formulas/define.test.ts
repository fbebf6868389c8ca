// What a text may not say, each with the character and the sentence; and what definitions hold.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { define } from '../../src/formulas/define.ts'
import { optionsSchema } from '../../src/formulas/options.ts'
import { losses } from '../../src/losses/index.ts'

// The mark ‸ stands before the character at fault.
const bad: readonly (readonly [text: string, sentence: string])[] = [
  ['‸', 'The formula ends without a value.'],
  ['input +‸', 'Expected a value; found the end.'],
  ['input ‸target', 'Expected an operator or the end of the statement; found "target".'],
  ['(input‸', 'Expected ")" to close the bracket; found the end.'],
  ['input‸)', 'Expected an operator or the end of the statement; found ")".'],
  ['input + ‸* target', 'Expected a value; found "*".'],
  ['a ? b‸', 'Expected ":" between the two branches of a condition; found the end.'],
  ['x = 1\n‸x = 2\nx', 'x has a value already; a name is given one value.'],
  ['‸1\n2', 'Only the last statement may lack a name: write name = …'],
  ['a = ‸b\nb = 1\na', 'b is used before it is given a value.'],
  ['f = x => ‸f(x)\nf(1)', 'f is used before it is given a value; no function calls itself.'],
  ['‸sigmiod(x)', 'There is no function sigmiod; did you mean sigmoid?'],
  ['‸pow(x, 4)', 'There is no function pow; it is written a ** b.'],
  ['‸exp(x, y)', 'exp takes 1 argument; it was given 2: exp(a).'],
  ['‸minimum(x)', 'minimum takes 2 arguments; it was given 1: minimum(a, b).'],
  ['max(x, ‸y)', 'max reduces over an axis; the larger of two values is maximum(a, b).'],
  ['sum(x, ‸C)', 'sum needs an axis here: its position, a whole number such as -1.'],
  ['x‸[0]', 'Taking x[i] needs declarations: input: real[N, C]; target: class[N].'],
  ['a < b ‸< c', 'Comparisons do not chain: write a < b && b < c.'],
  ['x = 5 ‸= 3', 'Only a name can be given a value; equality is written ==.'],
  ['x ‸^ 2', 'There is no "^" in the language: powers are written a ** b.'],
  ['x ‸& y', 'There is no "&" in the language: write && for "and".'],
  ['‸😀', 'There is no "😀" in the language.'],
  ["‸'a", 'There is no "\'" in the language: a text ends with the single quote it began with, on ' +
    'the same line.'],
  ['3‸x', 'A name cannot follow a number directly: "x".'],
  ['‸exp', 'exp is a word: write exp(…).'],
  ['f = x => x\n‸f(1, 2)', 'f takes 1 argument; it was given 2.'],
  ['x = 1\n‸x(2)', 'x is not a function; a product is written x * (…).'],
  ['‸axis(3)', 'axis(…) stands alone behind a name: M = axis(N).'],
  ['‸uniform(1, x)', 'uniform is not available yet: random numbers will come later.'],
  ['‸__proto__', 'The name of an argument cannot begin with __.'],
  ['‸reduction * 2', "reduction is one of several texts: reduction: 'none' | 'mean' | 'sum' = " +
    "'mean'."],
  ['‸gradients * 2', 'gradients is a field of the request; the argument needs another name.'],
  ['‸constructor(x)', 'There is no function constructor.'],
  ['input: ‸reel[N]\ninput', 'Expected a type (real, class, integer, boolean, number, text, ' +
    'family or a text in quotes); found "reel".'],
  ['input: real[N]\n‸inptu', 'There is no inptu; did you mean input?'],
  ['input: real[N, ‸N]\ninput', 'The axis N stands twice in one type.'],
  ['input: real[..., ‸...]\ninput', 'A tensor has one group of axes (...) at most.'],
  ['input: real[S]; target: real[‸...S]\ninput', 'S is both an axis and a group.'],
  ['input: real[N]; ‸input: real[N]\ninput', 'input is declared twice.'],
  ['N: real[‸N]\nN', 'N is an axis and an argument; one of them needs another name.'],
  ['input: real[N]\nsum(input, ‸M)', 'sum needs an axis here: M is none.'],
  ['input: real[N]\nsum(input, ‸0)', 'sum needs an axis here: one of the names that the ' +
    'declarations use.'],
  ['input: real[N]; t: real[N] like ‸inpt\ninput', 'like needs a tensor declared before t; did ' +
    'you mean input?'],
  ['input: real[N]; t: ‸class(H)[N]\ninput', 'There is no axis H.'],
  ['input: real[N]; t: ‸class(Rows)[N]\nRow = axis(N); input',
    'There is no axis Rows; did you mean Row?'],
  ['‸n: number = true\nn', 'The default of n must be a number.'],
  ["‸n: 'mean' | 'sum' = 'maen'\nn", 'The default of n must be one of its choices; did you mean ' +
    'mean?'],
  ['‸n: boolean >= 0 = true\nn', 'Only numbers have bounds; n is a boolean.'],
  ['‸n: static real[N]\nn', 'A tensor cannot be static; only an option can.'],
  ['‸n: state number\nn', 'Only a tensor can be state.'],
  ['n: real[N] | ‸number\nn', 'All alternatives of a tensor are tensors: real[…] | class[…].'],
  ['input: real[‸K = 1.5]\ninput', 'The length of K must be a whole number.'],
  ['x = 1\n‸input: real[N]\nx', 'Declarations stand before statements.'],
  ['input: real[N]\ninput[‸M = 0]', 'There is no axis M.'],
  ['input: real[N]\ninput[N = 0, ‸N = 1]', 'N is taken along twice.'],
  ['input: real[N]\ninput‸[]', 'These brackets are empty: write x[i] or x[C = i].'],
  ['input: real[N]\nM = axis(‸sum(input))\ninput', 'The length of an axis is made of numbers, ' +
    'options and lengths with + - * / %, floor, minimum and maximum, and of max(x) of whole ' +
    'numbers.'],
  ['x: real[N]\nM = axis(2 * ‸max(x))\nx', 'max(x) is no length: only a tensor that is given and ' +
    'holds whole numbers, integer[…], can be looked at before anything runs.'],
  ['x: integer[N] = 2\nM = axis(‸max(x))\nx', 'max(x) is no length: only a tensor that is given ' +
    'and holds whole numbers, integer[…], can be looked at before anything runs.'],
  ['input: real[N]\n‸N = 3\ninput', 'N has a value already; a name is given one value.'],
  ['input: real[N]\n(a, a) => ‸b', 'There is no b.'],
  ['‸I: family > 2; x.I: real[N]\n1', 'A family is declared by that word alone: I: family.'],
  ['I: ‸family[N]; x.I: real[N]\n1', 'A family has no axes; a tensor is real[…], class[…], ' +
    'integer[…] or boolean[…].'],
  ['‸I: family; x: real[N]\nx',
    'I has no members: name a tensor with it, as in x.I: real[N].'],
  ['I: family; x.I: real[N]; ‸I: real[N]\n1', 'I is declared twice.'],
  ['‸I.a: family; x.I.a: real[N]\n1', 'The name of a family has no dots.'],
  ['I: family; J: family; ‸x.I.J: real[N]\n1', 'x.I.J can be of one family only.'],
  ['I: family; x.I: real[N]; ‸p.I: number = 1\n1',
    'Only tensors come in families; an option is one number.'],
  ['I: family; x.I: real[‸I]\n1', 'I is a family, no axis of a tensor.'],
  ['I: family; x.I: real[N]\nsum(‸x.I)', 'There is a x.I for each member: use it in a statement ' +
    'whose name has .I, or inside sum(…, I).'],
  ['I: family; x.I: real[N]\nsum(x.I, I) + ‸index(I)',
    'index along a family belongs to a member: use it in a statement whose name has .I, or ' +
    'inside sum(…, I).'],
  ['I: family; x.I: real[N]\nsum(‸y.I, I)', 'There is no y.1; did you mean x.1 or x.0?'],
  ['I: family; x.I: real[N]\n‸I = 3\nI', 'I is a family; a value needs another name.'],
  ['I: family; x.I: real[N]\nmax(sum(x.I, I), ‸I)', 'max reduces over an axis; the larger of two ' +
    'values is maximum(a, b).']
]

t.test('bad texts are refused with the character and a sentence', async t => {
  for (const [marked, sentence] of bad) {
    const text = marked.replace('‸', '')
    try {
      define(text)
      t.fail(`${marked} is accepted`)
    } catch (error) {
      if (!(error instanceof LossdError)) throw error
      const position = marked.indexOf('‸')
      t.match(error, {
        code: 'FORMULA_INVALID',
        message: sentence,
        errors: [{ pointer: '/formula', detail: sentence, position }]
      }, marked)
    }
  }
})

t.test('without declarations names are tensors, or options of the request', async t => {
  const { tensors, options, positional } = define('scale * (input - target) ** 2', {
    options: { scale: 2 }
  })
  t.same(tensors.map(({ name }) => name), ['input', 'target'])
  t.match(options, [{ name: 'scale', type: 'number', default: null, static: false }])
  t.equal(positional, false)
  t.equal(define('sum(input, -1)').positional, true)
  const { options: kinds } = define("flag ? x : kind == 'a' ? 0 : 1", {
    options: { flag: true, kind: 'a' }
  })
  t.same(kinds.map(({ type }) => type), ['boolean', 'text'])
})

t.test('the schema of the options follows from the declarations', async t => {
  const schema = optionsSchema(define(`
    reduction: 'none' | 'sum' = 'sum'
    input: real[...]; p: static number = 1; count: integer >= 0 < 9
    full: boolean = true; kind: 'a' | 'b' = 'a'; size: number > 0 <= 1 = 0.5; q: number = inf
    input * size`))
  t.same(schema, {
    type: 'object',
    properties: {
      reduction: { type: 'string', enum: ['none', 'sum'], default: 'sum' },
      p: { type: 'number', default: 1 },
      count: { type: 'integer', minimum: 0, exclusiveMaximum: 9 },
      full: { type: 'boolean', default: true },
      kind: { type: 'string', enum: ['a', 'b'], default: 'a' },
      size: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.5 },
      q: { type: 'number' }
    },
    required: ['count'],
    additionalProperties: false
  })
  t.same(Object.keys(optionsSchema(define('x')).properties as object), ['reduction'])
})

t.test('conditions beside a formula are read in its scope and point at an argument', async t => {
  for (const loss of losses) {
    const { refuse, warn, frozen, arguments: args } = define(loss.formula, { rules: loss })
    t.equal(refuse.length + warn.length + frozen.length,
      (loss.refuse?.length ?? 0) + (loss.warn?.length ?? 0) + (loss.frozen?.length ?? 0))
    for (const { argument } of [...refuse, ...warn, ...frozen]) {
      t.ok(args.some(({ name }) => name === argument), `${loss.name} points at ${argument}`)
    }
    for (const { code } of warn) t.match(code, /^[a-z][a-z0-9_]*$/)
  }
  t.throws(() => define('x: real[N]\nx', { rules: { refuse: [['y > 0', 'no']] } }),
    { code: 'FORMULA_INVALID' })
})
