// A worker thread, whole: it takes turns (turn.ts) until it is told to leave, and never returns to
// its event loop before. Programs come through a port that it reads when its mail word has risen.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Instances } from './instances.ts'
import { asleep, awake, threadField, threadWord } from './job.ts'
import { bellMessage, type Mail, type Message, upMessage, type WorkerSettings } from './message.ts'
import { pinThread, stepBack } from './scheduling.ts'
import { type Member, takeTurn } from './turn.ts'
import { AtomicWords, type Words } from './words.ts'

const { memory, thread, mail, pin, wordsModule } = workerData as WorkerSettings
const words = await createWords()
const mailWord = threadWord(thread, threadField.mail)
let mailRead = 0

const instances = new Instances({
  memory,
  thread,
  missing: drainMail,
  trapped: reason => send({ trap: String(reason) })
})

const member: Member = {
  words,
  thread,
  kernels: instances,
  readMail () { if (words.load(mailWord) !== mailRead) drainMail() },
  ring () { send(bellMessage) }
}

stepBack()
if (pin) pinThread(thread - 1)
words.store(threadWord(thread, threadField.state), awake)
send(upMessage)
while (takeTurn(member));
words.store(threadWord(thread, threadField.state), asleep)

async function createWords (): Promise<Words> {
  const shared = new Int32Array(memory.buffer)
  if (wordsModule === undefined) return new AtomicWords(shared)
  const { createWords } = await import(wordsModule) as WordsModule
  return createWords(shared, thread)
}

interface WordsModule {
  createWords (words: Int32Array, thread: number): Words
}

// The word is read first: what is sent later raises it again.
function drainMail (): void {
  mailRead = words.load(mailWord)
  for (;;) {
    const received = receiveMessageOnPort(mail)
    if (received === undefined) return
    const { program, module } = received.message as Mail
    if (module === undefined) instances.forget(program)
    else instances.add(program, module)
  }
}

function send (message: Message): void { parentPort?.postMessage(message) }
