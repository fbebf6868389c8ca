// Softmax regression on iris, trained by this client itself: it keeps weight and bias, computes the
// logits, and asks the service only for the loss and its gradient. The chain rule does the rest.
// Usage: node examples/iris.mjs [http://127.0.0.1:8080]

import { readFileSync } from 'node:fs'

const service = process.argv[2] ?? 'http://127.0.0.1:8080'
const learningRate = 0.1
const steps = 500

// What PyTorch 2.15 reaches on the same split from the same zeros in as many steps (float32).
const pytorch = { loss: 0.1752135, correct: 29, of: 30 }

const species = ['setosa', 'versicolor', 'virginica']
const lines = readFileSync(new URL('iris.csv', import.meta.url), 'utf8').trim().split('\n').slice(1)
const flowers = lines.map(line => {
  const cells = line.split(',')
  return { features: cells.slice(0, 4).map(Number), label: species.indexOf(cells[4]) }
})
const test = flowers.filter((_, index) => index % 5 === 0)
const train = flowers.filter((_, index) => index % 5 !== 0)

const weight = species.map(() => [0, 0, 0, 0])
const bias = species.map(() => 0)
let loss = 0

for (let step = 1; step <= steps; step++) {
  const reply = await post('/v1/losses/cross-entropy', {
    input: train.map(({ features }) => logits(features)),
    target: train.map(({ label }) => label)
  })
  loss = reply.loss
  update(reply.gradients.input)
  if (step === 1 || step % 100 === 0) console.log(`step ${step}, loss ${loss}`)
}

const correct = test.filter(({ features, label }) => best(logits(features)) === label).length
console.log(`${correct} of ${test.length} test flowers are right (PyTorch: ${pytorch.correct})`)
if (correct !== pytorch.correct || Math.abs(loss - pytorch.loss) > 1e-5) {
  console.error(`PyTorch reaches loss ${pytorch.loss} and ${pytorch.correct} of ${pytorch.of}`)
  process.exitCode = 1
}

/** One number for each species: weight · features + bias. */
function logits (features) {
  return weight.map((row, k) => row.reduce((sum, w, j) => sum + w * features[j], bias[k]))
}

/** From the gradient by the logits to those by weight and bias, and one step down the slope. */
function update (gradient) {
  gradient.forEach((slopes, n) => {
    slopes.forEach((slope, k) => {
      bias[k] -= learningRate * slope
      train[n].features.forEach((feature, j) => {
        weight[k][j] -= learningRate * slope * feature
      })
    })
  })
}

function best (values) {
  return values.indexOf(Math.max(...values))
}

async function post (path, body) {
  const reply = await fetch(service + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  const answer = await reply.json()
  if (!reply.ok) throw new Error(`${path}: ${answer.detail}`)
  return answer
}
