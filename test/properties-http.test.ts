// Over HTTP a request means the same in every form: plain numbers, typed tensors, flat or nested
// data, and the numbers are those of the machine inside, bit for bit.

import fc from 'fast-check'
import t from 'tap'
import { define } from '../src/formulas/define.ts'
import { losses } from '../src/losses/index.ts'
import { build } from './app.ts'
import { type Drawn, isPlain, requests } from './loss-requests.ts'
import { createMachine, type Precision, type RequestTensor } from './machine.ts'
import { same } from './near.ts'

t.setTimeout(600_000)

const seed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 11)
const machine = await createMachine()

t.test('plain = typed = the machine', async t => {
  const { post } = await build(t)
  for (const loss of losses) {
    const definition = define(loss.formula, { rules: loss })
    const inOptions = new Set(loss.tensorOptions)

    const ask = async (
      request: Drawn, form: (tensor: RequestTensor) => unknown
    ): Promise<Record<string, unknown>> => {
      const { tensors, gradients, datatype } = request
      const given = (inside: boolean) => Object.fromEntries(Object.entries(tensors)
        .filter(([name]) => inOptions.has(name) === inside)
        .map(([name, tensor]) => [name, form(tensor)]))
      const options = { ...request.options, ...given(true) }
      const body = { ...given(false), options, gradients, datatype }
      return (await post(`/v1/losses/${loss.name}`, body)).body
    }

    for (const datatype of ['FP32', 'FP64'] as const) {
      const typed = (tensor: RequestTensor, data: unknown) => ({
        datatype: tensor.kind === 'real' ? datatype : 'INT64', shape: tensor.shape, data
      })
      const property = fc.asyncProperty(requests(definition, { datatype }), async request => {
        fc.pre(isPlain(request))
        const plain = await ask(request, nested)
        fc.pre(plain['code'] !== 'VALUE_REFUSED')
        const flat = await ask(request, tensor => typed(tensor, Array.from(tensor.data)))
        same(await ask(request, tensor => typed(tensor, nested(tensor))), flat, 'nested data')
        const { loss, gradients } = await machine.ask(request)
        for (const reply of [plain, flat]) {
          same(numbersIn(reply['loss'], datatype), [...loss.data], 'loss')
          const slopes = Object.entries(gradients).map(([name, { data }]) => [name, [...data]])
          const found = Object.entries(Object(reply['gradients']))
            .map(([name, value]) => [name, numbersIn(value, datatype)])
          same(found, slopes, 'gradients')
        }
        same([plain['denominator'], plain['warnings']], [flat['denominator'], flat['warnings']],
          'what stands beside')
      })
      await fc.assert(property, { numRuns: 8, seed })
      t.pass(`${loss.name}, ${datatype}`)
    }
  }
})

t.test('the machine ends clean', t => machine.close(t))

/** Plain JSON, nested as the shape says; a scalar is a number. */
function nested ({ shape, data }: RequestTensor): unknown {
  if (shape.length === 0) return data[0]
  return [...shape].reverse().slice(0, -1).reduce<unknown[]>((rows, length) =>
    Array.from({ length: rows.length / length }, (_, row) =>
      rows.slice(row * length, (row + 1) * length)), Array.from(data))
}

/** The numbers of a plain or typed tensor, as the datatype holds them. */
function numbersIn (tensor: unknown, datatype: Precision): number[] {
  if (typeof tensor === 'string') return [Number(tensor)]
  if (typeof tensor === 'number') return [datatype === 'FP32' ? Math.fround(tensor) : tensor]
  if (Array.isArray(tensor)) return tensor.flatMap(each => numbersIn(each, datatype))
  return numbersIn(Object(tensor)['data'], datatype)
}
