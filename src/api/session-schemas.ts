// The schemas of the session routes: what OpenAPI and the page at /docs show. Their examples run.

import { type TSchema, Type } from 'typebox'
import type { ErrorCode } from '../errors.ts'
import { layers } from '../layers/index.ts'
import { optimizers } from '../optimizers/index.ts'
import {
  binaryErrors, bodyErrors, computeErrors, numberSchema, problemReplies, ref, tensorBody,
  tensorReply, warningSchema
} from './schemas.ts'

const model = Type.Object({
  type: Type.Enum(['Sequential']),
  layers: Type.Array(Type.Object({ type: Type.Enum(layers.map(({ type }) => type)) }, {
    description: 'PyTorch’s constructor arguments stand beside type'
  }), { minItems: 1 })
}, { description: 'Layers one after the other' })

const loss = Type.Object({
  type: Type.String({ description: 'The class in torch.nn, or the loss’s name' })
}, {
  description: 'Its options, and tensors such as weight, stand beside type'
})

const optimizer = Type.Object({ type: Type.Enum(optimizers.map(({ type }) => type)) }, {
  description: optimizers.map(({ type, summary }) => `${type}: ${summary}`).join('. ')
})

const settings = {
  datatype: Type.Enum(['FP32', 'FP64'], { default: 'FP32' }),
  durability: Type.Enum(['memory'], { default: 'memory', description: 'Where the state is kept' }),
  non_finite: Type.Enum(['error', 'skip', 'allow'], {
    default: 'error', description: 'What becomes of a step whose loss or gradient is not finite'
  }),
  metadata: Type.Unknown({ description: 'Any object of yours, kept as it is' })
}

const example = {
  model: {
    type: 'Sequential',
    layers: [
      { type: 'Linear', in_features: 2, out_features: 8 }, { type: 'Tanh' },
      { type: 'Linear', in_features: 8, out_features: 3 }
    ]
  },
  loss: { type: 'CrossEntropyLoss', label_smoothing: 0.1 },
  optimizer: { type: 'SGD', lr: 0.1, momentum: 0.9 },
  seed: 0
}

const session = Type.Object({
  id: Type.String(),
  status: Type.Enum(['active']),
  seq: Type.Integer({ description: 'Rises with every change; it is the ETag' }),
  step: Type.Integer({ description: 'Steps of the optimizer' }),
  created_at: Type.String(),
  expires_at: Type.String({ description: 'Any operation moves it' }),
  ...settings,
  model,
  loss,
  optimizer,
  parameters: Type.Array(Type.Object({
    name: Type.String(), shape: Type.Array(Type.Integer()), datatype: Type.String()
  })),
  parameter_count: Type.Integer(),
  digest: Type.String({ description: 'SHA-256 over parameters, optimizer state and step' }),
  cursor: Type.Null(),
  last_checkpoint: Type.Null()
}, { description: 'All defaults are filled in' })

const change = Type.Object({ seq: Type.Integer(), step: Type.Integer() })

const gone: readonly ErrorCode[] = [
  'SESSION_UNKNOWN', 'SESSION_EXPIRED', 'BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING'
]
const turns: readonly ErrorCode[] = [
  'PRECONDITION_FAILED', 'SESSION_QUEUE_FULL', 'BAD_HEADER', 'BAD_QUERY', 'DEADLINE_EXCEEDED',
  'CANCELLED'
]

const id = Type.Object({ id: Type.String({ description: 'The session' }) })
const ifMatch = Type.Object({
  'if-match': Type.Optional(Type.String({
    description: 'The ETag that the session must still have'
  }))
})
const etag = { ETag: { type: 'string', description: 'The seq in quotes' } }

/** A reply with the session's ETag. */
function tagged (schema: TSchema, headers: Record<string, unknown> = {}): TSchema {
  return { ...schema, headers: { ...etag, ...headers } } as TSchema
}

const sessions = { tags: ['Sessions'] }

const stepWishes = {
  lr: Type.Optional(Type.Number({ minimum: 0, description: 'For this step alone' })),
  return: Type.Optional(Type.Array(Type.Enum(['outputs', 'gradients', 'grad_input'])))
}

