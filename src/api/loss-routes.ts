// The routes of the losses, one set for each row of the table and for its alias.

import type { FastifyInstance } from 'fastify'
import { objectOf } from './bodies.ts'
import { catalogue, derivativesOf, type LossEntry, summaryOf } from './catalogue.ts'
import { type FormulaRouteSettings, registerFormulaRoutes } from './formula-routes.ts'
import { type AnswerLoss, createLossAnswers } from './loss-answer.ts'
import { getSchema, listSchema, postSchema } from './loss-schemas.ts'
import { patienceOf } from './patience.ts'
import { sendAnswer, sendJson } from './replies.ts'
import { problemReplies } from './schemas.ts'

export type LossRouteSettings = FormulaRouteSettings

export function registerLossRoutes (app: FastifyInstance, settings: LossRouteSettings): void {
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
  const answer = createLossAnswers(settings)
  for (const entry of catalogue) {
    for (const name of entry.names) registerLoss(app, settings.deadlineMs, answer, entry, name)
  }
  registerFormulaRoutes(app, settings, answer)
}

function registerLoss (
  app: FastifyInstance, deadlineMs: number, answerLoss: AnswerLoss, entry: LossEntry, name: string
): void {
  const alias = name !== entry.loss.name
  const url = `/v1/losses/${name}`
  app.post(url, { schema: { ...postSchema(entry), hide: alias } }, (request, reply) => {
    const patience = patienceOf(request, reply, deadlineMs)
    sendAnswer(request, reply, answerLoss(entry, objectOf(request), patience))
  })
  let description: string | undefined
  app.get(url, { schema: { ...getSchema(entry), hide: alias } }, (_request, reply) => {
    description ??= JSON.stringify(describe(entry))
    sendJson(reply, description)
  })
}

function describe (entry: LossEntry): Record<string, unknown> {
  const { loss } = entry
  return {
    ...summaryOf(entry),
    formula: loss.formula.replace(/^\n+/, '').replaceAll(/^ {4}/gm, ''),
    derivatives: derivativesOf(entry),
    examples: loss.cases.map(({ title, request, reply, warnings, refused }) =>
      ({ title, request, reply, warnings, refused })),
    source: loss.source
  }
}
