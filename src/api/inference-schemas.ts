// The schemas of the Open Inference Protocol's routes.

import { type TSchema, Type } from 'typebox'
import type { ErrorCode } from '../errors.ts'
import { mediaTypes } from './formats.ts'
import {
  binaryErrors, bodyErrors, compileErrors, computeErrors, contentOf, problemReplies
} from './schemas.ts'

const parameters = Type.Record(Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean()]))

const tensor = {
  name: Type.String({ minLength: 1, maxLength: 64 }),
  shape: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 8, description: '[] is a scalar' }),
  data: Type.Optional(Type.Array(Type.Unknown(), {
    description: 'Row-major, flat or nested; left out of a binary tensor'
  }))
}

const request = Type.Object({
  id: Type.Optional(Type.String()),
  parameters: Type.Optional({
    ...parameters, description: 'The options of the loss; datatype, strict; binary_data_output'
  }),
  inputs: Type.Array(Type.Object({
    ...tensor,
    datatype: Type.Enum(['FP32', 'FP64', 'INT64', 'INT32', 'UINT8', 'BOOL', 'FP16', 'BF16']),
    parameters: Type.Optional(Type.Object({
      binary_data_size: Type.Optional(Type.Integer({ minimum: 0 }))
    }))
  }, { additionalProperties: false }), { minItems: 1 }),
  outputs: Type.Optional(Type.Array(Type.Object({
    name: Type.String({ description: 'loss, grad_input, hessian_input …' }),
    parameters: Type.Optional(Type.Object({ binary_data: Type.Optional(Type.Boolean()) }))
  })))
}, {
  additionalProperties: false,
  examples: [{
    inputs: [
      { name: 'input', datatype: 'FP32', shape: [3, 1], data: [1, 2.5, 0] },
      { name: 'target', datatype: 'FP32', shape: [3, 1], data: [1.2, 2.2, 0.5] }
    ],
    parameters: { reduction: 'sum' }
  }]
})

const reply = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  parameters: Type.Optional(parameters),
  outputs: Type.Array(Type.Object({
    ...tensor, datatype: Type.Enum(['FP32', 'FP64']), parameters: Type.Optional(parameters)
  }))
})

const place = Type.Object({
  name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer())
})

const params = Type.Object({ model: Type.String({ description: 'A loss, or a formula’s name' }) })

const tags = ['Open Inference']
const readErrors = ['BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING'] as const

/** The protocol has 400 for what is 422 elsewhere. */
function inferenceReplies (...codes: readonly ErrorCode[]): Record<number, TSchema> {
  const { 422: _, ...replies } = problemReplies(...codes)
  return replies
}

export const inferenceSchemas = {
  server: {
    operationId: 'getServer',
    tags,
    summary: 'The server’s name, version and extensions',
    response: {
      200: Type.Object({
        name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String())
      }),
      ...problemReplies(...readErrors)
    }
  },
  live: {
    operationId: 'getServerLive',
    tags,
    summary: 'Is the server alive',
    response: { 200: Type.Object({ live: Type.Boolean() }), ...problemReplies(...readErrors) }
  },
  ready: {
    operationId: 'getServerReady',
    tags,
    summary: 'Is the server ready',
    response: {
      200: Type.Object({ ready: Type.Boolean() }),
      ...problemReplies(...readErrors, 'SELF_TEST_FAILED')
    }
  },
  model: {
    operationId: 'getModel',
    tags,
    summary: 'A loss as a model: its inputs and outputs',
    params,
    response: {
      200: Type.Object({
        name: Type.String(),
        versions: Type.Array(Type.String()),
        platform: Type.String(),
        inputs: Type.Array(place),
        outputs: Type.Array(place)
      }, { description: 'In shapes -1 is any length' }),
      ...inferenceReplies(...readErrors, 'LOSS_UNKNOWN', 'BAD_REQUEST')
    }
  },
  modelReady: {
    operationId: 'getModelReady',
    tags,
    summary: 'Is a loss ready',
    params,
    response: {
      200: Type.Object({ name: Type.String(), ready: Type.Boolean() }),
      ...inferenceReplies(...readErrors, 'LOSS_UNKNOWN')
    }
  },
  infer: {
    operationId: 'infer',
    tags,
    summary: 'A loss and its gradients',
    description: 'Inputs are named as the arguments, outputs `loss`, `grad_input` …; options ' +
      'stand in `parameters`. Binary tensors follow the JSON header, whose length then is the ' +
      'header `Inference-Header-Content-Length`. What is 422 elsewhere is 400 here.',
    params,
    headers: Type.Object({
      'inference-header-content-length': Type.Optional(Type.Integer({ minimum: 1 }))
    }),
    body: { content: contentOf(request, mediaTypes.inference) } as unknown as TSchema,
    response: {
      200: {
        description: 'The outputs',
        headers: {
          'Inference-Header-Content-Length': {
            type: 'integer', description: 'Bytes of the JSON header of a binary reply'
          }
        },
        content: contentOf(reply, mediaTypes.inference)
      } as unknown as TSchema,
      ...inferenceReplies(...bodyErrors, ...binaryErrors, ...computeErrors, ...compileErrors,
        'LOSS_UNKNOWN')
    }
  }
} as const
