// What an attacker tries: bodies broken at random, requests broken on the wire, indices that wrap,
// bodies made to be slow. Each gets a clear 4xx or a right answer, soon, and leaves nothing behind.

import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { type App, build } from '../app.ts'

const bodies: readonly (readonly [path: string, body: string])[] = [
  ['cross-entropy', '{"input":[[1,2,3],[4,5,6]],"target":[0,2],"options":{"weight":[1,2,3],' +
    '"label_smoothing":0.1,"reduction":"sum"},"gradients":["input"],"datatype":"FP64"}'],
  ['bce', '{"input":{"datatype":"FP32","shape":[2,2],"data":[0.1,0.2,0.3,1]},' +
    '"target":{"datatype":"FP64","shape":[2,2],"data":[[0,1],[0.5,1]]},"grad_output":1.5}'],
  ['mse', '{"input":[[[1.5e-3,"NaN"],[3,-Infinity]]],"target":[1,2],' +
    '"options":{"reduction":"none"},"gradients":["target","input"]}']
]
const pieces = ['null', 'true', '[]', '{}', '[[]]', '-1', '0', '1e308', '1e-320', '1.5', '""',
  '9223372036854775808', '4294967296', '"NaN"', 'Infinity', '"FP32"', '"weight"', '[1]', ',', ':',
  '[[1],[2]]', '"none"', '"\\u0000"', '{"datatype":"INT64","shape":[0],"data":[]}']

t.test('bodies broken at random', async t => {
  const app = await build(t)
  const edit = fc.record({ place: fc.nat(60), piece: fc.constantFrom(...pieces) })
  const property = fc.asyncProperty(fc.constantFrom(...bodies),
    fc.array(edit, { minLength: 1, maxLength: 3 }), async ([loss, body], edits) => {
      const broken = edits.reduce(replaced, body)
      const { status, body: { detail } } = await app.post(`/v1/losses/${loss}`, broken)
      if (![200, 400, 422].includes(status)) throw new Error(`${status} for ${broken}`)
      if (status !== 200 && !/\w+ .*\w/.test(String(detail))) throw new Error(`says ${detail}`)
      if (app.service.heap.usedBytes > 0) throw new Error(`memory lost by ${broken}`)
    })
  await fc.assert(property, { numRuns: 1000 })
})

