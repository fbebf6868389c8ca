// What must hold for every formula, however it was made.

import { define } from '../../src/formulas/define.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import type { LossMachine, Precision, RequestTensor } from '../machine.ts'
import { Random } from '../random.ts'
import type { Answer, Oracle } from './formula-oracle.ts'
import { oracleOf, readBack, whole } from './derivative-text.ts'
import type { RandomFormula } from './random-formula.ts'
import type { Torch } from './torch-formula.ts'

type Tensors = Readonly<Record<string, RequestTensor>>

/** One formula on its way through the checks. */
interface Case {
  readonly formula: RandomFormula
  readonly definition: Definition
  readonly by: readonly string[]
  readonly oracle: Oracle
  readonly plain: Answer
}

export class FormulaChecks {
  /** How many formulas, slopes and texts there were, and how many told nothing. */
  readonly counts = {
    formulas: 0,
    slopes: 0,
    texts: 0,
    torch: 0,
    /** The language refuses them. */
    refused: 0,
    /** Two precisions decide differently, where a comparison is close. */
    unstable: 0,
    /** A decision changes within the difference. */
    kinks: 0,
    /** A slope is no derivative on purpose. */
    inexact: 0
  }

  /** Why PyTorch did not tell, how often. */
  readonly untold = new Map<string, number>()
  readonly #machine: LossMachine
  readonly #torch: Torch | null

  constructor (machine: LossMachine, torch: Torch | null) {
    this.#machine = machine
    this.#torch = torch
  }

  /** Throws what is wrong. */
  async check (formula: RandomFormula): Promise<void> {
    this.counts.formulas++
    const definition = define(formula.text)
    const by = Object.keys(formula.tensors)
      .filter(name => formula.tensors[name]?.kind === 'real')
    const options = { ...formula.values, reduction: formula.reduction }
    const oracle = oracleOf({ definition, tensors: formula.tensors, options }, by)
    if (oracle === null) {
      this.counts.refused++
      return
    }
    const plain = oracle.answer(formula.tensors)
    const each = { formula, definition, by, oracle, plain }
    await this.#precisions(each)
    await this.#differences(each)
    this.#texts(each)
    await this.#pytorch(each)
  }

