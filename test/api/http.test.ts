// HTTP itself: unknown paths and methods, media types, encodings, sizes, headers, and the routes of
// the service, before it is ready and after.

import t from 'tap'
import { build, buildIdle } from '../app.ts'
import { good } from './bad-requests.ts'

// A busy machine takes its time.
t.setTimeout(120_000)
const json = { 'content-type': 'application/json' }
const text = JSON.stringify(good)

t.test('unknown paths and losses are 404 with what is nearest', async t => {
  const { get, post, send } = await build(t)
  t.match(await post('/v1/losses/mes', good),
    { status: 404, body: { code: 'LOSS_UNKNOWN', detail: /no loss mes; nearest: mse/ } })
  t.match((await get('/v1/losses/crossentropy')).body['detail'], /nearest: cross-entropy/)
  t.match((await get('/v1/losses/CrossEntropyLos')).body['detail'], /CrossEntropyLoss/)
  t.match((await get('/v1/losses/xyzzyxyzzy')).body['detail'], /GET \/v1\/losses lists them all/)
  t.match(await send('DELETE', '/v1/losses/nothing'), { status: 404 })
  t.match(await get('/v1/loses'),
    { status: 404, body: { code: 'ROUTE_UNKNOWN', detail: /nearest: \/v1\/losses/ } })
  t.match(await post('/v1/anything', 'not JSON', { 'content-type': 'text/plain' }), { status: 404 })
  t.match(await get('/v1/losses/%2e%2e%2fmse'), { status: 404 })
  t.match(await get('/v1/losses/%zz'), { status: 400, body: { code: 'BAD_REQUEST' } })
})

t.test('another method on a known path is 405 with Allow', async t => {
  const { send } = await build(t)
  t.match(await send('OPTIONS', '/v1/losses/mse'),
    { status: 204, text: '', headers: { allow: 'GET, HEAD, POST' } }, 'or told so')
  t.match(await send('OPTIONS', '/v1/nothing'), { status: 404 })
  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    t.match(await send(method, '/v1/losses/mse'), {
      status: 405,
      headers: { allow: 'GET, HEAD, POST' },
      body: {
        code: 'METHOD_NOT_ALLOWED',
        detail: `/v1/losses/mse answers GET, HEAD, POST, not ${method}`
      }
    })
  }
  t.match(await send('POST', '/health/live', json, '{}'),
    { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await send('PUT', '/v1/sessions/abc?x=1'),
    { status: 405, headers: { allow: /DELETE, GET/ } })
  t.match(await send('HEAD', '/v1/losses'), { status: 200, text: '' })
})

t.test('a body must be JSON by its header', async t => {
  const { send } = await build(t)
  const path = '/v1/losses/mse'
  const as = (type?: string) =>
    send('POST', path, type === undefined ? {} : { 'content-type': type }, text)
  const right = ['application/json', 'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"', 'application/json;', 'application/json; profile=x']
  for (const type of right) t.equal((await as(type)).status, 200, type)
  const wrong = ['text/plain', 'application/x-www-form-urlencoded', 'json', '',
    'application/json; charset=utf-16', 'application/json; charset=latin1',
    'application/octet-stream', 'multipart/form-data; boundary=x']
  for (const type of wrong) {
    t.match(await as(type), { status: 415, body: { code: 'MEDIA_TYPE_UNSUPPORTED' } }, type)
  }
  t.match(await as(), { status: 415, body: { detail: /got none/ } })
  t.match(await send('POST', path), { status: 400, body: { code: 'BAD_JSON' } })
  for (const encoding of ['gzip', 'br', 'GZIP', 'deflate, gzip']) {
    t.match(await send('POST', path, { ...json, 'content-encoding': encoding }, text), {
      status: 415,
      headers: { 'accept-encoding': 'identity' },
      body: { code: 'CONTENT_ENCODING_UNSUPPORTED' }
    })
  }
  const identity = { ...json, 'content-encoding': 'identity' }
  t.match(await send('POST', path, identity, text), { status: 200 })
})

t.test('a reply is JSON, or 406', async t => {
  const { send } = await build(t)
  const accepting = (accept: string) => send('POST', '/v1/losses/mse', { ...json, accept }, text)
  const right = ['', '*/*', 'application/json', 'application/*', 'text/html, */*;q=0.1',
    'text/html,application/json;q=0.9', 'APPLICATION/JSON']
  for (const accept of right) t.equal((await accepting(accept)).status, 200, accept)
  const wrong = ['text/html', 'application/xml', 'application/json;q=0', '*/*;q=0',
    'application/octet-stream']
  for (const accept of wrong) {
    t.match(await accepting(accept), { status: 406, body: { code: 'NOT_ACCEPTABLE' } }, accept)
  }
})

