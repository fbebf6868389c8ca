// Every route of the service, in the order in which /docs shows them.

import type { FastifyInstance } from 'fastify'
import { admitJson } from './admission.ts'
import { registerDocs } from './docs.ts'
import { type LossRouteSettings, registerLossRoutes } from './loss-routes.ts'
import { registerServiceRoutes, type ServiceParts } from './service-routes.ts'

export interface RouteSettings extends LossRouteSettings, ServiceParts {}

export async function registerRoutes (app: FastifyInstance, settings: RouteSettings): Promise<void> {
  await registerDocs(app)
  registerServiceRoutes(app, settings)
  await app.register(async json => {
    admitJson(json)
    registerLossRoutes(json, settings)
  })
}
