// Each loss, each type of its tensors, each choice of its options: the gradient by every argument
// that has one is the difference quotient in float64.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import type { Definition, OptionArgument } from '../../src/formulas/definition.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { reduced, trace } from '../../src/formulas/trace.ts'
import { losses } from '../../src/losses/index.ts'
import { request } from '../formulas/request.ts'
import { generator, slopes } from '../formulas/setting.ts'

for (const loss of losses) {
  const definition = define(loss.formula, { rules: loss })
  const alternatives = Math.max(...definition.tensors.map(({ kinds }) => kinds.length))
  for (const options of choices(definition)) {
    for (let alternative = 0; alternative < alternatives; alternative++) {
      const title = `${loss.name} ${JSON.stringify(options)}, types ${alternative}`
      t.test(`${title}: gradient = difference`, t => {
        for (const compared of compare(definition, alternative, options)) {
          const { reduction, name, difference, slope, scale } = compared
          const near = Math.abs(difference - slope) <= 1e-7 * scale
          t.ok(near, `${reduction}, by ${name}: ${difference}, ${slope}`)
        }
        t.end()
      })
    }
  }
}

// Every choice of booleans and texts, and static numbers at their default and beside it.
function choices (definition: Definition): Record<string, number | boolean | string>[] {
  let all: Record<string, number | boolean | string>[] = [{}]
  for (const option of definition.options) {
    const values = valuesOf(option)
    if (values.length === 0) continue
    all = values.flatMap(value => all.map(each => ({ ...each, [option.name]: value })))
  }
  return all
}

function valuesOf (option: OptionArgument): readonly (number | boolean | string)[] {
  const { type, choices, default: fallback } = option
  if (type === 'boolean') return [true, false]
  return option.static && typeof fallback === 'number' ? [fallback, fallback + 0.5] : choices
}

type Compared = ReturnType<typeof slopes> & { reduction: string, name: string }

function compare (
  definition: Definition, alternative: number, options: Record<string, number | boolean | string>
): Compared[] {
  const { binding, inputs } = request(definition, alternative, options)
  return definition.reduction.choices.flatMap(reduction => {
    const graph = new Graph([])
    const traced = trace(definition, binding, graph)
    const { loss } = reduced(graph, traced, reduction)
    const random = generator(3)
    const setting = { graph, lengths: binding.axes, inputs, numbers: new Map(binding.numbers) }
    return [...traced.inputs.values()]
      .filter(node => node.datatype === 'real' && !traced.frozen.has(node.name))
      .map(node => {
        const compared = slopes(setting, loss, graph.constant(1), [node], random)
        return { reduction, name: node.name, ...compared }
      })
  })
}
