// Which paths answer which methods, gathered while routes are registered: what a request to an
// unknown path, method or loss is told.

import type { FastifyInstance } from 'fastify'
import { LossdError, nearest, shown } from '../errors.ts'

export interface Routes {
  /** The methods a path answers; none if it is unknown. */
  readonly methodsOf: (path: string) => readonly string[]
  /** All paths without parameters. */
  readonly paths: () => readonly string[]
  /** LOSS_UNKNOWN with the nearest names. */
  readonly unknownLoss: (name: string) => LossdError
}

interface Route {
  readonly url: string
  readonly fits: (path: string) => boolean
  readonly methods: Set<string>
}

/** Gathers the routes that are registered from here on; kept formulas are losses as well. */
export function gatherRoutes (
  app: FastifyInstance, lossNames: readonly string[], keptNames: () => readonly string[]
): Routes {
  const routes = new Map<string, Route>()
  const isKept = (path: string): boolean =>
    keptNames().includes(decoded(path.slice(path.lastIndexOf('/') + 1)))
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = patternOf(url)
    // Any name would fit it: to a name that is unknown nothing answers.
    const fits = url === '/v1/losses/:name'
      ? (path: string) => pattern.test(path) && isKept(path)
      : (path: string) => pattern.test(path)
    const route = routes.get(url) ?? { url, fits, methods: new Set<string>() }
    for (const each of [method].flat()) route.methods.add(each)
    routes.set(url, route)
  })
  return {
    methodsOf (path) {
      const found = [...routes.values()].filter(({ fits }) => fits(path))
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
    },
    paths: () => [...routes.keys()].filter(url => !/[:*]/.test(url)),
    unknownLoss: name => unknownLoss(decoded(name), [...lossNames, ...keptNames()])
  }
}

/** LOSS_UNKNOWN with the nearest of the names. */
export function unknownLoss (
  name: string, names: readonly string[], pointer?: string
): LossdError {
  const near = nearest(name, names)
  return new LossdError('LOSS_UNKNOWN', `There is no loss ${shown(name)}; ` +
    (near.length > 0 ? `nearest: ${near.join(', ')}` : 'GET /v1/losses lists them all'),
    pointer === undefined ? {} : { pointer })
}

function patternOf (url: string): RegExp {
  const parts = url.split('/').map(part => {
    if (part.startsWith(':')) return '[^/]+'
    return part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')
  })
  return new RegExp(`^${parts.join('/')}$`)
}

function decoded (name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
