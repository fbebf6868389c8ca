// Every error a client can meet, one row each: code, HTTP status, title, sentence, retryable. It is
// thrown where it is found, carried untouched, and becomes a reply in one place, api/replies.ts.

/** What a row says of its error; `sentence` shows in braces what a thrown detail fills in. */
export interface ErrorRow {
  readonly status: number
  readonly title: string
  readonly sentence: string
  /** True when the same request may succeed later, the state being unchanged. */
  readonly retryable: boolean
}

/** The table, ordered by status. Every row is thrown by a test and documented in OpenAPI. */
export const errorRows = {
  BAD_REQUEST: row(400, 'Not HTTP', 'The request is not well-formed HTTP: {reason}'),
  BAD_JSON: row(400, 'Not JSON', 'The body is not JSON: {reason} at byte {position}'),
  BAD_BINARY: row(400, 'Not tensors', 'The body cannot be read: {reason}'),
  BAD_HEADER: row(400, 'Bad header', 'Header {name} must be {expected}; got {value}'),
  BAD_QUERY: row(400, 'Bad query', 'Query parameter {name} must be {expected}; got {value}'),

  ROUTE_UNKNOWN: row(404, 'No such path', 'There is nothing at {path}; nearest: {paths}'),
  LOSS_UNKNOWN: row(404, 'No such loss', 'There is no loss {name}; nearest: {names}'),
  SESSION_UNKNOWN: row(404, 'No such session', 'There is no session {id}'),
  FORMULA_UNKNOWN: row(404, 'No such formula', 'There is no formula {name}; nearest: {names}'),
  PARAMETER_UNKNOWN: row(404, 'No such parameter',
    'The session has no parameter {name}; nearest: {names}'),

  METHOD_NOT_ALLOWED: row(405, 'Method not allowed', '{path} answers {methods}, not {method}'),
  NOT_ACCEPTABLE: row(406, 'Not acceptable', 'Replies are {types}; Accept was {accept}'),
  REQUEST_TIMEOUT: row(408, 'Request too slow', 'The request did not arrive within its time', true),
  SESSION_EXPIRED: row(410, 'Session expired', 'The session {id} expired at {time}'),
  LENGTH_REQUIRED: row(411, 'Length required',
    'A binary body needs the header Content-Length, since its size is checked before it is read'),
  PRECONDITION_FAILED: row(412, 'Precondition failed',
    'The session is at seq {seq}; If-Match asked for {wanted}'),
  BODY_TOO_LARGE: row(413, 'Body too large', 'The body has {actual} bytes; the limit is {limit}'),
  RESULT_TOO_LARGE: row(413, 'Result too large',
    'The result would have {actual} elements; the limit is {limit}'),
  SESSION_TOO_LARGE: row(413, 'Session too large',
    'The session needs {actual} bytes; the limit is {limit}'),
  MEDIA_TYPE_UNSUPPORTED: row(415, 'Media type not supported',
    'Content-Type must be {types}; got {type}'),
  CONTENT_ENCODING_UNSUPPORTED: row(415, 'Content encoding not supported',
    'Content-Encoding must be identity; got {encoding}'),

  BODY_INVALID: row(422, 'Not an object', 'The body must be a JSON object; got {kind}'),
  FIELD_UNKNOWN: row(422, 'Unknown field', 'There is no field {name}; nearest: {names}'),
  FIELD_INVALID: row(422, 'Wrong field', '{field} must be {expected}; got {value}'),
  OPTION_UNKNOWN: row(422, 'Unknown option', '{loss} has no option {name}; nearest: {names}'),
  OPTION_INVALID: row(422, 'Wrong option', 'Option {name} must be {expected}; got {value}'),
  ARGUMENT_MISSING: row(422, 'Argument missing', '{loss} needs {argument}'),
  GRADIENT_UNKNOWN: row(422, 'No such gradient', '{name} has no gradient; these have: {names}'),
  SECOND_ORDER_UNKNOWN: row(422, 'No such second derivative', '{name} has no second derivative'),
  TENSOR_INVALID: row(422, 'Not a tensor', '{argument} is not a tensor: {reason} at {pointer}'),
  TENSORS_TOO_MANY: row(422, 'Too many tensors',
    'The request has {actual} tensors; the limit is {limit}'),
  SHAPE_MISMATCH: row(422, 'Shapes do not fit',
    '{argument} has shape {shape}; {partner} {partnerShape} needs {needed}'),
  DATATYPE_MISMATCH: row(422, 'Wrong datatype', '{argument} is {datatype}; expected {expected}'),
  TARGET_RANGE: row(422, 'Class out of range',
    '{argument} must lie in 0 … {classes} - 1; it holds others'),
  VALUE_RANGE: row(422, 'Value out of range', '{argument} must be {bound}; it holds other values'),
  VALUE_REFUSED: row(422, 'Values refused', '{sentence of the loss}'),
  WARNING_REFUSED: row(422, 'Warning refused', 'The request is strict: {warnings}'),
  FORMULA_INVALID: row(422, 'Formula not understood', '{reason} at position {position}'),
  FORMULA_TOO_LARGE: row(422, 'Formula too large',
    'The formula has {actual} {unit}; the limit is {limit}'),
  COMPILE_TIMEOUT: row(422, 'Compiling takes too long',
    'Compiling took longer than {limit} ms, the limit'),
  FORMULA_NAME_TAKEN: row(422, 'Name taken', '{name} names the built-in loss {loss}'),
  MODEL_INVALID: row(422, 'Model not understood', '{part} must be {expected}; got {value}'),
  NON_FINITE: row(422, 'Not finite', 'The {value} is not finite; nothing was changed'),

  FORMULAS_TOO_MANY: row(429, 'Too many formulas', '{limit} formulas are kept, the limit', true),
  SESSIONS_TOO_MANY: row(429, 'Too many sessions', 'There are {limit} sessions, the limit', true),
  SESSION_QUEUE_FULL: row(429, 'Session queue full',
    'The session has {limit} operations waiting', true),
  HEADERS_TOO_LARGE: row(431, 'Headers too large', 'The headers have more bytes than allowed'),

  CANCELLED: row(499, 'Client gone', 'The client closed the connection before the reply', true),
  INTERNAL: row(500, 'Fault of the service', 'The service failed; the log tells more'),
  KERNEL_TRAPPED: row(500, 'Kernel trapped', 'A kernel stopped: {reason}'),
  STARTING: row(503, 'Starting', 'The service is starting', true),
  DRAINING: row(503, 'Shutting down', 'The service is shutting down', true),
  SELF_TEST_FAILED: row(503, 'Self-test failed', 'The kernels of {losses} give wrong numbers here'),
  HEAP_FULL: row(503, 'Memory full', 'The request needs {bytes} bytes; {free} are free', true),
  QUEUE_FULL: row(503, 'Queue full', '{limit} jobs are waiting, the limit', true),
  WORKER_LOST: row(503, 'Worker lost', 'A worker thread ended while it ran this job', true),
  DEADLINE_EXCEEDED: row(504, 'Deadline exceeded', 'Not finished within {deadline} ms', true)
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorRows

/** One place where something is wrong: a JSON pointer into the body, in a text the character. */
export interface ErrorPlace {
  readonly pointer: string
  readonly detail: string
  /** UTF-16 units from 0, in the text the pointer names. */
  readonly position?: number
}

export interface ErrorOptions {
  /** Where in the body, if it is one place with the detail's own sentence. */
  readonly pointer?: string
  /** Character in the text that `pointer` names. */
  readonly position?: number
  /** All places, if there are several or their sentences differ from the detail. */
  readonly errors?: readonly ErrorPlace[]
  readonly cause?: unknown
}

/** An error of the table, with its own sentence and places. */
export class LossdError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly ErrorPlace[]

  constructor (code: ErrorCode, detail?: string, options: ErrorOptions = {}) {
    super(detail ?? errorRows[code].sentence, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'LossdError'
    this.code = code
    this.errors = options.errors ?? placesOf(this.message, options)
  }

  get row (): ErrorRow {
    return errorRows[this.code]
  }
}

/** A client's text as a sentence shows it: cut where it is long. */
export function shown (text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}

const shownMax = 60

/** Up to three of the names that are most like a wrong one, the likest first. */
export function nearest (wrong: string, names: Iterable<string>): string[] {
  const word = wrong.slice(0, 64).toLowerCase()
  return [...names]
    .map(name => ({ name, distance: distanceBetween(word, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 2))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

// Levenshtein's distance, a row of its table at a time; a part of the name counts as near.
function distanceBetween (word: string, name: string): number {
  if (word.length > 2 && name.includes(word)) return 1
  let above = Array.from({ length: name.length + 1 }, (_, column) => column)
  for (let row = 1; row <= word.length; row++) {
    const here = [row]
    for (let column = 1; column <= name.length; column++) {
      const change = word[row - 1] === name[column - 1] ? 0 : 1
      const longer = Math.min(at(above, column), at(here, column - 1)) + 1
      here.push(Math.min(longer, at(above, column - 1) + change))
    }
    above = here
  }
  return at(above, name.length)
}

function at (numbers: readonly number[], index: number): number {
  return numbers[index] ?? Infinity
}

function placesOf (detail: string, { pointer, position }: ErrorOptions): readonly ErrorPlace[] {
  if (pointer === undefined) return []
  return [position === undefined ? { pointer, detail } : { pointer, detail, position }]
}

function row (status: number, title: string, sentence: string, retryable = false): ErrorRow {
  return { status, title, sentence, retryable }
}
