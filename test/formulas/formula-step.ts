// A formula as steps: each is an op of the table, a word, or a leaf, of steps before it. Whoever
// makes formulas adds steps; what is text, and what PyTorch is told, is made of them.

/** A number, a whole number that no gradient comes from, or yes/no. */
export type Sort = 'real' | 'whole' | 'condition'

export interface Step {
  readonly id: number
  /** A row of the op table, a word, or: argument number known index length take scan was. */
  readonly op: string
  readonly args: readonly Step[]
  readonly over: readonly string[]
  /** Of a number, how it is written; the name of an argument; where a scan starts. */
  readonly value: string
  readonly reverse: boolean
  /** What a scan computes at each place; the last step is the next value. */
  readonly body: readonly Step[]
  readonly sort: Sort
  /** The axes it depends on, as the text names them. */
  readonly axes: readonly string[]
  /** True if it depends on no real argument. */
  readonly flat: boolean
  /** Picks among ways to write it. */
  readonly style: number
}

/** What a step is besides its op and its arguments. */
export interface Details {
  readonly over?: readonly string[]
  readonly value?: string
  readonly reverse?: boolean
  readonly body?: readonly Step[]
  readonly sort?: Sort
  readonly axes?: readonly string[]
  readonly flat?: boolean
}

/** An argument of the formula with the axes that its tensor really has. */
export interface Leaf {
  readonly name: string
  readonly sort: Sort
  readonly axes: readonly string[]
  /** The axis of a class; empty for all others. */
  readonly along: string
  readonly positive: boolean
  /** False for a tensor that is left out: its name is a known number. */
  readonly given: boolean
}

/** What formulas may use. */
export interface Surroundings {
  /** Axes with a name, S for a group. */
  readonly lengths: ReadonlyMap<string, number>
  readonly leaves: readonly Leaf[]
  /** Names of options that are numbers. */
  readonly options: readonly string[]
  /** Conditions that are known before anything runs. */
  readonly facts: readonly (readonly [text: string, holds: boolean])[]
}

/** The steps of one formula as it grows. */
export class Builder {
  readonly steps: Step[] = []
  /** False if a gradient is no derivative: stop_gradient, with_derivative. */
  exact = true
  style = 0
  readonly surroundings: Surroundings
  /** Axes that are no groups: takes and running sums can go along them. */
  readonly letters: readonly string[]
  readonly #pools: Record<Sort, Step[]> = { real: [], whole: [], condition: [] }
  #count = 0

  constructor (surroundings: Surroundings) {
    const { lengths, leaves } = surroundings
    this.surroundings = surroundings
    this.letters = [...lengths.keys()].filter(axis => axis !== 'S')
    for (const axis of lengths.keys()) this.keep(this.index(axis))
    for (const value of ['1', '2', '0']) this.keep(this.number(value, 'whole'))
    for (const leaf of leaves) this.keep(this.leaf(leaf))
  }

  /** A step that others may use from now on. */
  keep (step: Step): Step {
    this.#pools[step.sort].push(step)
    return step
  }

  /** Later steps are picked more often: formulas grow deep rather than wide. */
  pick (sort: Sort, choice: number): Step {
    const pool = this.#pools[sort]
    const found = pool.at(-1 - choice % Math.min(sort === 'whole' ? 12 : 6, pool.length))
    return found ?? this.number('1', 'whole')
  }

  has (sort: Sort): boolean { return this.#pools[sort].length > 0 }

  number (value: string, sort: Sort = 'real'): Step {
    return this.add('number', [], { value, sort, axes: [], flat: true })
  }

  leaf ({ name, sort, axes, given }: Leaf): Step {
    return this.add('argument', [], { value: name, sort, axes, flat: sort !== 'real' || !given })
  }

  option (name: string): Step {
    return this.add('argument', [], { value: name, axes: [], flat: true })
  }

  index (axis: string): Step {
    return this.add('index', [], { over: [axis], sort: 'whole', axes: [axis], flat: true })
  }

  length (axis: string): Step {
    return this.add('length', [], { over: [axis], sort: 'whole', axes: [], flat: true })
  }

  add (op: string, args: readonly Step[], details: Details = {}): Step {
    const { over = [], value = '', reverse = false, body = [], sort = 'real' } = details
    const axes = details.axes ?? union(args)
    const flat = details.flat ?? [...args, ...body].every(arg => arg.flat)
    const { style } = this
    const id = this.#count++
    const step = { id, op, args, over, value, reverse, body, sort, axes, flat, style }
    this.steps.push(step)
    return step
  }

  /** Steps that the making adds stand in a list of their own. */
  apart (make: () => unknown): Step[] {
    const before = this.steps.length
    make()
    return this.steps.splice(before)
  }
}

export function union (steps: readonly Step[]): string[] {
  return [...new Set(steps.flatMap(step => step.axes))].sort()
}

/** The numbers of one instruction, one after the other; 0 when they are used up. */
export class Choices {
  readonly #numbers: readonly number[]
  #place = 0

  constructor (numbers: readonly number[]) { this.#numbers = numbers }

  /** A whole number from 0 to below the count. */
  below (count: number): number { return (this.#numbers[this.#place++] ?? 0) % count }

  one <T>(list: readonly T[]): T {
    const found = list[this.below(list.length)]
    if (found === undefined) throw new Error('nothing to choose from')
    return found
  }
}
