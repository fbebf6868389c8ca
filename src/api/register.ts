// Every route of the service, in the order in which /docs shows them.

import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { admitBodies, type BodyLimits } from './admission.ts'
import { takeSafetensors } from './binary-bodies.ts'
import { receiveJson } from './bodies.ts'
import { registerDocs } from './docs.ts'
import { type InferenceSettings, registerInferenceRoutes } from './inference-routes.ts'
import { createLossAnswers } from './loss-answer.ts'
import { type LossRouteSettings, registerLossRoutes } from './loss-routes.ts'
import { registerServiceRoutes, type ServiceParts } from './service-routes.ts'
import { registerSessionRoutes, type SessionRouteSettings } from './session-routes.ts'

export interface RouteSettings
  extends LossRouteSettings, SessionRouteSettings, InferenceSettings, ServiceParts, BodyLimits {
  /** `off`, `*`, or origins between commas. */
  readonly corsOrigins: string
}

export async function registerRoutes (
  app: FastifyInstance, settings: RouteSettings
): Promise<void> {
  if (settings.corsOrigins !== 'off') await app.register(cors, corsFor(settings.corsOrigins))
  await registerDocs(app)
  const answerLoss = createLossAnswers(settings)
  await app.register(async scope => {
    admitBodies(scope, settings)
    receiveJson(scope, settings)
    takeSafetensors(scope, settings)
    registerLossRoutes(scope, settings, answerLoss)
    registerSessionRoutes(scope, settings)
  })
  await app.register(async scope => {
    admitBodies(scope, settings)
    registerInferenceRoutes(scope, settings, answerLoss)
  })
  registerServiceRoutes(app, settings)
}

function corsFor (origins: string): FastifyCorsOptions {
  return {
    origin: origins.trim() === '*' ? '*' : origins.split(',').map(origin => origin.trim()),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'ETag', 'Location', 'Retry-After', 'Content-Disposition', 'Inference-Header-Content-Length'
    ],
    maxAge: 600
  }
}
