// Who may import whom: the table of ARCHITECTURE.md, and the packages and globals that one room
// alone may see. A room is a folder of src, or one of the files beside them.

import { posix } from 'node:path'
import { codeOf, importsOf } from './code.ts'

/** A file of the project: its path from the root, with slashes, and its text. */
export interface File {
  readonly path: string
  readonly text: string
}

const data = ['losses', 'layers', 'optimizers']
const mechanisms = ['buffer', 'codec', 'compute', 'formulas', 'kernels', 'ops', 'sessions']

/** The rooms, each with the rooms it may import; every room may import itself and `errors`. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  buffer: [],
  codec: ['buffer'],
  ops: ['buffer'],
  formulas: ['ops'],
  losses: [],
  layers: [],
  optimizers: [],
  kernels: ['formulas', 'ops', 'buffer'],
  compute: ['kernels', 'codec', 'buffer'],
  sessions: ['compute', 'kernels', 'formulas', ...data, 'codec', 'buffer'],
  api: [...mechanisms, ...data],
  app: [...mechanisms, ...data, 'api', 'config'],
  main: ['app', 'config'],
  config: [],
  errors: []
}

/** Packages and modules that only one room may import. */
const guarded: readonly [pattern: RegExp, rooms: readonly string[]][] = [
  [/^@?fastify(\/|$)/, ['api']],
  [/^(node:)?worker_threads$/, ['compute']],
  [/^(node:)?process$/, ['main']]
]

/** What is wrong with the imports of the sources, one sentence each. */
export function checkImports (files: readonly File[], packages: readonly string[]): string[] {
  const sources = files.filter(file => file.path.startsWith('src/'))
  const known = new Set(sources.map(file => file.path))
  return sources.flatMap(file => [
    ...importsOf(file.text).flatMap(name => checkImport(file.path, name, known, packages)),
    ...checkProcess(file)
  ])
}

/** Sources that nothing reachable from the roots imports: rows missing from a table, dead files. */
export function unreachable (files: readonly File[], roots: readonly string[]): string[] {
  const sources = new Map(files.filter(file => file.path.startsWith('src/'))
    .map(file => [file.path, file.text]))
  const reached = new Set<string>()
  const waiting = [...roots]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = sources.get(path)
    if (text === undefined || reached.has(path)) continue
    reached.add(path)
    waiting.push(...importsOf(text).filter(name => name.startsWith('.'))
      .map(name => resolve(path, name)))
  }
  return [...sources.keys()].filter(path => !reached.has(path))
}

function checkImport (
  path: string, name: string, known: ReadonlySet<string>, packages: readonly string[]
): string[] {
  const room = roomOf(path)
  if (room === undefined) return [`${path} belongs to no room`]
  const guard = guarded.find(([pattern]) => pattern.test(name))
  if (guard !== undefined && !guard[1].includes(room)) return [`${path} may not import ${name}`]
  if (name.startsWith('node:')) return []
  if (!name.startsWith('.')) {
    const owner = name.split('/', name.startsWith('@') ? 2 : 1).join('/')
    return packages.includes(owner) ? [] : [`${path} imports ${name}, which is no dependency`]
  }
  const target = resolve(path, name)
  if (!known.has(target)) return [`${path} imports ${name}, which is no source`]
  const to = roomOf(target) ?? target
  const allowed = to === room || to === 'errors' || rooms[room]?.includes(to)
  return allowed ? [] : [`${path} may not import ${target}: ${room} does not see ${to}`]
}

function checkProcess ({ path, text }: File): string[] {
  if (roomOf(path) === 'main') return []
  return /(?<![\w.])process\s*[.[]/.test(codeOf(text)) ? [`${path} may not use process`] : []
}

function roomOf (path: string): string | undefined {
  const room = /^src\/(\w+)(?:\/|\.ts$)/.exec(path)?.[1]
  return room !== undefined && room in rooms ? room : undefined
}

function resolve (path: string, name: string): string {
  return posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts')
}