t.test('a query that a route does not know is 400', async t => {
  const { send, post, get } = await build(t)
  const wanted = (name: string) => ({
    status: 400,
    body: { code: 'BAD_QUERY', detail: `Query parameter ${name} must be left out here; got 1` }
  })
  t.match(await post('/v1/losses/mse?a=1', good), { status: 400, body: { code: 'BAD_QUERY' } })
  t.match(await post('/v1/losses/mse?reduction=sum', good), { status: 200 })
  t.match(await get('/v1/losses?a=1'), wanted('a'))
  t.match(await post('/v1/sessions?seed=1', {}), wanted('seed'))
  t.match(await send('DELETE', '/v1/sessions/x?force=1'), wanted('force'))
  t.match(await get('/v1/sessions?limit=1&limit=2'),
    { status: 400, body: { detail: /limit must be one of status, limit, after, each once/ } })
  t.match(await get('/v1/sessions?limit=1'), { status: 200 })
})

t.test('long names are cut where a sentence or a pointer shows them', async t => {
  const { post, get } = await build(t)
  const long = 'k'.repeat(5000)
  const replies = [
    await post('/v1/losses/mse', { ...good, [long]: 1 }),
    await post('/v1/losses/mse', { ...good, options: { [long]: 1 } }),
    await post('/v1/losses/mse', { ...good, options: { reduction: long } }),
    await post('/v1/losses/mse', { ...good, gradients: [long] }),
    await post('/v1/losses/mse', { ...good, datatype: long }),
    await post('/v1/losses/mse', { ...good, input: { [long]: 1 } }),
    await post('/v1/losses/mse', `{"${long}":1,"${long}":1}`),
    await post('/v1/losses/mse', good, { 'request-timeout-ms': long }),
    await post('/v1/losses/mse', good, { accept: long }),
    await post('/v1/losses/mse', good, { 'content-type': long }),
    await post('/v1/sessions', { [long]: 1 }),
    await get(`/v1/sessions?limit=${long}`),
    await get(`/v1/sessions/${long.slice(0, 500)}`),
    await get(`/v1/sessions/${long}`),
    await get(`/v1/losses/${long}`),
    await get(`/${long}`)
  ]
  for (const { status, text } of replies) t.ok(status >= 400 && text.length < 1000, text)
})

t.test('a body too large is 413 with limit and actual size', async t => {
  const { post, service } = await build(t, { BODY_BYTES_MAX: '2048' })
  const large = JSON.stringify({ input: new Array(2000).fill(1), target: new Array(2000).fill(1) })
  t.match(await post('/v1/losses/mse', large), {
    status: 413,
    body: {
      code: 'BODY_TOO_LARGE',
      detail: `The body has ${large.length} bytes; the limit is 2048 bytes`
    }
  })
  t.equal((await post('/v1/losses/mse', good)).status, 200)
  t.equal(service.heap.usedBytes, 0)
})

t.test('more tensors than the limit, results beyond it, and a heap too small', async t => {
  const { post } = await build(t, { TENSORS_MAX: '1', MEMORY_MB: '16' })
  t.match(await post('/v1/losses/mse', good), { status: 422, body: { code: 'TENSORS_TOO_MANY' } })
  const wide = await build(t, { MEMORY_MB: '16', RESULT_ELEMENTS_MAX: '1000000' })
  const row = new Array(2000).fill(1)
  const column = row.map(value => [value])
  const each = { reduction: 'none' }
  t.match(await wide.post('/v1/losses/mse', { input: row, target: column, options: each }),
    { status: 413, body: { code: 'RESULT_TOO_LARGE' } })
  const many = new Array(1_500_000).fill(1)
  t.match(await wide.post('/v1/losses/mse', { input: many, target: many, datatype: 'FP64' }), {
    status: 503,
    headers: { 'retry-after': /^[1-3]$/ },
    body: { code: 'HEAP_FULL', retryable: true }
  })
  t.equal(wide.service.heap.usedBytes, 0)
})

t.test('the deadline is lowered by a header', async t => {
  const { post } = await build(t, { INLINE_BUDGET_US: '0' })
  for (const wrong of ['0', '-1', '1.5', 'soon', '', '1e3']) {
    t.match(await post('/v1/losses/mse', good, { 'request-timeout-ms': wrong }),
      { status: 400, body: { code: 'BAD_HEADER' } }, wrong)
  }
  t.match(await post('/v1/losses/mse', good, { 'request-timeout-ms': '1000' }), { status: 200 })
  // 10^10 pairs take longer than a millisecond.
  const row = new Array(100_000).fill(1)
  const late = await post('/v1/losses/mse', { input: row, target: row.map(value => [value]) },
    { 'request-timeout-ms': '1' })
  t.match(late, {
    status: 504,
    headers: { 'retry-after': /^[1-3]$/ },
    body: { code: 'DEADLINE_EXCEEDED', retryable: true }
  })
})