// A number, word or text of the body gives way to another piece.
function replaced (body: string, { place, piece }: { place: number, piece: string }): string {
  const tokens = [...body.matchAll(/-?[\d.]+(?:e-?\d+)?|"[^"]*"|\[|\]|-?Infinity/g)]
  const token = tokens[place % tokens.length]
  if (token === undefined) return piece
  return body.slice(0, token.index) + piece + body.slice(token.index + token[0].length)
}

const head = (path: string, ...lines: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: x', ...lines, '', ''].join('\r\n')
const json = 'Content-Type: application/json'
const close = 'Connection: close'
const text = '{"input":[1,2],"target":[0,1]}'
const mse = '/v1/losses/mse'
const chunked = (parts: string[]): string => head(mse, json, 'Transfer-Encoding: chunked', close) +
  parts.map(part => `${part.length.toString(16)}\r\n${part}\r\n`).join('') + '0\r\n\r\n'

const wire: readonly (readonly [says: string, bytes: string, begins: RegExp])[] = [
  ['a body in one piece', chunked([text]), /^HTTP\/1.1 200 /],
  ['a body in pieces of one byte', chunked([...text]), /^HTTP\/1.1 200 /],
  ['a body cut short', head(mse, json, 'Content-Length: 100') + text, /^HTTP\/1.1 400 /],
  ['a chunk cut short', chunked([text]).slice(0, -12), /^HTTP\/1.1 400 /],
  ['a chunk without a length', `${head(mse, json, 'Transfer-Encoding: chunked')}zz\r\n\r\n`,
    /^HTTP\/1.1 400 /],
  ['two lengths', head(mse, json, 'Content-Length: 30', 'Content-Length: 5', close) + text,
    /^HTTP\/1.1 400 /],
  ['length and chunks', head(mse, json, 'Content-Length: 30', 'Transfer-Encoding: chunked'),
    /^HTTP\/1.1 400 /],
  ['a negative length', head(mse, json, 'Content-Length: -5'), /^HTTP\/1.1 400 /],
  ['a length of 20 digits', head(mse, json, 'Content-Length: 99999999999999999999'),
    /^HTTP\/1.1 400 /],
  ['10 GB announced, none sent', head(mse, json, 'Content-Length: 10000000000', close),
    /^HTTP\/1.1 413 .*BODY_TOO_LARGE/s],
  ['10 GB announced, asking first',
    head(mse, json, 'Content-Length: 10000000000', 'Expect: 100-continue', close),
    /^HTTP\/1.1 413 /],
  ['long headers', head(mse, json, `X: ${'a'.repeat(20_000)}`), /^HTTP\/1.1 431 /],
  ['a long path', head(`/${'a'.repeat(20_000)}`, json), /^HTTP\/1.1 431 /],
  ['a method that is none', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
  ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', /^HTTP\/1.1 400 /],
  ['three requests at once', head(mse, json, 'Content-Length: 30').concat(text).repeat(2) +
    head(mse, json, 'Content-Length: 30', close) + text,
    /^HTTP\/1.1 200 .*HTTP\/1.1 200 .*HTTP\/1.1 200 /s]
]

t.test('requests broken on the wire', async t => {
  const { service } = await build(t)
  const port = Number(new URL(await service.listen('127.0.0.1', 0)).port)
  for (const [says, bytes, begins] of wire) {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1').setTimeout(10_000)
    let reply = ''
    socket.on('data', part => { reply += part })
    socket.on('timeout', () => socket.destroy())
    socket.end(bytes, 'latin1')
    await once(socket, 'close')
    t.match(reply, begins, says)
  }
  t.equal(service.heap.usedBytes, 0)
})

t.test('classes that would wrap in 32 bits', async t => {
  const { post } = await build(t)
  for (const loss of ['cross-entropy', 'nll']) {
    for (const index of ['4294967296', '-4294967296', '4294967297', '9223372036854775807']) {
      const body = `{"input":[[-1,-2,-3]],"target":[${index}]}`
      t.match(await post(`/v1/losses/${loss}`, body),
        { status: 422, body: { code: 'TARGET_RANGE' } }, `${loss} ${index}`)
    }
  }
})

const slow: readonly (readonly [says: string, body: string, status: number])[] = [
  ['100,000 fields', `{${list(100_000, n => `"k${n}":1`)}}`, 413],
  ['100,000 options', `{"options":{${list(100_000, n => `"k${n}":1`)}}}`, 413],
  ['a key of escapes', `{"${'\\u0041'.repeat(2_000_000)}":1}`, 413],
  ['a text of escapes', `{"input":"${'\\n'.repeat(7_000_000)}"}`, 413],
  ['a number in white space', `{"input":${'\n'.repeat(15_000_000)}1,"target":1}`, 413],
  ['numbers in white space', `{"input":[${' '.repeat(15_000_000)}1],"target":1}`, 200],
  ['objects behind a number', `{"input":[1,${list(1_000_000, () => '{}')}],"target":1}`, 413],
  ['a million names', `{"gradients":[${list(1_000_000, () => '"input"')}]}`, 413],
  ['a million nulls', `{"input":[${list(1_000_000, () => 'null')}],"target":1}`, 422],
  ['a million yes', `{"input":[${list(1_000_000, () => 'true')}],"target":1}`, 422],
  ['a number of 4 MB', `{"input":[0.${'1'.repeat(4_000_000)}],"target":[1]}`, 200],
  ['100,000 long numbers', `{"input":[${list(100_000, () => `0.${'123456789'.repeat(9)}`)}],` +
    '"target":1}', 200],
  ['a million empty rows', `{"input":[${list(1_000_000, () => '[]')}],"target":1}`, 200],
  ['a million words', `{"input":[${list(1_000_000, () => '"NaN"')}],"target":1}`, 200],
  ['a million objects', `{"input":[${list(1_000_000, () => '{}')}],"target":1}`, 413],
  ['a shape of a million', `{"input":{"datatype":"FP32","shape":[${list(1_000_000, () => '1')}],` +
    '"data":[1]},"target":1}', 422]
]

t.test('bodies made to be slow', async t => {
  const app = await build(t)
  for (const [says, body, status] of slow) {
    t.equal(await within(3000, app, body), status, says)
    t.equal(app.service.heap.usedBytes, 0)
  }
})

async function within (timeMs: number, { post }: App, body: string): Promise<number> {
  const startMs = performance.now()
  const { status } = await post(mse, body)
  return performance.now() - startMs < timeMs ? status : Number.NaN
}

function list (count: number, each: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => each(n)).join()
}
