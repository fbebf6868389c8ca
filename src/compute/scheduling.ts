// A worker's place among the threads of the system. It lets the main thread go first: that one has
// little to do and many who wait for it. It stays on one CPU if a setting says so: Linux puts both
// woken workers on one core for milliseconds, and then two threads gain nothing; but only where the
// CPUs are this service's own, or another's work suffers.

import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Pins the calling thread to one of the CPUs it may use; false where that is not possible. */
export function pinThread (index: number): boolean {
  try {
    const allowed = allowedCpus(readFileSync('/proc/thread-self/status', 'utf8'))
    const cpu = allowed[index % allowed.length]
    if (cpu === undefined) return false
    const words = ['-cp', String(cpu), String(thisTask())]
    execFileSync('taskset', words, { stdio: 'ignore', timeout: 2000 })
    return true
  } catch {
    return false
  }
}

/** Lets other threads go before the calling one; false where that is not possible. */
export function stepBack (): boolean {
  try {
    // Linux has a priority for each thread.
    setPriority(thisTask(), Math.min(getPriority() + steps, 19))
    return true
  } catch {
    return false
  }
}

const steps = 5

function thisTask (): number { return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) }

/** The CPUs of a status file of /proc: `Cpus_allowed_list: 0-2,5` gives 0, 1, 2, 5. */
export function allowedCpus (status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? ''
  return list.split(',').filter(part => part !== '').flatMap(part => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
