// Timing that can be believed on a noisy machine: competitors take turns, every figure is the
// median over rounds, and what is compared was measured in the same minute.

/** A competitor: one call does the whole work; it is timed in batches. */
export interface Competitor {
  readonly name: string
  readonly run: () => unknown
}

export interface Budget {
  /** Turns that each competitor takes. */
  readonly rounds: number
  /** Length of a turn in milliseconds. */
  readonly turnMs: number
}

const usual: Budget = { rounds: 7, turnMs: 40 }

/** Nanoseconds a call, by name: the median of the rounds. */
export async function race (
  competitors: readonly Competitor[], budget: Budget = usual
): Promise<Map<string, number>> {
  const batches = new Map<string, number>()
  for (const { name, run } of competitors) {
    batches.set(name, await calibrate(run, budget.turnMs / 8))
  }
  const times = new Map(competitors.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < budget.rounds; round++) {
    for (const { name, run } of competitors) {
      times.get(name)?.push(await turn(run, batches.get(name) ?? 1, budget.turnMs))
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

/** The middle one; of an even number the lower of the two. */
export function median (values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN
}

/** Three significant digits, so that a table reads at a glance. */
export function digits (value: number): string {
  if (!Number.isFinite(value)) return '-'
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/** A table in Markdown: the first column to the left, figures to the right. */
export function table (head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, index) => index === 0 ? '---' : '---:')
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

// How many calls last about the given time; it warms the code as well.
async function calibrate (run: () => unknown, milliseconds: number): Promise<number> {
  for (let calls = 1; ; calls *= 2) {
    const time = await batch(run, calls)
    if (time >= milliseconds) return Math.max(1, Math.round(calls * milliseconds / time))
  }
}

// The median batch of one turn, in nanoseconds a call.
async function turn (run: () => unknown, calls: number, milliseconds: number): Promise<number> {
  const times: number[] = []
  const end = performance.now() + milliseconds
  do times.push(await batch(run, calls)); while (performance.now() < end)
  return median(times) * 1e6 / calls
}

// A call that is done at once is not awaited: a turn of the event loop would cost more than it.
async function batch (run: () => unknown, calls: number): Promise<number> {
  const start = performance.now()
  for (let call = 0; call < calls; call++) {
    const pending = run()
    if (pending instanceof Promise) await pending
  }
  return performance.now() - start
}
