// The routes of clients' own formulas: evaluate one, keep one under a name, and use that name as
// that of a loss.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Json, JsonObject } from '../codec/json-reader.ts'
import type { PreparedLoss } from '../compute/prepared.ts'
import { whenFinished } from '../compute/when-finished.ts'
import { LossdError } from '../errors.ts'
import { words } from '../formulas/words.ts'
import type { Doer } from '../kernels/apart.ts'
import { lossNames } from '../losses/index.ts'
import { objectOf, paramOf } from './bodies.ts'
import { entryFor, findEntry, type LossEntry, summaryOf } from './catalogue.ts'
import type { Derivatives } from './derivatives.ts'
import { FormulaEntries, type FormulaText, readText } from './formula-entries.ts'
import { replyFormat, tensorFormats } from './formats.ts'
import { formulaSchemas, grammar } from './formula-schemas.ts'
import type { KeptFormulas } from './kept-formulas.ts'
import type { AnswerLoss, LossMachine } from './loss-answer.ts'
import { lossPrinter } from './loss-reply.ts'
import { lossTexts, readFlag } from './loss-request.ts'
import { patienceOf } from './patience.ts'
import { sendAnswer, sendJson } from './replies.ts'
import { unknownLoss } from './routes.ts'
import { answerTerms } from './terms-answer.ts'
import type { FindLoss } from './terms-request.ts'
import type { TextFields } from './text-fields.ts'

export interface FormulaRouteSettings extends LossMachine {
  readonly deadlineMs: number
  /** Who compiles and prints derivatives. */
  readonly doer: Doer
  /** Formulas with names. */
  readonly kept: KeptFormulas
}

export function registerFormulaRoutes (
  app: FastifyInstance, settings: FormulaRouteSettings, answerLoss: AnswerLoss,
  derivatives: Derivatives
): void {
  const { deadlineMs, kept, machine: { programs } } = settings
  const entries = new FormulaEntries()

  const evaluate = (
    request: FastifyRequest, reply: FastifyReply, read: () => [JsonObject, FormulaText]
  ): void => {
    const patience = patienceOf(request, reply, deadlineMs)
    const print = lossPrinter(replyFormat(request))
    sendAnswer(request, reply, whenFinished(patience, left => {
      const [body, formula] = read()
      const { formula: _, explain, ...rest } = body
      const entry = entryFor(entries.find(formula, body.options), rest)
      const explains = explain !== undefined && readFlag(explain, '/explain')
      const explanation = explains
        ? (prepared: PreparedLoss) => explanationOf(entry, prepared)
        : undefined
      return answerLoss(entry, rest, left, explanation, print)
    }))
  }
  const explanationOf = ({ definition }: LossEntry, { plan, gradients }: PreparedLoss): object => ({
    derivatives: derivatives.of(definition, gradients),
    wat: programs.textOf(plan),
    loops: plan.program.parts.map(({ title }) => title)
  })
  const describe = (entry: LossEntry): string => JSON.stringify({
    ...summaryOf(entry),
    formula: entry.definition.text,
    derivatives: derivatives.of(entry.definition, entry.differentiable)
  })

  const sendDescription = (
    request: FastifyRequest, reply: FastifyReply, formula: FormulaText
  ): void => {
    const patience = patienceOf(request, reply, deadlineMs)
    sendAnswer(request, reply, whenFinished(patience, () => describe(entries.find(formula))))
  }

  app.get('/v1/formulas', { schema: formulaSchemas.list }, (_request, reply) => {
    const functions = [...words.values()].filter(({ missing }) => missing === '')
      .map(({ usage, summary }) => ({ usage, meaning: summary }))
    const formulas = kept.all.map(({ name, summary }) => ({ name, summary }))
    sendJson(reply, JSON.stringify({ grammar, functions, formulas }))
  })
  const tensors = { config: tensorFormats }
  app.post('/v1/formulas', { schema: formulaSchemas.evaluate, ...tensors }, (request, reply) => {
    evaluate(request, reply, () => {
      const body = objectOf(request, formulaTexts)
      return [body, { name: 'This formula', summary: '', text: readText(body.formula) }]
    })
  })

  const url = '/v1/formulas/:name'
  app.put(url, { schema: formulaSchemas.keep }, (request, reply) => {
    const formula = readFormula(nameOf(request), objectOf(request))
    kept.refuse(formula.name)
    const patience = patienceOf(request, reply, deadlineMs)
    sendAnswer(request, reply, whenFinished(patience, () => {
      const description = describe(entries.find(formula))
      reply.header('location', `/v1/formulas/${formula.name}`)
      reply.code(kept.keep(formula) ? 201 : 200)
      return description
    }))
  })
  app.get(url, { schema: formulaSchemas.get }, (request, reply) => {
    sendDescription(request, reply, kept.get(nameOf(request)))
  })
  app.delete(url, { schema: formulaSchemas.remove }, (request, reply) => {
    kept.remove(nameOf(request))
    reply.code(204).send()
  })

  const named = (request: FastifyRequest): FormulaText => {
    const formula = kept.find(nameOf(request))
    if (formula === undefined) throw unknownLoss(nameOf(request), [...lossNames, ...kept.names])
    return formula
  }
  const findLoss: FindLoss = (name, options, pointer) => {
    const formula = kept.find(name)
    const entry = findEntry(name) ?? (formula && entries.find(formula, options))
    if (entry === undefined) throw unknownLoss(name, [...lossNames, ...kept.names], pointer)
    return entry
  }
  app.post('/v1/losses', { schema: formulaSchemas.terms, ...tensors }, (request, reply) => {
    const patience = patienceOf(request, reply, deadlineMs)
    const format = replyFormat(request)
    sendAnswer(request, reply, whenFinished(patience, left =>
      answerTerms(settings, objectOf(request, termsTexts), findLoss, left, format)))
  })
  const { evaluateNamed } = formulaSchemas
  app.post('/v1/losses/:name', { schema: evaluateNamed, ...tensors }, (request, reply) => {
    const formula = named(request)
    evaluate(request, reply, () => {
      const body = objectOf(request, formulaTexts)
      if (body.formula === undefined) return [body, formula]
      throw new LossdError('FIELD_UNKNOWN', `${formula.name} has its formula already; ` +
        'POST /v1/formulas takes another', { pointer: '/formula' })
    })
  })
  app.get('/v1/losses/:name', { schema: formulaSchemas.getNamed }, (request, reply) => {
    sendDescription(request, reply, named(request))
  })
}

const { fields } = lossTexts
const formulaTexts: TextFields = {
  fields: { ...fields, formula: 'text', explain: 'value' }, others: 'options'
}
const termsTexts: TextFields = { fields: { ...fields, terms: 'json' }, others: 'fields' }

const nameOf = (request: FastifyRequest): string => paramOf(request, 'name')

function readFormula (name: string, body: JsonObject): FormulaText {
  for (const key in body) {
    if (key === 'formula' || key === 'summary') continue
    throw new LossdError('FIELD_UNKNOWN', 'A formula is kept with the fields formula and summary',
      { pointer: `/${key}` })
  }
  return { name, text: readText(body.formula), summary: readSummary(body.summary) }
}

function readSummary (value: Json = ''): string {
  if (typeof value === 'string' && value.length <= summaryMax) return value
  throw new LossdError('FIELD_INVALID',
    `summary must be a text of at most ${summaryMax} characters`, { pointer: '/summary' })
}

const summaryMax = 1000
