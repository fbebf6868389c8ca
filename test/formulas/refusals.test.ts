// Sentences that few texts reach: the grammar of declarations, axes that a text makes, what scans
// and takes may not do; and what a definition says of its names.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { bind, type TensorShape } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { trace } from '../../src/formulas/trace.ts'

const measurable = 'The length of an axis is made of numbers, options and lengths with ' +
  '+ - * / %, floor, minimum and maximum, and of max(x) of whole numbers.'
const alternatives = 'All alternatives of a tensor are tensors: real[…] | class[…].'

// The mark ‸ stands before the character at fault.
const bad: readonly (readonly [text: string, sentence: string])[] = [
  ['x ‸{', 'There is no "{" in the language: there are no braces; statements stand on lines of ' +
    'their own or after ";".'],
  ['‸# x', 'There is no "#" in the language: comments begin with //.'],
  ['x ‸.', 'There is no "." in the language: a number is written 0.5, a group of axes ....'],
  ['‸"a"', 'There is no """ in the language: texts stand in single quotes, as in \'mean\'.'],
  ['min(x, ‸y)', 'min reduces over an axis; the smaller of two values is minimum(a, b).'],
  ['‸log_add_exp(x)',
    'log_add_exp takes 2 arguments or more; it was given 1: log_add_exp(a, b, …).'],
  ['‸cumsum(x)', 'cumsum takes 2 to 3 arguments; it was given 1: cumsum(x, axis, reverse).'],
  ['5 ‸= 3', 'Only a name can be given a value; equality is written ==.'],
  ["x ‸'='", 'Expected an operator or the end of the statement; found "=".'],
  ['input: real[‸K = -1]\ninput', 'The length of K must be a whole number.'],
  ['input: real[‸1]\ninput', 'Expected the name of an axis; found "1".'],
  ['input: real[...‸?]\ninput', 'Expected "]" to close the bracket; found "?".'],
  ['input: class(‸1)[N]\ninput', 'Expected the axis of the classes; found "1".'],
  ['input: real\n‸input', 'Expected the axes of real, as in real[N, C]; found "input".'],
  ['input: ‸number[N]\ninput',
    'A number has no axes; a tensor is real[…], class[…], integer[…] or boolean[…].'],
  ['input: ‸text[N]\ninput',
    'A text has no axes; a tensor is real[…], class[…], integer[…] or boolean[…].'],
  ['square = x => x * x\n‸squre(a)', 'There is no function squre; did you mean square or sqrt?'],
  ['input: real[Rows]\nsum(input, ‸Row)', 'sum needs an axis here: Row is none; did you mean ' +
    'Rows?'],
  ['input: real[Rows]\ninput[‸Row = 1]', 'There is no axis Row; did you mean Rows?'],
  ['input: real[N] > ‸x\ninput', 'Expected a number; found "x".'],
  ['‸n: number | boolean\nn', 'n has one type, or several texts to choose from.'],
  ["‸n: 'a' | number\nn", 'n has one type, or several texts to choose from.'],
  ['n: real[N] | ‸text\nn', alternatives],
  ["n: real[N] | ‸'a'\nn", alternatives],
  ["‸x: real[N] = 'a'\nx", 'The default of the tensor x must be a number.'],
  ['‸n: text = 1\nn', 'The default of n must be a text in quotes.'],
  ['x: real[N]; n: number like ‸x\nn', 'Only a tensor can be like another.'],
  ['input: real[N, C]\ninput[0, ‸1]', 'An axis is taken along twice.'],
  ['input: real[N]\nM = ‸axis()\ninput', 'axis takes its length: axis(2 * N).'],
  ['input: real[N]\nM = ‸axis(1, 2)\ninput', 'axis takes its length: axis(2 * N).'],
  ['input: real[N]\nM = axis(‸!N)\ninput', measurable],
  ['input: real[N]\nM = axis(N ‸** 2)\ninput', measurable]
]