t.test('before it is ready only health answers', async t => {
  const { get, post, service } = await buildIdle(t)
  t.match(await get('/health/live'), { status: 200, body: { status: 'live' } })
  t.match(await get('/health/ready'),
    { status: 503, headers: { 'retry-after': /^[1-3]$/ }, body: { code: 'STARTING' } })
  for (const path of ['/v1/losses', '/metrics', '/docs', '/openapi.json', '/nothing']) {
    t.match(await get(path), { status: 503, body: { code: 'STARTING', retryable: true } }, path)
  }
  t.match(await post('/v1/losses/mse', good), { status: 503 })
  await service.start()
  t.match(await get('/health/ready'), { status: 200, body: { status: 'ready', threads: 1 } })
  t.match(await post('/v1/losses/mse', good), { status: 200 })
  service.lifecycle.state = 'failed'
  t.match(await get('/health/ready'), { status: 503, body: { code: 'SELF_TEST_FAILED' } })
  t.match(await get('/health/live'), { status: 200 })
  service.lifecycle.state = 'draining'
  t.match(await get('/health/ready'), { status: 503, body: { code: 'DRAINING' } })
  t.match(await post('/v1/losses/mse', good), { status: 200, headers: { connection: 'close' } })
})

t.test('requests are counted by route, whatever paths are tried', async t => {
  const { get, post } = await build(t)
  await post('/v1/losses/mse', good)
  for (let index = 0; index < 50; index++) await get(`/random/${index}`)
  const metrics = await get('/metrics')
  t.match(metrics.headers['content-type'], /^text\/plain/)
  t.match(metrics.text, /_count\{method="POST",route="\/v1\/losses\/mse",status="200"\} 1/)
  t.match(metrics.text, /_count\{method="_OTHER",route="_OTHER",status="404"\} 50/)
  const names = ['heap_used_bytes', 'queue_depth', 'worker_restarts_total',
    'nodejs_eventloop_lag_seconds', 'session_count']
  for (const name of names) {
    t.match(metrics.text, new RegExp(`^${name} `, 'm'))
  }
})

const errors = [
  ['GET', '/v1/nothing', 404], ['PUT', '/v1/losses/mse', 405], ['OPTIONS', '/v1/nothing', 404],
  ['POST', '/v1/losses/mse', 400]
] as const

t.test('pages of other origins are let in where the setting names them', async t => {
  const origin = 'https://a.example'
  const preflight = {
    origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'if-match'
  }
  const off = await build(t)
  const refused = await off.send('OPTIONS', '/v1/losses/mse', preflight)
  t.equal(refused.headers['access-control-allow-origin'], undefined)
  const some = await build(t, { CORS_ORIGINS: 'https://b.example, https://a.example' })
  t.match(await some.send('OPTIONS', '/v1/losses/mse', preflight), {
    status: 204,
    headers: {
      'access-control-allow-origin': origin, 'access-control-allow-methods': /POST/,
      'access-control-allow-headers': 'if-match', vary: /Origin/
    }
  })
  const reply = await some.post('/v1/losses/mse', good, { origin })
  t.match(reply.headers, {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': /Inference-Header-Content-Length/,
    vary: /Origin/
  })
  t.match(reply.headers['vary'], /Accept/)
  const other = await some.post('/v1/losses/mse', good, { origin: 'https://c.example' })
  t.equal(other.headers['access-control-allow-origin'], undefined)
  // Errors can be read as well, and what asks for methods is no preflight.
  const headers = { 'access-control-allow-origin': origin, vary: /Origin/ }
  for (const [method, path, status] of errors) {
    t.match(await some.send(method, path, { origin }), { status, headers })
    t.match(await some.send(method, path), { status, body: { status } })
  }
  t.match(await some.send('OPTIONS', '/v1/losses/mse', { origin }),
    { status: 204, headers: { ...headers, allow: 'GET, HEAD, POST' } })
  const early = await buildIdle(t, { CORS_ORIGINS: origin })
  t.match(await early.send('OPTIONS', '/v1/losses/mse', preflight), { status: 204, headers })
  t.match(await early.post('/v1/losses/mse', good, { origin }), { status: 503, headers })
  const all = await build(t, { CORS_ORIGINS: '*' })
  const anyone = await all.post('/v1/losses/mse', good, { origin })
  t.equal(anyone.headers['access-control-allow-origin'], '*')
})
