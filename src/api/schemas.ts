// The schemas that routes share: tensors, errors. They document; codec and the routes check.

import { type TSchema, Type } from 'typebox'
import { type ErrorCode, type ErrorRow, errorRows } from '../errors.ts'
import { mediaTypes } from './formats.ts'

const number = Type.Union([
  Type.Number(),
  Type.Enum(['NaN', 'Infinity', '-Infinity'])
], { description: 'A number; not finite ones are strings' })

const datatypes = ['FP32', 'FP64', 'INT64', 'INT32', 'UINT8', 'BOOL']

/** Schemas with names of their own in OpenAPI. */
export const components = {
  Tensor: Type.Union([
    number,
    Type.Array(Type.Unknown(), { description: 'Nested arrays of numbers, row-major' }),
    Type.Ref('TypedTensor')
  ], {
    $id: 'Tensor',
    title: 'Tensor',
    description: 'A number, nested arrays of numbers, or a typed tensor; at most 8 axes.',
    examples: [[[1], [2.5], [0]]]
  }),
  TypedTensor: Type.Object({
    datatype: Type.Enum(datatypes),
    shape: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 8, description: '[] is a scalar' }),
    data: Type.Unknown({ description: 'Row-major, flat or nested' })
  }, {
    $id: 'TypedTensor',
    title: 'TypedTensor',
    additionalProperties: false,
    description: 'The tensor of the Open Inference Protocol.',
    examples: [{ datatype: 'FP32', shape: [3, 1], data: [1, 2.5, 0] }]
  }),
  Problem: Type.Object({
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was expected, what came, where' }),
    instance: Type.String(),
    code: Type.Enum(Object.keys(errorRows)),
    errors: Type.Array(Type.Object({
      pointer: Type.String({ description: 'JSON pointer into the body' }),
      detail: Type.String(),
      position: Type.Optional(Type.Integer({ description: 'Character in the text named' }))
    })),
    retryable: Type.Boolean({ description: 'The same request may succeed later' }),
    error: Type.String({ description: 'The detail again' })
  }, {
    $id: 'Problem',
    title: 'Problem',
    description: 'An error (RFC 9457). Those marked ↻ may succeed when sent again.' +
      `\n\n| status | code | meaning |\n|---|---|---|\n${errorLines().join('\n')}`
  })
} as const satisfies Readonly<Record<string, TSchema>>

function errorLines (): string[] {
  return Object.entries<ErrorRow>(errorRows).map(([code, { status, sentence, retryable }]) =>
    `| ${status} | \`${code}\`${retryable ? ' ↻' : ''} | ${sentence} |`)
}

export function ref (name: keyof typeof components): TSchema {
  return Type.Ref(name)
}

/** A body of JSON with this schema, or of safetensors. */
export function tensorBody (schema: TSchema): TSchema {
  // Fastify's way to give a body several media types; a binary one has no schema.
  return { content: contentOf(schema, [...mediaTypes.safetensors]) } as unknown as TSchema
}

/** A reply of JSON with this schema, or of safetensors. */
export function tensorReply (schema: TSchema, description: string): TSchema {
  const [safetensors = ''] = mediaTypes.safetensors
  return { description, content: contentOf(schema, [safetensors]) } as unknown as TSchema
}

/** Content types with their schemas: JSON's, and none for the others. */
export function contentOf (schema: TSchema, others: readonly string[]): Record<string, object> {
  const binary = others.map(type => [type, { schema: {} }] as const)
  return { 'application/json': { schema }, ...Object.fromEntries(binary) }
}

/** A number, or one that is not finite, as a string. */
export const numberSchema: TSchema = number

/** One of PyTorch's silent surprises, said aloud. */
export const warningSchema = Type.Object({ code: Type.String(), message: Type.String() })

/** What every route may answer besides what is its own. */
const everywhere: readonly ErrorCode[] = ['BAD_REQUEST', 'REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE',
  'METHOD_NOT_ALLOWED', 'INTERNAL']

/** What every route that reads a JSON body may answer. */
export const bodyErrors: readonly ErrorCode[] = ['BAD_JSON', 'BAD_HEADER', 'BAD_QUERY',
  'NOT_ACCEPTABLE', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'CONTENT_ENCODING_UNSUPPORTED',
  'BODY_INVALID', 'FIELD_UNKNOWN', 'FIELD_INVALID', 'STARTING', 'DRAINING']

/** What every route may answer that has something compiled or printed apart. */
export const compileErrors: readonly ErrorCode[] = ['COMPILE_TIMEOUT', 'FORMULA_TOO_LARGE',
  'BAD_HEADER', 'QUEUE_FULL', 'WORKER_LOST', 'DEADLINE_EXCEEDED', 'CANCELLED']

/** What every route that reads a binary body may answer besides. */
export const binaryErrors: readonly ErrorCode[] = ['BAD_BINARY', 'LENGTH_REQUIRED']

/** What every route that computes may answer. */
export const computeErrors: readonly ErrorCode[] = ['TENSOR_INVALID', 'TENSORS_TOO_MANY',
  'SHAPE_MISMATCH', 'DATATYPE_MISMATCH', 'RESULT_TOO_LARGE', 'HEAP_FULL', 'KERNEL_TRAPPED',
  ...compileErrors]

/** The error replies of a route, a row of errors.ts each, gathered by status. */
export function problemReplies (...codes: readonly ErrorCode[]): Record<number, TSchema> {
  const replies: Record<number, TSchema> = {}
  const all = [...new Set([...codes, ...everywhere])]
  for (const status of [...new Set(all.map(code => errorRows[code].status))].sort()) {
    const rows = all.filter(code => errorRows[code].status === status)
    const description = rows.map(code => `\`${code}\` ${errorRows[code].title}`).join(' · ')
    // Fastify's way to give a reply several media types.
    replies[status] = {
      description,
      content: { 'application/problem+json': { schema: Type.Ref('Problem') } }
    } as TSchema
  }
  return replies
}
