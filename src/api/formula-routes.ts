// The routes of clients' own formulas: evaluate one, keep one under a name, and use that name as
// that of a loss.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Json, JsonObject } from '../codec/json-reader.ts'
import type { PreparedLoss } from '../compute/prepared.ts'
import { LossdError } from '../errors.ts'
import { words } from '../formulas/words.ts'
import { lossNames } from '../losses/index.ts'
import { objectOf, paramOf } from './bodies.ts'
import { derivativesOf, findEntry, type LossEntry, summaryOf } from './catalogue.ts'
import { FormulaEntries, type FormulaText, readText } from './formula-entries.ts'
import { formulaSchemas, grammar } from './formula-schemas.ts'
import type { KeptFormulas } from './kept-formulas.ts'
import type { AnswerLoss, LossMachine } from './loss-answer.ts'
import { readFlag } from './loss-request.ts'
import { patienceOf } from './patience.ts'
import { sendAnswer, sendJson } from './replies.ts'
import { unknownLoss } from './routes.ts'
import { answerTerms } from './terms-answer.ts'
import type { FindLoss } from './terms-request.ts'

export interface FormulaRouteSettings extends LossMachine {
  readonly deadlineMs: number
  /** Formulas with names. */
  readonly kept: KeptFormulas
}

export function registerFormulaRoutes (
  app: FastifyInstance, settings: FormulaRouteSettings, answerLoss: AnswerLoss
): void {
  const { deadlineMs, kept } = settings
  const entries = new FormulaEntries()

  const evaluate = (
    request: FastifyRequest, reply: FastifyReply, body: JsonObject, formula: FormulaText
  ): void => {
    const patience = patienceOf(request, reply, deadlineMs)
    const { formula: _, explain, ...rest } = body
    const entry = entries.find(formula, body.options)
    const explains = explain !== undefined && readFlag(explain, '/explain')
    const explanation = explains
      ? (prepared: PreparedLoss) => explanationOf(entry, prepared)
      : undefined
    sendAnswer(request, reply, answerLoss(entry, rest, patience, explanation))
  }

  app.get('/v1/formulas', { schema: formulaSchemas.list }, (_request, reply) => {
    const functions = [...words.values()].filter(({ missing }) => missing === '')
      .map(({ usage, summary }) => ({ usage, meaning: summary }))
    const formulas = kept.all.map(({ name, summary }) => ({ name, summary }))
    sendJson(reply, JSON.stringify({ grammar, functions, formulas }))
  })
  app.post('/v1/formulas', { schema: formulaSchemas.evaluate }, (request, reply) => {
    const body = objectOf(request)
    const text = readText(body.formula)
    evaluate(request, reply, body, { name: 'This formula', summary: '', text })
  })

  const url = '/v1/formulas/:name'
  app.put(url, { schema: formulaSchemas.keep }, (request, reply) => {
    const body = objectOf(request)
    const formula = readFormula(nameOf(request), body)
    const entry = entries.find(formula)
    const isNew = kept.keep(formula)
    reply.header('location', `/v1/formulas/${formula.name}`)
    sendJson(reply, JSON.stringify(describe(entry)), isNew ? 201 : 200)
  })
  app.get(url, { schema: formulaSchemas.get }, (request, reply) => {
    sendJson(reply, JSON.stringify(describe(entries.find(kept.get(nameOf(request))))))
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
  app.post('/v1/losses', { schema: formulaSchemas.terms }, (request, reply) => {
    const patience = patienceOf(request, reply, deadlineMs)
    sendAnswer(request, reply, answerTerms(settings, objectOf(request), findLoss, patience))
  })
  app.post('/v1/losses/:name', { schema: formulaSchemas.evaluateNamed }, (request, reply) => {
    const formula = named(request)
    const body = objectOf(request)
    if (body.formula !== undefined) {
      throw new LossdError('FIELD_UNKNOWN', `${formula.name} has its formula already; ` +
        'POST /v1/formulas takes another', { pointer: '/formula' })
    }
    evaluate(request, reply, body, formula)
  })
  app.get('/v1/losses/:name', { schema: formulaSchemas.getNamed }, (request, reply) => {
    sendJson(reply, JSON.stringify(describe(entries.find(named(request)))))
  })
}

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

function describe (entry: LossEntry): Record<string, unknown> {
  return { ...summaryOf(entry), formula: entry.definition.text, derivatives: derivativesOf(entry) }
}

function explanationOf (entry: LossEntry, { program, gradients }: PreparedLoss): object {
  return {
    derivatives: derivativesOf(entry, gradients),
    wat: program.wat,
    loops: program.parts.map(({ title }) => title)
  }
}
