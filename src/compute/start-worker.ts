// Starts the code of worker.ts on a thread. Separate because it differs when run from the sources:
// a worker does not inherit what lets Node read TypeScript.

import { Worker, type WorkerOptions } from 'node:worker_threads'

const isBuilt = !import.meta.url.endsWith('.ts')

export function startWorker (options: WorkerOptions): Worker {
  if (isBuilt) return new Worker(new URL('./worker.js', import.meta.url), options)
  const source = JSON.stringify(new URL('./worker.ts', import.meta.url).href)
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const code = `import(${loader}).then(({ register }) => { register(); return import(${source}) })`
  return new Worker(code, { ...options, eval: true })
}
