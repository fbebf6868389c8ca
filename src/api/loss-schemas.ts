// The schemas of a loss's routes, built from its declarations: what OpenAPI and the page at /docs
// show. Its cases are the examples, so every example there runs.

import { type TObject, type TSchema, Type } from 'typebox'
import { templateOf } from '../formulas/families.ts'
import { optionsSchema } from '../formulas/options.ts'
import type { Case } from '../losses/index.ts'
import type { LossEntry } from './catalogue.ts'
import {
  binaryErrors, bodyErrors, compileErrors, computeErrors, problemReplies, ref, tensorBody,
  tensorReply, warningSchema
} from './schemas.ts'

/** The schema of POST /v1/losses/{loss}, in the form that Fastify takes. */
export function postSchema (entry: LossEntry): Record<string, unknown> {
  const { loss } = entry
  const accepted = loss.cases.filter(({ reply }) => reply !== undefined)
  return {
    operationId: operationName('evaluate', loss.name),
    tags: ['Losses'],
    summary: loss.summary,
    description: describe(entry),
    querystring: querySchema(entry),
    body: tensorBody({ ...bodySchema(entry), 'x-examples': examplesOf(accepted) } as TSchema),
    response: {
      200: tensorReply(replySchema(entry),
        'The loss and its gradients, plain or typed as the arguments are'),
      ...problemReplies(...bodyErrors, ...binaryErrors, ...computeErrors, 'OPTION_UNKNOWN',
        'OPTION_INVALID', 'ARGUMENT_MISSING', 'GRADIENT_UNKNOWN', 'SECOND_ORDER_UNKNOWN',
        'TARGET_RANGE', 'VALUE_RANGE', 'VALUE_REFUSED', 'WARNING_REFUSED')
    }
  }
}

/** The schema of GET /v1/losses/{loss}. */
export function getSchema ({ loss }: LossEntry): Record<string, unknown> {
  return {
    operationId: operationName('describe', loss.name),
    tags: ['Losses'],
    summary: `${loss.name}: its formula, derivatives, options, examples`,
    description: 'The formula is the text that runs.',
    response: {
      200: descriptionSchema,
      ...problemReplies('BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING', ...compileErrors)
    }
  }
}

const summary = Type.Object({
  name: Type.String(),
  torch: Type.Union([Type.String(), Type.Null()], {
    description: 'The class in torch.nn, an alias of the name'
  }),
  task: Type.String(),
  summary: Type.String(),
  choose: Type.String(),
  arguments: Type.Array(Type.Object({
    name: Type.String(),
    shape: Type.String({ description: 'Its type, as the formula declares it' }),
    differentiable: Type.Boolean(),
    optional: Type.Boolean(),
    in: Type.Enum(['body', 'options'], {
      description: 'Where it stands: PyTorch takes it with the call or in the constructor'
    })
  })),
  options: Type.Unknown({ description: 'JSON schema of the options' })
})

export const listSchema = Type.Object({ losses: Type.Array(summary) }, {
  description: 'All losses, in the order of the table'
})

const descriptionSchema = Type.Object({
  ...summary.properties,
  formula: Type.String(),
  derivatives: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
    description: 'Of the sum of the values, by argument; null where it cannot be printed'
  }),
  examples: Type.Array(Type.Unknown()),
  source: Type.String()
}, { description: 'All there is to know of the loss' })

function bodySchema (entry: LossEntry): TObject {
  const { definition, tensorOptions } = entry
  const tensors = single(entry, definition.tensors.map(({ name }) => name))
    .filter(name => !tensorOptions.has(name))
  const optional = new Set(
    definition.tensors.filter(tensor => tensor.default !== null).map(({ name }) => name))
  return Type.Object({
    ...Object.fromEntries(tensors.map(name =>
      [name, optional.has(name) ? Type.Optional(ref('Tensor')) : ref('Tensor')])),
    options: Type.Optional(optionSchema(entry)),
    gradients: Type.Optional(Type.Array(nameSchema(entry), {
      uniqueItems: true,
      default: single(entry, entry.defaultGradients),
      description: 'Arguments whose gradients to give; [] for none'
    })),
    grad_output: Type.Optional(ref('Tensor')),
    datatype: Type.Optional(Type.Enum(['FP32', 'FP64'], {
      default: 'FP32',
      description: 'Of the computation; FP64 also if an argument is typed FP64'
    })),
    strict: Type.Optional(strictSchema),
    second_order: Type.Optional(Type.Enum(['diagonal'], {
      description: 'Also the diagonal of the Hessian by each argument of gradients'
    })),
    hessian_vector: Type.Optional(byArgument(entry, 'Vectors, of the shape of the ' +
      'arguments named, to multiply the Hessian by'))
  }, { additionalProperties: false, ...ofFamilies(entry) })
}

