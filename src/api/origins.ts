// Pages of other origins: what tells a browser that they may read replies. It comes before all that
// refuses requests, since errors must be readable as well.

import type { FastifyInstance } from 'fastify'

/** Lets pages of these origins in: names between commas, or `*` for all. */
export function admitOrigins (app: FastifyInstance, origins: string): void {
  const named = new Set(origins.split(',').map(origin => origin.trim()))
  const isOpen = named.has('*')
  app.addHook('onRequest', ({ method, headers }, reply, done) => {
    const { origin } = headers
    // What differs by origin must not be served from a cache to another.
    if (!isOpen) reply.header('vary', 'Origin')
    if (!isOpen && (origin === undefined || !named.has(origin))) {
      done()
      return
    }
    reply.header('access-control-allow-origin', isOpen ? '*' : origin)
    reply.header('access-control-expose-headers', exposed)
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) {
      done()
      return
    }
    reply.code(204).headers({
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      // None of them means more than another here.
      'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '600'
    }).send()
  })
}

const exposed = [
  'ETag', 'Location', 'Retry-After', 'Allow', 'Content-Disposition',
  'Inference-Header-Content-Length'
].join(', ')
