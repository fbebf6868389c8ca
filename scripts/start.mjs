// `npm start`: installs if the packages are missing or older than the lock file, builds if dist is
// missing or older than the sources, then becomes the service: one process with its signals and
// environment.

import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'dist/src/main.js')

const installed = changed('node_modules/.package-lock.json')
if (installed < changed('package-lock.json')) await npm('ci', '--no-audit', '--no-fund')
if (changed('dist/src/main.js') < newestSource()) await npm('run', '--silent', 'build')
await import(main)

/** When a file was changed last, in milliseconds; 0 if it is not there. */
function changed (path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** The newest change of a source; 0 in an installation that carries none. */
function newestSource () {
  if (changed('src') === 0) return 0
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map(name => join('src', name))
  return Math.max(changed('tsconfig.json'), ...sources.map(changed))
}

/** Runs npm and resolves when it is done; a failure or a signal ends this process the same way. */
function npm (...words) {
  return new Promise(resolve => {
    const child = spawn('npm', words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    const pass = signal => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, pass)
    child.on('error', error => {
      console.error(`npm ${words.join(' ')} could not be started: ${error.message}`)
      process.exit(1)
    })
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass)
      if (code === 0) resolve(undefined)
      else if (signal) process.kill(process.pid, signal)
      else process.exit(code ?? 1)
    })
  })
}