// What shows when a text is traced.
const declared = 'x: real[N, C]; g: real[...S~]; h: real[...S~]; t: boolean[N]; p: number = 1\n'
const tensors: Readonly<Record<string, TensorShape>> = {
  x: { shape: [2, 3], kind: 'real' },
  g: { shape: [2, 3], kind: 'real' },
  h: { shape: [1, 3], kind: 'real' },
  t: { shape: [2], kind: 'boolean' }
}
const traced: readonly (readonly [text: string, sentence: string])[] = [
  ['x‸[S = 0]', 'S stands for several axes here; x[…] takes along one.'],
  ['cumsum(g, ‸S)', 'cumsum works along one axis; this stands for several here.'],
  ['cumsum(x, N, ‸t)', 'cumsum needs to know its direction: true or false.'],
  ['‸order(x, N, C)', 'order needs an axis to go to that its value does not have.'],
  ['scan(N, a => a + x, ‸x)',
    'The start of a scan is a known number: a literal or a static option.'],
  ['scan(N, ‸a => a[C = 0] + x, 0)', 'The value before can be taken at a fixed distance only, ' +
    'along another axis than that of the scan: previous[S = index(S) - 1].'],
  ['scan(N, ‸a => a[C = index(C) * 2] + x, 0)', 'The value before can be taken at a fixed ' +
    'distance only, along another axis than that of the scan: previous[S = index(S) - 1].'],
  ['scan(N, ‸a => a[C = 1 - index(C)] + x, 0)', 'The value before can be taken at a fixed ' +
    'distance only, along another axis than that of the scan: previous[S = index(S) - 1].'],
  ['scan(N, ‸a => x + a[C = index(C) - 1][C = index(C) + 1], 0)',
    'The value before is moved there and back along one axis; move it once.'],
  ['scan(N, ‸a => x + sum(a, C), 0)',
    'The value before cannot be used in sum, which works along an axis.'],
  ['scan(N, ‸a => softmax(x + a, C), 0)',
    'The value before cannot be used in softmax, which works along an axis.'],
  ['scan(N, a => x + scan(C, ‸b => b + a, 0), 0)',
    'A scan inside a scan cannot use the value before of both.'],
  ['t ? p : ‸t', 'A yes/no value is not a number; write c ? 1 : 0.'],
  ['t ? ‸t : p', 'A yes/no value is not a number; write c ? 1 : 0.'],
  ['‸x ? 1 : 0', 'Expected a yes/no value; this is a number. Write x != 0.'],
  ['t && ‸N ? 1 : 0', 'Expected a yes/no value; this is an axis. Write x != 0.'],
  ['‸softmax(p, C) * x', 'softmax needs a value that has the axis.']
]

function check ([marked, sentence]: readonly [string, string], run: (text: string) => void): void {
  t.test(marked, async t => {
    const position = marked.indexOf('‸')
    try {
      run(marked.replace('‸', ''))
      t.fail('it is accepted')
    } catch (error) {
      if (!(error instanceof LossdError)) throw error
      t.equal(error.message, sentence)
      t.match(error, { code: 'FORMULA_INVALID', errors: [{ position }] })
    }
  })
}

for (const row of bad) check(row, define)
for (const [text, sentence] of traced) {
  check([declared + text, sentence], source => {
    const definition = define(source)
    trace(definition, bind(definition, tensors, {}), new Graph([]))
  })
}

t.test('names are arguments in the order in which they first stand', async t => {
  t.same(define('b * (a + b) - c + a').tensors.map(({ name }) => name), ['b', 'a', 'c'])
})

t.test('no argument is called like a field of the request', async t => {
  for (const field of [
    'formula', 'options', 'gradients', 'grad_output', 'datatype', 'strict', 'explain',
    'second_order', 'hessian_vector', 'terms', 'size_average', 'reduce'
  ]) {
    t.throws(() => define(`${field}: real[N]\n1`), {
      code: 'FORMULA_INVALID',
      message: `${field} is a field of the request; the argument needs another name.`
    })
  }
})

t.test('texts have defaults, chosen or free', async t => {
  const { options } = define("free: text = 'a'; given: text; kind: 'a' | 'b'\n1")
  t.match(options, [
    { name: 'free', type: 'text', choices: [], default: 'a', text: 'text' },
    { name: 'given', type: 'text', choices: [], default: null },
    { name: 'kind', type: 'text', choices: ['a', 'b'], default: null, text: "'a' | 'b'" }
  ])
})

t.test('types are told as they are written', async t => {
  const types = 'class(H)[N?, H, K = 4, ...S] | real[M~?, ...~] | integer[...]'
  t.equal(define(`x: ${types}\n1`).tensors[0]?.text, types)
})

t.test('a condition points at the first argument that it names', async t => {
  const { refuse } = define('a: real[N]; b: real[N]; p: number\na * b ** p', {
    rules: { refuse: [['any(b > a)', 'b'], ['p > 0 && any(b > 0)', 'p'], ['1 > 2', 'neither']] }
  })
  t.same(refuse.map(({ argument }) => argument), ['b', 'p', 'a'])
})
