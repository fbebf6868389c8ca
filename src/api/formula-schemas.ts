// The schemas of the routes for clients' own formulas: what OpenAPI and the page at /docs show.
// Their examples run. Beside them the grammar, as GET /v1/formulas tells it.

import { type TSchema, Type } from 'typebox'
import { termsMax } from './terms-request.ts'
import { querySchemas } from './loss-schemas.ts'
import {
  binaryErrors, bodyErrors, compileErrors, computeErrors, problemReplies, ref, tensorBody,
  tensorReply
} from './schemas.ts'

/** The language in short. */
export const grammar = `text        = { declaration } statement { statement }   by lines or ";"
declaration = name ":" ["state" | "static"] type { "|" type } { bound } ["=" default]
type        = "real[N, C]" | "class[N]" | "integer[N]" | "number" | "boolean" | "text" | choices
            | "family"                                 I: family; x.I: real[N] are x.0, x.1, …
bound       = (">" | ">=" | "<" | "<=") ["-"] number
statement   = [name "="] expression                    the last is the value
expression  = or ["?" expression ":" expression]       || && == != < <= > >= + - * / % ! **
postfix     = name "(" arguments ")" | x "[" take {"," take} "]"
take        = [axis "="] expression                    along the class axis, or the axis named
primary     = number | 'text' | true | false | name | "(" expression ")" | name "=>" expression
Without declarations arguments are real, and axes are positions: sum(x, -1).
Of a family sum(x.I, I) is x.0 + x.1 + …, any and cumsum likewise; a.I = … makes one of each.
M = axis(2 * N) makes an axis: of lengths, options, and max(x) of whole numbers.
A comment runs from // to the end of the line.
A value that is not a scalar is reduced by options.reduction: mean, sum or none.`

const formula = Type.String({
  maxLength: 16_384,
  description: 'A text in the language of the built-in losses'
})

const examples = {
  undeclared: {
    summary: 'without declarations',
    value: { formula: 'softplus(input) - input * target', input: [0.5, -2], target: [1, 0] }
  },
  declared: {
    summary: 'with classes, an option, and how it was made',
    value: {
      formula: 'input: real[N, C]; target: class[N]; gamma: number = 2\n' +
        'p = log_softmax(input, C)[target]\n-p * (1 - exp(p)) ** gamma',
      input: [[1, 2, 3], [0, 0, 1]],
      target: [2, 0],
      options: { gamma: 1.5 },
      explain: true
    }
  },
  family: {
    summary: 'with as many tensors as are given',
    value: {
      formula: 'target: real[N]; I: family; output.I: real[N]\n' +
        'sum((output.I - target) ** 2, I) / I',
      target: [1, 0],
      'output.0': [0.5, 0.25],
      'output.1': [0.75, -0.5]
    }
  }
}

const tensors = Type.Record(Type.String(), ref('Tensor'))

const wishes = {
  options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), {
    description: 'Numbers, yes/no, texts, and tensors, by the names in the formula; reduction'
  })),
  gradients: Type.Optional(Type.Array(Type.String(), {
    uniqueItems: true,
    description: 'Arguments whose gradients to give; all real ones but target if left out'
  })),
  grad_output: Type.Optional(ref('Tensor')),
  datatype: Type.Optional(Type.Enum(['FP32', 'FP64'], { default: 'FP32' })),
  strict: Type.Optional(Type.Boolean({ default: false })),
  second_order: Type.Optional(Type.Enum(['diagonal'])),
  hessian_vector: Type.Optional(tensors),
  explain: Type.Optional(Type.Boolean({
    default: false,
    description: 'Also the derivatives as texts, the WebAssembly and its loops'
  }))
}

const arguments_ = { description: 'The arguments that the formula names stand beside the fields' }

const evaluated = Type.Object({
  loss: ref('Tensor'),
  gradients: tensors,
  hessians: Type.Optional(tensors),
  hessian_vectors: Type.Optional(tensors),
  denominator: Type.Optional(Type.Unknown()),
  warnings: Type.Optional(Type.Array(Type.Unknown())),
  explain: Type.Optional(Type.Object({
    derivatives: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
    wat: Type.String({ description: 'The module, as text' }),
    loops: Type.Array(Type.String())
  }))
})

const description = Type.Object({
  name: Type.String(),
  summary: Type.String(),
  formula: Type.String(),
  arguments: Type.Array(Type.Unknown()),
  options: Type.Unknown({ description: 'JSON schema of the options' }),
  derivatives: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]))
}, { description: 'All there is to know of the formula' })

const params = Type.Object({
  name: Type.String({ description: '1 to 64 letters, digits, -, _ and dots' })
})

const tags = ['Formulas']
const evaluateCodes = [...bodyErrors, ...binaryErrors, ...computeErrors, 'FORMULA_INVALID',
  'OPTION_UNKNOWN', 'OPTION_INVALID', 'ARGUMENT_MISSING', 'GRADIENT_UNKNOWN',
  'SECOND_ORDER_UNKNOWN', 'TARGET_RANGE', 'VALUE_RANGE', 'WARNING_REFUSED'] as const