  async #ask (
    { formula, definition, by }: Case, datatype: Precision, tensors: Tensors = formula.tensors
  ): Promise<Answer> {
    const options = { ...formula.values, reduction: formula.reduction }
    const { loss, gradients } = await this.#machine.ask(
      { definition, tensors, options, gradients: by, datatype })
    return {
      loss: [...loss.data],
      gradients: Object.fromEntries(Object.entries(gradients)
        .map(([name, { data }]) => [name, [...data]]))
    }
  }

  /** Kernels in both precisions give what the plain evaluator gives. */
  async #precisions (each: Case): Promise<void> {
    const { formula, oracle, plain } = each
    for (const [datatype, rounding] of [['FP64', 1e-11], ['FP32', 1e-5]] as const) {
      const found = await this.#ask(each, datatype)
      if (wrong(found, plain, rounding, 1) === '') continue
      const magnitude = oracle.magnitude(formula.tensors)
      const worst = wrong(found, plain, rounding, magnitude)
      if (worst === '') continue
      const least = oracle.decisions(formula.tensors).filter(gap => !Number.isNaN(gap))
        .reduce((a, b) => Math.min(a, Math.abs(b)), 1)
      if (least > 10 * rounding) throw new Error(`${datatype}: ${worst}, magnitude ${magnitude}`)
      this.counts.unstable++
    }
  }

  /** The gradient along a direction is the difference quotient. */
  async #differences (each: Case): Promise<void> {
    const { formula, by, oracle, plain } = each
    if (!formula.exact) {
      this.counts.inexact++
      return
    }
    // Where sums may be of nothing, differences may be of NaN.
    if ([...formula.places.values()].includes(0)) return
    for (const name of by) {
      const tensor = formula.tensors[name]
      const slopes = plain.gradients[name] ?? []
      if (tensor === undefined || slopes.length === 0) continue
      if (![...plain.loss, ...slopes].every(Number.isFinite)) continue
      this.counts.slopes++
      const random = new Random(7)
      const direction = slopes.map(() => 2 * random.next() - 1)
      const moved = (step: number): Tensors => {
        const data = Float64Array.from(tensor.data, (x, k) => x + step * (direction[k] ?? 0))
        return { ...formula.tensors, [name]: { ...tensor, data } }
      }
      const at = async (step: number): Promise<number> =>
        total((await this.#ask(each, 'FP64', moved(step))).loss)
      const quotient = async (step: number): Promise<number> =>
        (await at(step) - await at(-step)) / (2 * step)
      const slope = total(slopes.map((x, k) => x * (direction[k] ?? 0)))
      const scale = slopes.reduce((a, b) => a + Math.abs(b), 1)
      const size = total(plain.loss.map(Math.abs))
      const tried: number[] = []
      let isSame = false
      for (const step of [1e-4, 1e-5, 1e-3]) {
        const found = (4 * await quotient(step) - await quotient(2 * step)) / 3
        tried.push(found)
        isSame = Math.abs(found - slope) <= 1e-6 * scale + 1e-14 * size / step
        if (isSame) break
      }
      if (isSame) continue
      const signs = [0, 2e-4, -2e-4, 2e-5, -2e-5].map(step =>
        oracle.decisions(moved(step)).map(Math.sign).join())
      if (signs.some(sign => sign !== signs[0])) {
        this.counts.kinks++
        continue
      }
      throw new Error(`by ${name}: ${slope}, differences ${tried}`)
    }
  }

  /** The derivative's own text gives the gradient. */
  #texts ({ formula, definition }: Case): void {
    // Of a loss without values the slopes are 0, whatever the text says.
    if ([...formula.places.values()].includes(0)) return
    // The text says which tensors differ, where a group has one dimension.
    if (formula.text.includes('differs(')) return
    const request = whole(definition, formula.tensors, formula.places, formula.values)
    for (const [name, { text, found, wanted, magnitude }] of readBack(request)) {
      this.counts.texts++
      const [a, b] = [found, wanted].map(loss => ({ loss, gradients: {} }))
      if (a === undefined || b === undefined || wrong(a, b, 1e-9, 1) === '') continue
      const worst = wrong(a, b, 1e-9, magnitude())
      if (worst !== '') throw new Error(`text by ${name}: ${worst}\n${text}`)
    }
  }

  /** PyTorch gives the same. */
  async #pytorch ({ formula, definition, oracle, plain }: Case): Promise<void> {
    if (this.#torch === null || [...formula.places.values()].includes(0)) return
    const found = await this.#torch.evaluate(formula, definition, oracle.elements)
    if (typeof found === 'string') {
      this.untold.set(found, (this.untold.get(found) ?? 0) + 1)
      return
    }
    this.counts.torch++
    if (wrong(plain, found, 1e-10, 1) === '') return
    const worst = wrong(plain, found, 1e-10, oracle.magnitude(formula.tensors))
    if (worst !== '') throw new Error(`PyTorch: ${worst}`)
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** Where answers differ by more than rounding times the largest around; empty if nowhere. */
function wrong (found: Answer, wanted: Answer, rounding: number, magnitude: number): string {
  const parts = [['loss', found.loss, wanted.loss] as const,
    ...Object.keys(wanted.gradients).map(name =>
      [`by ${name}`, found.gradients[name] ?? [], wanted.gradients[name] ?? []] as const)]
  for (const [name, got, expected] of parts) {
    if (got.length !== expected.length) {
      return `${name}: ${got.length} numbers instead of ${expected.length}`
    }
    const scale = expected.filter(Number.isFinite)
      .reduce((a, b) => Math.max(a, Math.abs(b)), magnitude)
    const place = got.findIndex((x, k) => {
      const y = expected[k] ?? Number.NaN
      return !(Object.is(x, y) || x === y || Math.abs(x - y) <= rounding * scale)
    })
    if (place >= 0) return `${name}[${place}]: ${got[place]} instead of ${expected[place]}`
  }
  return ''
}
