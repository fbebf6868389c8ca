// What a session promises: order, all or nothing, the same bits on any number of threads, and
// memory that comes back. All work goes to the workers here, so that steps really take time.

import t, { type Test } from 'tap'
import type { Machine } from '../../src/compute/execute.ts'
import type { Session, StepResult } from '../../src/sessions/session.ts'
import { Sessions, type SessionsSettings } from '../../src/sessions/store.ts'
import { bodyOf, machineOf, putParameters, stepOnce } from './machine.ts'

const wide = {
  model: {
    layers: [
      { type: 'Linear', in_features: 40, out_features: 70 }, { type: 'Sigmoid' },
      { type: 'Linear', in_features: 70, out_features: 9 }
    ]
  },
  loss: { type: 'CrossEntropyLoss' },
  optimizer: { type: 'SGD', lr: 0.1, momentum: 0.9, weight_decay: 0.001 }
}

const always = { inlineAlwaysUs: 0, inlineBudgetUs: 0 }

function batchOf (rows: number, seed: number): { input: number[][], target: number[] } {
  const features = Array.from({ length: 40 }, (_, k) => k)
  const wave = (k: number): number => Math.sin(k * 12.9898 + seed) * 2
  return {
    input: Array.from({ length: rows }, (_, row) => features.map(k => wave(row * 40 + k))),
    target: Array.from({ length: rows }, (_, row) => (row * 7 + seed) % 9)
  }
}

interface World {
  readonly machine: Machine
  readonly sessions: Sessions
  make (more?: object): Session
}

function create (sessions: Sessions, spec: object): Session {
  return sessions.create(bodyOf(spec), Buffer.from(JSON.stringify(spec)))
}

async function worldOf (t: Test, threads: number, settings: SessionsSettings = {}): Promise<World> {
  const machine = await machineOf(t, { threads, ...always })
  await machine.pool.ready
  const sessions = new Sessions(machine, settings)
  t.teardown(() => sessions.close())
  return {
    machine,
    sessions,
    make: (more = {}) => create(sessions, { ...wide, ...more })
  }
}

t.test('the same bits with 1, 2 and 5 threads', async t => {
  const digests: string[] = []
  for (const threads of [1, 2, 5]) {
    const { machine, make } = await worldOf(t, threads)
    for (const datatype of ['FP32', 'FP64']) {
      const session = make({ datatype, seed: 5 })
      const losses: number[] = []
      for (let step = 0; step < 4; step++) {
        losses.push((await stepOnce(machine, session, batchOf(300, step))).loss)
      }
      digests.push(`${datatype} ${losses.join()} ${session.digest}`)
      t.ok(machine.pool.stats().done > 0, 'the workers did it')
      await session.end()
    }
    t.equal(machine.heap.usedBytes, 0)
  }
  t.equal(new Set(digests).size, 2)
})

t.test('steps that arrive together run in order', async t => {
  const { machine, make } = await worldOf(t, 2)
  const session = make()
  const other = make()
  const run = (target: Session): Promise<StepResult>[] =>
    Array.from({ length: 12 }, (_, step) => stepOnce(machine, target, batchOf(20 + step, step)))
  const [together, beside] = await Promise.all([Promise.all(run(session)), Promise.all(run(other))])
  const inOrder = together.map((_, k) => [k + 1, k + 1])
  t.same(together.map(({ seq, step }) => [seq, step]), inOrder)
  const alone = make()
  for (let step = 0; step < 12; step++) await stepOnce(machine, alone, batchOf(20 + step, step))
  t.equal(session.digest, alone.digest)
  t.equal(other.digest, alone.digest)
  t.same(together.map(({ loss }) => loss), beside.map(({ loss }) => loss))
})

