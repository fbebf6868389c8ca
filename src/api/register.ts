// Every route of the service, in the order in which /docs shows them.

import type { FastifyInstance } from 'fastify'
import { admitJson } from './admission.ts'
import { registerDocs } from './docs.ts'
import { type LossRouteSettings, registerLossRoutes } from './loss-routes.ts'
import { registerServiceRoutes, type ServiceParts } from './service-routes.ts'
import { registerSessionRoutes, type SessionRouteSettings } from './session-routes.ts'

export interface RouteSettings extends LossRouteSettings, SessionRouteSettings, ServiceParts {
  readonly bodyBytesMax: number
}

export async function registerRoutes (
  app: FastifyInstance, settings: RouteSettings
): Promise<void> {
  await registerDocs(app)
  await app.register(async json => {
    admitJson(json, settings.bodyBytesMax)
    registerLossRoutes(json, settings)
    registerSessionRoutes(json, settings)
  })
  registerServiceRoutes(app, settings)
}
