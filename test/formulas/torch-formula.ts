// Formulas evaluated by PyTorch, where it is there: one process of Python that gets a formula a
// line and answers with its loss and gradients.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { Definition } from '../../src/formulas/definition.ts'
import { countUses } from './formula-text.ts'
import type { Step } from './formula-step.ts'
import type { RandomFormula } from './random-formula.ts'

export interface TorchReply {
  readonly loss: readonly number[]
  readonly gradients: Readonly<Record<string, readonly number[]>>
}

type Line = { readonly skip: string } | { readonly error: string } | {
  readonly loss: readonly (number | string)[]
  readonly gradients: Readonly<Record<string, readonly (number | string)[]>>
}

export class Torch {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  private constructor (child: ChildProcess, reader: Interface) {
    this.#child = child
    this.#reader = reader
    this.#lines = reader[Symbol.asyncIterator]()
  }

  /** null where there is no Python with torch. */
  static async start (): Promise<Torch | null> {
    const python = process.env['LOSSD_PYTHON'] ?? 'python3'
    const child = spawn(python, ['test/golden/random_formulas.py'],
      { stdio: ['pipe', 'pipe', 'ignore'] })
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    const torch = new Torch(child, createInterface({ input: child.stdout }))
    child.stdin.write('{}\n')
    const { done } = await torch.#lines.next()
    if (done !== true) return torch
    torch.#reader.close()
    return null
  }

  /** A text says why PyTorch does not tell. Throws what Python throws. */
  async evaluate (
    formula: RandomFormula, definition: Definition, elements: number
  ): Promise<TorchReply | string> {
    this.#child.stdin?.write(`${JSON.stringify(messageOf(formula, definition, elements))}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('Python has ended')
    const line = JSON.parse(value) as Line
    if ('error' in line) throw new Error(line.error)
    if ('skip' in line) return line.skip
    const gradients = Object.entries(line.gradients)
      .map(([name, numbers]) => [name, numbers.map(Number)] as const)
    return { loss: line.loss.map(Number), gradients: Object.fromEntries(gradients) }
  }

  close (): void {
    this.#reader.close()
    this.#child.stdin?.end()
  }
}

function messageOf (formula: RandomFormula, definition: Definition, elements: number): object {
  const { tensors, values, places, value, denominator, reduction } = formula
  const roots = denominator === null ? [value] : [denominator, value]
  const steps = [...countUses(roots).keys()].sort((a, b) => a.id - b.id)
  const numbers = definition.arguments.flatMap(({ name, default: fallback }) => {
    const found = values[name] ?? fallback
    return typeof found === 'number' ? [[name, found]] : []
  })
  const group = [...places.keys()].filter(axis => axis.startsWith('G'))
  return {
    axes: [...places],
    groups: { S: group },
    numbers: Object.fromEntries(numbers),
    tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) =>
      [name, { ...tensor, data: [...Array.from(tensor.data)] }])),
    steps: steps.map(stepOf),
    value: value.id,
    denominator: denominator?.id ?? null,
    elements,
    reduction
  }
}

function stepOf (step: Step): object {
  const { id, op, args, over, value, reverse, body } = step
  const ids = args.map(arg => arg.id)
  if (op === 'known') {
    // The branch that is kept, as it is.
    const kept = value.endsWith('true') ? ids.slice(0, 1) : ids.slice(1)
    return { id, op: 'same', args: kept, over }
  }
  if (op === 'take') {
    const present = over.map((axis, place) => [axis, ids[place + 1]] as const)
      .filter(([axis]) => args[0]?.axes.includes(axis) === true)
    return {
      id, op, over: present.map(([axis]) => axis), args: [ids[0], ...present.map(([, i]) => i)]
    }
  }
  return { id, op, args: ids, over, value, reverse, body: body.map(stepOf) }
}
