// Routes of the service itself: is it alive, is it ready, how is it doing.

import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { type Lifecycle, stateRefusal } from './admission.ts'
import type { Metrics } from './metrics.ts'
import { sendJson, sendProblem } from './replies.ts'
import { problemReplies } from './schemas.ts'

export interface ServiceParts {
  readonly lifecycle: Lifecycle
  readonly metrics: Metrics
  /** Shown by /health/ready. */
  readonly facts: Readonly<Record<string, string | number>>
}

export function registerServiceRoutes (app: FastifyInstance, parts: ServiceParts): void {
  const { lifecycle, metrics } = parts
  const status = Type.Object({ status: Type.String() }, { description: 'Yes' })

  app.get('/health/live', {
    schema: {
      operationId: 'getLive',
      tags: ['Service'],
      summary: 'Is the process alive',
      description: 'Answers as long as the process can answer at all.',
      response: { 200: status, ...problemReplies() }
    }
  }, (_request, reply) => { sendJson(reply, '{"status":"live"}') })

  app.get('/health/ready', {
    schema: {
      operationId: 'getReady',
      tags: ['Service'],
      summary: 'May requests be sent here',
      description: 'Not while starting or draining, or when the self-test of the kernels failed. ' +
        'Load does not make it fail.',
      response: { 200: status, ...problemReplies('STARTING', 'DRAINING', 'SELF_TEST_FAILED') }
    }
  }, (request, reply) => {
    const refusal = stateRefusal(lifecycle)
    if (refusal !== undefined) sendProblem(request, reply, refusal)
    else sendJson(reply, JSON.stringify({ status: 'ready', ...parts.facts }))
  })

  app.get('/metrics', {
    schema: {
      operationId: 'getMetrics',
      tags: ['Service'],
      summary: 'Measurements for Prometheus',
      description: 'Requests by route and status, heap, queue, workers, event loop, process.',
      response: {
        200: {
          description: 'Text exposition format',
          content: { 'text/plain': { schema: Type.String() } }
        },
        ...problemReplies('STARTING', 'DRAINING')
      }
    }
  }, async (_request, reply) => {
    const text = await metrics.registry.metrics()
    return reply.header('content-type', metrics.registry.contentType).send(text)
  })
}
