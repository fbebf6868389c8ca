// The built service as a process of its own, for tests that must go through a real port.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A running service; `stop` ends it and resolves with its exit code. */
export interface Service {
  readonly origin: string
  readonly stop: () => Promise<number | null>
}

const built = fileURLToPath(new URL('../src/main.js', import.meta.url))

/** Starts the service on a free port; resolves when it is ready. */
export async function startService (
  environment: Readonly<Record<string, string>> = {}, main = built
): Promise<Service> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const origin = await originIn(createInterface({ input: child.stdout }))
  child.stdout.resume()
  while ((await fetch(`${origin}/health/ready`)).status !== 200) await pause(20)
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { origin, stop }
}

/** The address in the first line of the log that names one. */
async function originIn (lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)
    if (found !== null) return found[0]
  }
  throw new Error('the service ended before it listened')
}

function pause (milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
