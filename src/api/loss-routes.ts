// The routes of the losses, one set for each row of the table and for its alias.

import type { FastifyInstance } from 'fastify'
import { whenFinished } from '../compute/when-finished.ts'
import { objectOf } from './bodies.ts'
import { catalogue, type LossEntry, summaryOf } from './catalogue.ts'
import { Derivatives } from './derivatives.ts'
import { replyFormat, tensorFormats } from './formats.ts'
import { type FormulaRouteSettings, registerFormulaRoutes } from './formula-routes.ts'
import type { AnswerLoss } from './loss-answer.ts'
import { getSchema, listSchema, postSchema } from './loss-schemas.ts'
import { lossTexts } from './loss-request.ts'
import { lossPrinter } from './loss-reply.ts'
import { patienceOf } from './patience.ts'
import { sendAnswer, sendJson } from './replies.ts'
import { problemReplies } from './schemas.ts'

export type LossRouteSettings = FormulaRouteSettings

export function registerLossRoutes (
  app: FastifyInstance, settings: LossRouteSettings, answer: AnswerLoss
): void {
  const list = JSON.stringify({ losses: catalogue.map(summaryOf) })
  app.get('/v1/losses', {
    schema: {
      operationId: 'listLosses',
      tags: ['Losses'],
      summary: 'All losses',
      description: 'Names, aliases, when to choose which, arguments and options.',
      response: {
        200: listSchema,
        ...problemReplies('BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING')
      }
    }
  }, (_request, reply) => { sendJson(reply, list) })
  const derivatives = new Derivatives(settings.doer)
  for (const entry of catalogue) {
    for (const name of entry.names) {
      registerLoss(app, { deadlineMs: settings.deadlineMs, answer, derivatives }, entry, name)
    }
  }
  registerFormulaRoutes(app, settings, answer, derivatives)
}

interface LossParts {
  readonly deadlineMs: number
  readonly answer: AnswerLoss
  readonly derivatives: Derivatives
}

function registerLoss (
  app: FastifyInstance, parts: LossParts, entry: LossEntry, name: string
): void {
  const { deadlineMs, answer, derivatives } = parts
  const alias = name !== entry.loss.name
  const url = `/v1/losses/${name}`
  const schema = { ...postSchema(entry), hide: alias }
  app.post(url, { schema, config: tensorFormats }, (request, reply) => {
    const patience = patienceOf(request, reply, deadlineMs)
    const print = lossPrinter(replyFormat(request))
    sendAnswer(request, reply, whenFinished(patience, left =>
      answer(entry, objectOf(request, lossTexts), left, undefined, print)))
  })
  let description: string | undefined
  app.get(url, { schema: { ...getSchema(entry), hide: alias } }, (request, reply) => {
    const patience = patienceOf(request, reply, deadlineMs)
    sendAnswer(request, reply, whenFinished(patience, () => {
      description ??= JSON.stringify(describe(entry, derivatives))
      return description
    }))
  })
}

function describe (
  { loss, definition, differentiable, ...entry }: LossEntry, derivatives: Derivatives
): Record<string, unknown> {
  return {
    ...summaryOf({ loss, definition, differentiable, ...entry }),
    formula: loss.formula.replace(/^\n+/, '').replaceAll(/^ {4}/gm, ''),
    derivatives: derivatives.of(definition, differentiable),
    examples: loss.cases.map(({ title, request, reply, warnings, refused }) =>
      ({ title, request, reply, warnings, refused })),
    source: loss.source
  }
}