const readErrors = ['BAD_QUERY', 'NOT_ACCEPTABLE', 'STARTING', 'DRAINING'] as const

/** Options of any name stand in the query too. */
function queryOf (more: Record<string, TSchema>): TSchema {
  return Type.Object({ ...more, ...querySchemas() }, { additionalProperties: true })
}

export const formulaSchemas = {
  list: {
    operationId: 'listFormulas',
    tags,
    summary: 'The language: grammar and functions; the formulas that are kept',
    response: {
      200: Type.Object({
        grammar: Type.String(),
        functions: Type.Array(Type.Object({ usage: Type.String(), meaning: Type.String() })),
        formulas: Type.Array(Type.Object({ name: Type.String(), summary: Type.String() }))
      }, { description: 'What a formula may be made of' }),
      ...problemReplies(...readErrors)
    }
  },
  evaluate: {
    operationId: 'evaluateFormula',
    tags,
    summary: 'A loss of your own, as a text',
    description: 'The language is that of the built-in losses: `GET /v1/losses/{loss}` ' +
      'shows theirs: change a line, post it. Gradients and kernels are derived.',
    querystring: queryOf({ formula: Type.Optional(formula), explain: wishes.explain }),
    body: tensorBody(
      { ...Type.Object({ formula, ...wishes }, arguments_), 'x-examples': examples } as TSchema),
    response: {
      200: tensorReply(evaluated,
        'The loss and its gradients, plain or typed as the arguments are'),
      ...problemReplies(...evaluateCodes)
    }
  },
  terms: {
    operationId: 'evaluateTerms',
    tags: ['Losses'],
    summary: 'A weighted sum of losses',
    description: 'The terms share the arguments beside them and become one program: values, the ' +
      'sum and its derivatives come of as few passes over the arguments as there can be.',
    querystring: Type.Object({
      ...querySchemas(),
      terms: Type.Optional(Type.String({
        description: 'The terms of a safetensors body, as JSON'
      }))
    }),
    body: tensorBody(Type.Object({
      terms: Type.Array(Type.Object({
        loss: Type.String({ description: 'A loss, its alias, or a formula that is kept' }),
        scale: Type.Optional(Type.Number({ default: 1 })),
        options: Type.Optional(Type.Record(Type.String(), Type.Unknown()))
      }, { additionalProperties: false }), { minItems: 1, maxItems: termsMax }),
      gradients: wishes.gradients,
      grad_output: wishes.grad_output,
      datatype: wishes.datatype,
      strict: wishes.strict,
      second_order: wishes.second_order,
      hessian_vector: wishes.hessian_vector
    }, {
      description: 'The arguments of the terms stand beside the fields',
      examples: [{
        terms: [
          { loss: 'mse', scale: 0.7 }, { loss: 'huber', scale: 0.3, options: { delta: 0.5 } }
        ],
        input: [[1], [2.5], [0]],
        target: [[1.2], [2.2], [0.5]]
      }]
    })),
    response: {
      200: tensorReply(Type.Object({
        loss: ref('Tensor'),
        terms: Type.Array(Type.Object({
          loss: Type.String(),
          value: { ...ref('Tensor') }
        }), { description: 'Each term’s own loss, before it is scaled' }),
        gradients: tensors,
        hessians: Type.Optional(tensors),
        hessian_vectors: Type.Optional(tensors),
        warnings: Type.Optional(Type.Array(Type.Unknown()))
      }), 'The sum, its terms and its gradients'),
      ...problemReplies(...evaluateCodes, 'LOSS_UNKNOWN', 'VALUE_REFUSED')
    }
  },
  keep: {
    operationId: 'keepFormula',
    tags,
    summary: 'Keep a formula under a name',
    description: 'The name then works wherever a loss is named: `POST /v1/losses/{name}`, ' +
      'terms, sessions. Formulas are kept in memory, until the service ends.',
    params,
    body: Type.Object({ formula, summary: Type.Optional(Type.String({ maxLength: 1000 })) }, {
      additionalProperties: false,
      examples: [{
        formula: 'd = input - target; d + softplus(-2 * d) - log(2)', summary: 'log cosh'
      }]
    }),
    response: {
      200: { ...description, description: 'Replaced' },
      201: { ...description, description: 'New' },
      ...problemReplies(...bodyErrors, ...compileErrors, 'FORMULA_INVALID',
        'FORMULA_NAME_TAKEN', 'FORMULAS_TOO_MANY')
    }
  },
  get: {
    operationId: 'getFormula',
    tags,
    summary: 'A formula that is kept, its arguments and derivatives',
    params,
    response: {
      200: description,
      ...problemReplies('FORMULA_UNKNOWN', ...readErrors, ...compileErrors)
    }
  },
  remove: {
    operationId: 'deleteFormula',
    tags,
    summary: 'Forget a formula',
    params,
    response: {
      204: Type.Null({ description: 'Gone' }), ...problemReplies('FORMULA_UNKNOWN', ...readErrors)
    }
  },
  evaluateNamed: {
    hide: true, querystring: queryOf({ explain: wishes.explain }),
    body: Type.Object(wishes, arguments_)
  },
  getNamed: { hide: true }
} as const