export const sessionSchemas = {
  create: {
    ...sessions,
    operationId: 'createSession',
    summary: 'A model, a loss and an optimizer that train here',
    description: 'Parameters start as PyTorch’s do, uniform between ±1/√in_features, by the seed.',
    body: Type.Object({
      model, loss, optimizer,
      datatype: Type.Optional(settings.datatype),
      seed: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
      ttl_seconds: Type.Optional(Type.Number({ minimum: 1, default: 3600 })),
      durability: Type.Optional(settings.durability),
      non_finite: Type.Optional(settings.non_finite),
      metadata: Type.Optional(settings.metadata)
    }, { additionalProperties: false, examples: [example] }),
    response: {
      201: tagged(session, { Location: { type: 'string', description: 'The session' } }),
      ...problemReplies(...bodyErrors, 'MODEL_INVALID', 'OPTION_UNKNOWN', 'OPTION_INVALID',
        'TENSOR_INVALID', 'SESSION_TOO_LARGE', 'SESSIONS_TOO_MANY', 'HEAP_FULL')
    }
  },
  list: {
    ...sessions,
    operationId: 'listSessions',
    summary: 'All sessions, a page at a time',
    querystring: Type.Object({
      status: Type.Optional(Type.Enum(['active'])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
      after: Type.Optional(Type.String({ description: 'next of the page before' }))
    }),
    response: {
      200: Type.Object({
        data: Type.Array(Type.Unknown()),
        next: Type.Union([Type.String(), Type.Null()])
      }),
      ...problemReplies('BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING')
    }
  },
  get: {
    ...sessions,
    operationId: 'getSession',
    summary: 'One session',
    params: id,
    response: { 200: tagged(session), ...problemReplies(...gone) }
  },
  end: {
    ...sessions,
    operationId: 'deleteSession',
    summary: 'End a session',
    description: 'It takes its turn behind the operations that wait, and gives all memory back.',
    params: id,
    headers: ifMatch,
    response: { 204: Type.Null({ description: 'Gone' }), ...problemReplies(...gone, ...turns) }
  },
  step: {
    ...sessions,
    operationId: 'stepSession',
    summary: 'One training step',
    description: 'Forward, loss, backward, optimizer. The other arguments of the loss stand ' +
      'beside input. What fails changes nothing.',
    params: id,
    headers: ifMatch,
    querystring: Type.Object(stepWishes),
    body: tensorBody(Type.Object({
      input: ref('Tensor'),
      target: Type.Optional(ref('Tensor')),
      ...stepWishes
    }, { examples: [{ input: [[0.5, -1], [1, 2]], target: [0, 2], return: ['outputs'] }] })),
    response: {
      200: tagged(tensorReply(Type.Object({
        seq: Type.Integer(),
        step: Type.Integer(),
        loss: numberSchema,
        examples: Type.Integer(),
        grad_norm: numberSchema,
        lr: Type.Number(),
        durable: Type.Boolean(),
        skipped: Type.Optional(Type.Boolean({ description: 'Not finite, and left out' })),
        warnings: Type.Optional(Type.Array(warningSchema)),
        outputs: Type.Optional(ref('Tensor')),
        gradients: Type.Optional(Type.Record(Type.String(), ref('Tensor'))),
        grad_input: Type.Optional(ref('Tensor'))
      }), 'What the step came to')),
      ...problemReplies(...gone, ...turns, ...bodyErrors, ...binaryErrors, ...computeErrors,
        'ARGUMENT_MISSING', 'TARGET_RANGE', 'VALUE_RANGE', 'VALUE_REFUSED', 'OPTION_INVALID',
        'NON_FINITE')
    }
  },
  parameters: {
    ...sessions,
    operationId: 'getParameters',
    summary: 'All parameters, by their state_dict names',
    params: id,
    response: {
      200: tagged(tensorReply(
        Type.Record(Type.String(), ref('TypedTensor')), 'Tensors by their names')),
      ...problemReplies(...gone)
    }
  },
  parameter: {
    ...sessions,
    operationId: 'getParameter',
    summary: 'One parameter',
    params: Type.Object({
      id: Type.String(),
      name: Type.String({ description: 'As in a state_dict: 0.weight' })
    }),
    response: {
      200: tagged(tensorReply(
        Type.Record(Type.String(), ref('TypedTensor')), 'Tensors by their names')),
      ...problemReplies(...gone, 'PARAMETER_UNKNOWN')
    }
  },
  replace: {
    ...sessions,
    operationId: 'putParameters',
    summary: 'Replace all parameters',
    description: 'Names and shapes must be the model’s. The state of the optimizer stays.',
    params: id,
    headers: ifMatch,
    body: tensorBody(Type.Record(Type.String(), ref('Tensor'))),
    response: {
      200: tagged(change),
      ...problemReplies(...gone, ...turns, ...bodyErrors, ...binaryErrors, 'ARGUMENT_MISSING',
        'SHAPE_MISMATCH', 'TENSOR_INVALID', 'DATATYPE_MISMATCH', 'HEAP_FULL')
    }
  }
} as const
