// Each loss, each type of its tensors, each choice of its options: the gradient by every argument
// that has one is the difference quotient in float64.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import type { Binding } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import type { Definition, OptionArgument } from '../../src/formulas/definition.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { reduced, trace, type Traced } from '../../src/formulas/trace.ts'
import { reach } from '../../src/formulas/walk.ts'
import { losses } from '../../src/losses/index.ts'
import { request } from '../formulas/request.ts'
import { generator, slopes, valuesOf as evaluated } from '../formulas/setting.ts'

t.setTimeout(600_000)

const attemptsMax = 500

for (const loss of losses) {
  const definition = define(loss.formula, { rules: loss })
  const alternatives = Math.max(...definition.tensors.map(({ kinds }) => kinds.length))
  for (const options of choices(definition)) {
    for (let alternative = 0; alternative < alternatives; alternative++) {
      const title = `${loss.name} ${JSON.stringify(options)}, types ${alternative}`
      t.test(`${title}: gradient = difference`, t => {
        // A formula may have no value for what is drawn, or refuse it.
        let all = compare(definition, alternative, options, 0)
        for (let attempt = 1; attempt < attemptsMax && !isSettled(all); attempt++) {
          all = compare(definition, alternative, options, attempt)
        }
        t.ok(isSettled(all), 'there is a value')
        for (const { reduction, name, difference, slope, scale } of all) {
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

function isSettled (all: readonly Compared[]): boolean {
  return all.every(({ difference, slope }) => !Number.isNaN(difference + slope))
}

// What is refused has no difference.
function compare (
  definition: Definition, alternative: number, options: Record<string, number | boolean | string>,
  attempt: number
): Compared[] {
  return definition.reduction.choices.flatMap(reduction => {
    const { binding, inputs } =
      request(definition, alternative, { ...options, reduction }, attempt)
    const graph = new Graph([])
    const traced = traceAccepted(definition, binding, graph)
    // Where the author stops a gradient it is not the derivative.
    if (traced === null || reach([traced.value]).some(({ op }) => op === 'stop_gradient')) return []
    const { loss } = reduced(graph, traced, reduction)
    const random = generator(3)
    const setting = { graph, lengths: binding.axes, inputs, numbers: new Map(binding.numbers) }
    const isRefused = traced.checks.some(({ node }) => evaluated(setting, node).includes(1))
    return [...traced.inputs.values()]
      .filter(node => node.datatype === 'real' && !traced.frozen.has(node.name))
      .map(node => {
        const compared = slopes(setting, loss, graph.constant(1), [node], random)
        const difference = isRefused ? Number.NaN : compared.difference
        return { reduction, name: node.name, ...compared, difference }
      })
  })
}

// null for options that the loss refuses.
function traceAccepted (definition: Definition, binding: Binding, graph: Graph): Traced | null {
  try {
    return trace(definition, binding, graph)
  } catch (fault) {
    if (fault instanceof LossdError && fault.code === 'VALUE_REFUSED') return null
    throw fault
  }
}
