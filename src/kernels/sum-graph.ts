// Several losses and their weighted sum as one graph: tensors that terms share are one input, so
// that all terms are computed in one pass over them, and gradients are summed inside.
//
// Terms that disagree about a tensor (one reads it along axes that the other takes for two) lie in
// groups of their own; each group has its own loss and gradients, and the caller adds those.

import type { Binding } from '../formulas/bind.ts'
import { gradient } from '../formulas/gradient.ts'
import { type Axis, Graph, type Node } from '../formulas/graph.ts'
import { join, type Joined, type JoinTerm, type SharedAxis } from '../formulas/join.ts'
import { reduced, trace } from '../formulas/trace.ts'
import { type Conditions, conditionsOf, inputOf, secondOrder }
  from './loss-graph.ts'
import type { Output } from './schedule.ts'
import { inTerm, numberName, scaleName, type SumTerm } from './sum-term.ts'

export interface TermMeaning extends Conditions {
  /** The axes of the term's loss, and of its values before they are reduced, by its binding. */
  readonly lossAxes: readonly Axis[]
  readonly valueAxes: readonly Axis[]
}

export interface SumGraph {
  readonly graph: Graph
  /** `value 0` of term 0 …, `loss 0`, `gradient 0 x` … of group 0; conditions. */
  readonly outputs: readonly Output[]
  readonly terms: readonly TermMeaning[]
  readonly axes: readonly SharedAxis[]
}

interface Group {
  readonly terms: number[]
  joined: Joined
}

/** @throws what lossGraph throws. */
export function sumGraph (terms: readonly SumTerm[]): SumGraph {
  const graph = new Graph([])
  const outputs: Output[] = []
  const axes: SharedAxis[] = []
  const alone = terms.map(({ definition, binding, ids }, index) => {
    const { valueAxes } = inTerm(index, { definition, ids }, () =>
      trace(definition, binding, new Graph([])))
    return { valueAxes, lossAxes: binding.known.get('reduction') === 'none' ? valueAxes : [] }
  })
  const meanings: TermMeaning[] = []
  for (const [index, group] of groupsOf(terms, alone.map(({ lossAxes }) => lossAxes)).entries()) {
    const { joined } = group
    for (const each of joined.axes) {
      axes.push({ ...each, term: group.terms[each.term] ?? 0 })
      graph.addAxis(each.axis)
    }
    const nodes = new Map<string, Node>()
    const by: Record<'gradients' | 'hessians' | 'vectors', Set<Node>> =
      { gradients: new Set(), hessians: new Set(), vectors: new Set() }
    let total = graph.constant(0)
    for (const [place, number] of group.terms.entries()) {
      const { definition, ids, wishes } = terms[number] as SumTerm
      const binding = joined.bindings[place] as Binding
      const traced = inTerm(number, { definition, ids }, () => trace(definition, binding, graph, {
        parameter: name => graph.parameter(numberName(number, name)),
        input: (name, { layout, datatype }) => {
          const id = ids.get(name) ?? name
          const node = graph.input(id, joined.layouts.get(id) ?? layout, datatype)
          nodes.set(`${number} ${name}`, node)
          // Dimensions of length 1 that the term broadcasts.
          return graph.reduce('sum', node, node.axes.filter(axis => !layout.includes(axis)))
        }
      }))
      const { loss } = reduced(graph, traced, String(binding.known.get('reduction')))
      outputs.push({ name: `value ${number}`, node: loss, layout: joined.sumLayout })
      const scaled = graph.apply('mul', graph.parameter(scaleName(number)), loss)
      total = graph.apply('add', total, scaled)
      const add = (set: Set<Node>, name: string, pointer: string): void => {
        inputOf(traced, name, pointer)
        set.add(nodes.get(`${number} ${name}`) as Node)
      }
      for (const [at, name] of wishes.gradients.entries()) {
        add(by.gradients, name, `/gradients/${at}`)
      }
      for (const name of wishes.hessians) add(by.hessians, name, '/second_order')
      for (const name of wishes.vectors) add(by.vectors, name, `/hessian_vector/${name}`)
      const own = alone[number] ?? { valueAxes: [], lossAxes: [] }
      meanings[number] = { ...own, ...conditionsOf(graph, outputs, traced) }
    }
    const seed = terms[0]?.wishes.hasGradOutput === true
      ? graph.input('grad_output', joined.sumLayout, 'real')
      : graph.constant(1)
    outputs.push({ name: `loss ${index}`, node: total, layout: joined.sumLayout })
    const slopes = gradient(graph, total, seed, [...by.gradients])
    for (const [place, { name, layout }] of [...by.gradients].entries()) {
      outputs.push({ name: `gradient ${index} ${name}`, node: slopes[place] ?? total, layout })
    }
    const second = secondOrder(graph, total, seed,
      { hessians: [...by.hessians], vectors: [...by.vectors] })
    for (const output of second) {
      outputs.push({ ...output, name: output.name.replace(' ', ` ${index} `) })
    }
  }
  return { graph, outputs, terms: meanings, axes }
}

// Each term goes into the first group that it can be joined with.
function groupsOf (terms: readonly SumTerm[], sumAxes: readonly (readonly Axis[])[]): Group[] {
  const groups: Group[] = []
  const joinOf = (numbers: readonly number[], index: number): Joined | null =>
    join(numbers.map((number): JoinTerm =>
      ({ ...(terms[number] as SumTerm), sumAxes: sumAxes[number] ?? [] })), `+${index}.`)
  for (const number of terms.keys()) {
    const fits = groups.some((group, index) => {
      const joined = joinOf([...group.terms, number], index)
      if (joined === null) return false
      group.terms.push(number)
      group.joined = joined
      return true
    })
    if (fits) continue
    const joined = joinOf([number], groups.length)
    if (joined === null) throw new Error('a term cannot be joined with itself')
    groups.push({ terms: [number], joined })
  }
  return groups
}
