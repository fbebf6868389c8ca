// Every route of the service, in the order in which /docs shows them.

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
  extends LossRouteSettings, SessionRouteSettings, InferenceSettings, ServiceParts, BodyLimits {}

export async function registerRoutes (
  app: FastifyInstance, settings: RouteSettings
): Promise<void> {
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