// The names among these that belong to no family.
function single ({ definition: { families } }: LossEntry, names: readonly string[]): string[] {
  return names.filter(name => templateOf(families, name) === undefined)
}

/** The names of the members of families, as regular expressions. */
function patternsOf ({ definition: { families } }: LossEntry): string[] {
  return families.flatMap(({ name, templates }) => templates.map(template =>
    `^${template.name.split('.').map(part => part === name ? '(0|[1-9][0-9]*)' : part)
      .join('\\.')}$`))
}

// Of as many members as there are.
function ofFamilies (entry: LossEntry): object {
  const patterns = patternsOf(entry).map(pattern => [pattern, ref('Tensor')])
  return patterns.length === 0 ? {} : { patternProperties: Object.fromEntries(patterns) }
}

function nameSchema (entry: LossEntry): TSchema {
  const names = Type.Enum(single(entry, entry.differentiable))
  const others = patternsOf(entry).map(pattern => Type.String({ pattern }))
  return others.length === 0 ? names : Type.Union([names, ...others])
}

/** What can stand in the query: options and wishes that are no tensors. */
function querySchema (entry: LossEntry): TSchema {
  const { properties } = optionsSchema(entry.definition)
  const name = entry.differentiable.length === 0 ? undefined : nameSchema(entry)
  return Type.Unsafe({
    type: 'object',
    properties: { ...(properties as object), ...querySchemas(name) }
  })
}

/** The wishes of a request as query parameters. */
export function querySchemas (name: TSchema = Type.String()): Record<string, TSchema> {
  return {
    gradients: Type.Optional(
      Type.Array(name, { description: 'Arguments whose gradients to give' })),
    datatype: Type.Optional(Type.Enum(['FP32', 'FP64'])),
    strict: Type.Optional(Type.Boolean()),
    second_order: Type.Optional(Type.Enum(['diagonal']))
  }
}

const strictSchema = Type.Boolean({
  default: false, description: 'True: every warning is an error'
})

function optionSchema ({ definition, tensorOptions }: LossEntry): TSchema {
  const schema = optionsSchema(definition)
  const tensors = definition.tensors.filter(({ name }) => tensorOptions.has(name))
  const properties = Object.fromEntries(tensors.map(({ name }) => [name, ref('Tensor')]))
  return Type.Unsafe({
    ...schema,
    description: "PyTorch's constructor arguments",
    properties: { ...properties, ...(schema['properties'] as object) }
  })
}

function replySchema (entry: LossEntry): TObject {
  return Type.Object({
    loss: ref('Tensor'),
    gradients: byArgument(entry),
    hessians: Type.Optional(byArgument(entry, 'The diagonal of the Hessian')),
    hessian_vectors: Type.Optional(byArgument(entry, 'The Hessian times the vectors')),
    denominator: Type.Optional(Type.Unknown({ description: 'What mean divided by' })),
    warnings: Type.Optional(Type.Array(warningSchema, {
      description: "PyTorch's silent surprises, said aloud"
    }))
  })
}

function byArgument (entry: LossEntry, description?: string): TObject {
  const names = single(entry, entry.differentiable)
  return Type.Object(Object.fromEntries(names.map(name => [name, Type.Optional(ref('Tensor'))])),
    { ...(description === undefined ? {} : { description }), ...ofFamilies(entry) })
}

function describe ({ loss, definition }: LossEntry): string {
  const alias = loss.torch === '' ? '' : `PyTorch's \`${loss.torch}\`, also an alias of the path. `
  const formula = definition.text.split('\n').map(line => `    ${line.replace(/^ {4}/, '')}`)
  return `${loss.summary}.\n\n${loss.choose}\n\n${alias}Source: ${loss.source}.\n\n` +
    formula.join('\n').replace(/^\s*\n/, '')
}

function examplesOf (cases: readonly Case[]): Record<string, unknown> {
  return Object.fromEntries(cases.map(({ title, request }) =>
    [title.replaceAll(/\W+/g, '-').toLowerCase(), { summary: title, value: request }]))
}

function operationName (verb: string, loss: string): string {
  return verb + loss.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
