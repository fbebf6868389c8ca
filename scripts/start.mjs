// `npm start`: installs if packages are missing or not those of the lock file, builds if dist is
// missing or older than the sources, then becomes the service: one process with its signals and
// environment.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'dist/src/main.js')

if (!isInstalled()) await npm('ci', '--no-audit', '--no-fund')
if (changed('dist/src/main.js') < newestSource()) await npm('run', '--silent', 'build')
await import(main)

/**
 * Whether what npm has installed is what the lock file says. The times of the files decide; where
 * they do not (a copied folder, another branch and back), the versions do.
 */
function isInstalled () {
  const [locked, installed] = ['package-lock.json', 'node_modules/.package-lock.json']
  if (changed(installed) === 0) return false
  if (changed(installed) >= changed(locked)) return true
  const versions = file => JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  const present = versions(installed)
  return Object.entries(versions(locked)).every(([path, { version, optional }]) =>
    path === '' || (path in present ? present[path].version === version : optional === true))
}

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