t.test('a step that fails leaves every bit as it was', async t => {
  const { machine, make } = await worldOf(t, 1)
  // A step of 1200 rows is long, so that it is under way when it is ended.
  const model = {
    layers: [
      { type: 'Linear', in_features: 40, out_features: 1500 }, { type: 'Sigmoid' },
      { type: 'Linear', in_features: 1500, out_features: 9 }
    ]
  }
  const session = make({ model })
  await stepOnce(machine, session, batchOf(30, 1))
  const { digest, seq, step } = session
  const used = machine.heap.usedBytes
  const heavy = batchOf(1200, 1)
  const unchanged = (title: string): void => {
    t.same([session.digest, session.seq, session.step], [digest, seq, step], title)
  }
  const ninth = { ...heavy, target: heavy.target.map(() => 9) }
  await t.rejects(stepOnce(machine, session, ninth), { code: 'TARGET_RANGE' })
  unchanged('a class that is none')
  const controller = new AbortController()
  const cancelled = stepOnce(machine, session, heavy, { signal: controller.signal })
  controller.abort()
  await t.rejects(cancelled, { code: 'CANCELLED' })
  unchanged('a client that leaves')
  const late = stepOnce(machine, session, heavy, { deadlineMs: 1 })
  await t.rejects(late, { code: 'DEADLINE_EXCEEDED' })
  unchanged('a deadline')
  const other = stepOnce(machine, session, heavy, { ifSeq: [0] })
  await t.rejects(other, { code: 'PRECONDITION_FAILED' })
  unchanged('another seq')
  const short = putParameters(machine, session, { '0.weight': [1] })
  await t.rejects(short, { code: 'SHAPE_MISMATCH' })
  unchanged('parameters that do not fit')

  const fresh = make({ model })
  await stepOnce(machine, fresh, batchOf(30, 1))
  const [a, b] = [await stepOnce(machine, session, heavy), await stepOnce(machine, fresh, heavy)]
  t.equal(a.loss, b.loss)
  t.equal(session.digest, fresh.digest, 'it goes on as if nothing had been')
  await fresh.end()
  await new Promise(resolve => setTimeout(resolve, 300))
  t.equal(machine.heap.usedBytes, used, 'no memory is lost')
})

t.test('a full heap refuses a step or a session, and nothing more', async t => {
  const machine = await machineOf(t, {}, 3 << 16)
  const sessions = new Sessions(machine)
  t.teardown(() => sessions.close())
  const make = (inputs: number, outputs: number): Session => create(sessions, {
    ...wide, model: { layers: [{ type: 'Linear', in_features: inputs, out_features: outputs }] }
  })
  const session = make(40, 9)
  const { digest } = session
  const used = machine.heap.usedBytes
  await t.rejects(stepOnce(machine, session, batchOf(900, 0)), { code: 'HEAP_FULL' })
  t.throws(() => make(400, 90), { code: 'HEAP_FULL' })
  t.equal(machine.heap.usedBytes, used)
  t.equal(session.digest, digest)
  t.match(await stepOnce(machine, session, batchOf(9, 0)), { step: 1 })
})

t.test('what waits behind the end finds the session gone', async t => {
  const { machine, make, sessions } = await worldOf(t, 1)
  const session = make()
  const first = stepOnce(machine, session, batchOf(200, 0))
  const end = sessions.end(session.id)
  const late = stepOnce(machine, session, batchOf(20, 0))
  t.match(await first, { step: 1 })
  await end
  await t.rejects(late, { code: 'SESSION_UNKNOWN' })
  t.throws(() => sessions.find(session.id), { code: 'SESSION_UNKNOWN' })
  t.equal(machine.heap.usedBytes, 0)
})

t.test('the queue of a session is bounded', async t => {
  const { machine, make } = await worldOf(t, 1, { queueMax: 2 })
  const session = make()
  const steps = Array.from({ length: 4 }, () => stepOnce(machine, session, batchOf(100, 0)))
  const outcomes = await Promise.allSettled(steps)
  t.same(outcomes.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  t.match(outcomes[3], { reason: { code: 'SESSION_QUEUE_FULL' } })
  t.equal(session.seq, 3)
})

t.test('compiled steps are bounded', async t => {
  const { machine, make, sessions } = await worldOf(t, 1, { programsMax: 1 })
  const session = make()
  await stepOnce(machine, session, batchOf(5, 0))
  await stepOnce(machine, session, { ...batchOf(5, 0), return: ['outputs'] })
  await stepOnce(machine, session, batchOf(5, 0))
  t.equal(sessions.programs.compilations, 3)
})
