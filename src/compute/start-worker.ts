// Starts the code of a file on a thread. Separate because it differs when run from the sources: a
// worker does not inherit what lets Node read TypeScript.

import { Worker, type WorkerOptions } from 'node:worker_threads'

const isBuilt = !import.meta.url.endsWith('.ts')

/** `built` is the file as it is when it has been built. */
export function startWorker (built: URL, options: WorkerOptions): Worker {
  if (isBuilt) return new Worker(built, options)
  const source = JSON.stringify(built.href.replace(/\.js$/, '.ts'))
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const code = `import(${loader}).then(({ register }) => { register(); return import(${source}) })`
  return new Worker(code, { ...options, eval: true })
}
