// The order of a session's operations.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { Mailbox } from '../../src/sessions/mailbox.ts'

const coded = (code: string) => ({ code, name: 'LossdError' })

/** An operation that ends when it is told to. */
function gate (): { run: () => Promise<void>, open: () => void } {
  let open = (): void => {}
  const promise = new Promise<void>(resolve => { open = resolve })
  return { run: () => promise, open }
}

t.test('operations run one at a time, in the order of their arrival', async t => {
  const mailbox = new Mailbox(100)
  const log: string[] = []
  const slow = async (name: string, ms: number): Promise<string> => {
    log.push(`${name} begins`)
    await new Promise(resolve => setTimeout(resolve, ms))
    log.push(`${name} ends`)
    return name
  }
  const operations = [() => slow('a', 5), () => slow('b', 1), () => 'c', () => slow('d', 1)]
  const results = await Promise.all(operations.map(each => mailbox.post<string>(each)))
  t.same(results, ['a', 'b', 'c', 'd'])
  t.same(log, ['a begins', 'a ends', 'b begins', 'b ends', 'd begins', 'd ends'])
  t.ok(mailbox.idle)
})

t.test('an operation that fails does not hold up the next', async t => {
  const mailbox = new Mailbox(100)
  const failing = mailbox.post(async () => { throw new LossdError('WORKER_LOST') })
  const throwing = mailbox.post(() => { throw new LossdError('NON_FINITE') })
  const after = mailbox.post(() => 1)
  await t.rejects(failing, coded('WORKER_LOST'))
  await t.rejects(throwing, coded('NON_FINITE'))
  t.equal(await after, 1)
})

t.test('a full queue answers at once', async t => {
  const mailbox = new Mailbox(2)
  const { run, open } = gate()
  const first = mailbox.post(run)
  const waiting = [mailbox.post(() => 1), mailbox.post(() => 2)]
  await t.rejects(mailbox.post(() => 3), coded('SESSION_QUEUE_FULL'))
  t.equal(mailbox.waiting, 2)
  open()
  await first
  t.same(await Promise.all(waiting), [1, 2])
})

t.test('what is given up before its turn never runs', async t => {
  const mailbox = new Mailbox(10)
  const { run, open } = gate()
  const first = mailbox.post(run)
  let ran = 0
  const controller = new AbortController()
  const cancelled = mailbox.post(() => { ran++ }, { signal: controller.signal })
  const late = mailbox.post(() => { ran++ }, { deadlineMs: 5 })
  const last = mailbox.post(() => 'last', { deadlineMs: 60_000 })
  controller.abort()
  await t.rejects(cancelled, coded('CANCELLED'))
  await t.rejects(late, coded('DEADLINE_EXCEEDED'))
  t.equal(mailbox.waiting, 1)
  open()
  await first
  t.equal(await last, 'last')
  t.equal(ran, 0)
})
