// The OpenAPI document, made from the routes as they are registered, the page that shows it, and
// the guide to choosing a loss.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { catalogue } from './catalogue.ts'
import { mediaTypes } from './formats.ts'
import { guide } from './guide.ts'
import { sendJson } from './replies.ts'
import { components } from './schemas.ts'

/** As in package.json; a test compares them. */
export const version = '0.1.0'

const description = `Losses and their gradients, and models trained in sessions.

Every loss below is a formula; its gradient and its kernel are derived from it.
\`GET /v1/losses/{loss}\` shows the formula that runs. Open a loss and press *Execute*;
[the guide](/losses.md) tells which to choose.

Every error is \`application/problem+json\` (RFC 9457): all codes stand at the schema \`Problem\`.`

// A variable, since the page knows more settings than its types.
const pageSettings = {
  // Highlighting freezes the page on large replies.
  syntaxHighlight: false,
  // Bodies of these types are chosen as files.
  fileUploadMediaTypes: [
    ...mediaTypes.safetensors, ...mediaTypes.inference, 'image/', 'audio/', 'video/'
  ],
  docExpansion: 'list',
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 1
} as const

/** Gathers the routes registered after it, and serves /openapi.json, /docs and /losses.md. */
export async function registerDocs (app: FastifyInstance): Promise<void> {
  for (const schema of Object.values(components)) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'lossd',
        version,
        description,
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: '/' }],
      security: [],
      tags: [
        { name: 'Losses', description: 'Values and gradients' },
        { name: 'Formulas', description: 'Losses of your own' },
        { name: 'Open Inference', description: 'The losses for clients of that protocol' },
        { name: 'Sessions', description: 'Models that train on the server' },
        { name: 'Service', description: 'Health and measurements' }
      ]
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `def-${index}` }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: pageSettings,
    theme: { title: 'lossd' }
  })
  let text: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger())
    sendJson(reply, text)
  })
  let guideText: string | undefined
  app.get('/losses.md', { schema: { hide: true } }, (_request, reply) => {
    guideText ??= guide(catalogue)
    return reply.header('content-type', 'text/markdown; charset=utf-8').send(guideText)
  })
}
