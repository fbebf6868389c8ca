// x[C = i, D = j] and x[target]: several indices in one bracket are taken at once.

import { fail } from './fault.ts'
import type { Axis, Node } from './graph.ts'
import { checkPlaces } from './place.ts'
import { takeNeighbour } from './scanning.ts'
import type { Taking } from './syntax.ts'
import type { Tracer } from './tracer.ts'
import { type Environment, findValue, isAxis, isNode } from './values.ts'

/** The value of a take; taking along an axis that x lacks gives x. */
export function take (tracer: Tracer, taking: Taking, environment: Environment): Node {
  const { graph } = tracer
  const { argument, takes, position } = taking
  const value = tracer.evaluate(argument, environment)
  let x = isNode(value) && value.mask ? value : tracer.number(value, argument.position)
  const indices = takes.map(({ axis, index }) => {
    const at = tracer.number(tracer.evaluate(index, environment), index.position)
    const along = axisOf(tracer, axis, at, position, environment)
    return { at: clamped(tracer, at, along), axis: along }
  })
  // All at once: an axis that an index of another runs along is renamed first.
  const renamed = indices.map(({ axis }, place) => {
    const clashes = axis !== '' &&
      indices.some(({ at }, other) => other !== place && at.axes.includes(axis))
    if (!clashes) return axis
    const twin = graph.twin(axis, [...x.axes, ...indices.flatMap(({ at }) => at.axes)])
    x = graph.take(x, graph.iota(twin), axis)
    return twin
  })
  indices.forEach(({ at }, place) => {
    const along = renamed[place] ?? ''
    checkPlaces(tracer, x, at, along)
    x = takeNeighbour(graph, x, at, along) ?? graph.take(x, at, along)
  })
  return x
}

// A whole number that need not be a place along the axis: one that is given and not checked, or
// that is written in the text. Of all others it is known, or seen when they are differentiated.
function clamped ({ graph, classAxes, unchecked, fixed }: Tracer, at: Node, axis: Axis): Node {
  let source = at
  while (source.op === 'take' && source.args[0] !== undefined) source = source.args[0]
  const classes = classAxes.get(source)
  const isPlace = source.op === 'constant'
    ? source.value < (fixed.get(axis) ?? 1)
    : !unchecked.has(source) && (classes === undefined || classes.axes.includes(axis))
  if (axis === '' || isPlace) return at
  const last = graph.apply('sub', graph.size(axis), graph.constant(1))
  return graph.apply('clamp', at, graph.constant(0), last)
}

// The graph's axis of x[axis = …] or x[at]; empty if it is missing from the request.
function axisOf (
  tracer: Tracer, name: string, at: Node, position: number, environment: Environment
): Axis {
  const value = name === ''
    ? tracer.classAxes.get(at) ?? findValue('C', environment)
    : findValue(name, environment)
  if (value === undefined || !isAxis(value)) {
    return fail(position,
      name === '' ? 'Say along which axis: x[C = i].' : `There is no axis ${name}.`)
  }
  if (value.axes.length > 1) {
    fail(position, `${name} stands for several axes here; x[…] takes along one.`)
  }
  return value.axes[0] ?? ''
}
