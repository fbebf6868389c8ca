// A small language for code that runs on bytes, translated to WAT: C's statements and expressions
// over the types of WebAssembly, so that a parser of numbers can be read. An instruction is called
// by its own name; whole numbers are unsigned.
//
//     func skipSpace(position: i32): i32 {
//       i32 byte = i32.load8_u(position);
//       while (byte == 0x20) { position += 1; byte = i32.load8_u(position); }
//       return position;
//     }
//
// `export func` is seen from outside. 1 is i32 or, beside an i64, i64; 1L is i64; 1.5 is f64.
// && and || take the second side only if they need it. Literals behind the operands are offsets and
// lanes: i32.load(at, 8).

import { type Expression, instruction, operators, scalars, whole } from './instructions.ts'

/** Translates functions to a module's fields in WAT. Throws an Error at what it does not know. */
export function translate (source: string): string {
  const tokens = lex(source)
  const signatures = new Map<string, Signature>()
  for (const match of source.matchAll(/func (\w+)\(([^)]*)\)(?:: (\w+))?/g)) {
    const [, name = '', parameters = '', result = ''] = match
    const types = parameters.split(',').filter(each => each.trim() !== '')
      .map(each => each.split(':').map(word => word.trim()))
    const parameterTypes = types.map(([name = '', type = '']) => [name, type] as const)
    signatures.set(name, { parameters: parameterTypes, result })
  }
  const reader = new Translator(tokens, signatures)
  return reader.functions().join('\n')
}

interface Signature {
  readonly parameters: readonly (readonly [name: string, type: string])[]
  /** Empty if nothing is returned. */
  readonly result: string
}

const signs = /<<=|>>=|[-+*/&|^]=|<<|>>|&&|\|\||[<>=!]=|[-+*/%<>=&|^!~?:;,(){}]/
const words = /0x[\da-f]+L?|\d+\.\d+|\d+L?|[a-z]\w*(?:\.\w+)*/
const pattern = new RegExp(String.raw`\s+|//.*|(${words.source}|${signs.source})`, 'giy')

function lex (source: string): string[] {
  const tokens: string[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(source)
    if (match === null) throw new Error(`no word at ${source.slice(at, at + 40)}`)
    if (match[1] !== undefined) tokens.push(match[1])
  }
  return tokens
}

class Translator {
  readonly #tokens: readonly string[]
  readonly #signatures: ReadonlyMap<string, Signature>
  #at = 0
  #locals = new Map<string, string>()
  #result = ''
  #labels = 0
  #loops: number[] = []

  constructor (tokens: readonly string[], signatures: ReadonlyMap<string, Signature>) {
    this.#tokens = tokens
    this.#signatures = signatures
  }

  functions (): string[] {
    const functions: string[] = []
    while (this.#at < this.#tokens.length) functions.push(this.#function())
    return functions
  }

  #function (): string {
    const isExport = this.#accept('export')
    this.#expect('func')
    const name = this.#next()
    const { parameters, result } = this.#signatures.get(name) ?? { parameters: [], result: '' }
    while (this.#peek() !== '{') this.#next()
    this.#locals = new Map(parameters)
    this.#result = result
    const body = this.#block()
    const locals = [...this.#locals].slice(parameters.length)
      .map(([local, type]) => `(local $${local} ${type})`)
    return [
      `(func $${name} ${isExport ? `(export "${name}") ` : ''}` +
        parameters.map(([name, type]) => `(param $${name} ${type})`).join(' ') +
        (result === '' ? '' : ` (result ${result})`),
      ...locals, body, result === '' ? ')' : '(unreachable))'
    ].join('\n')
  }

  #block (): string {
    this.#expect('{')
    const lines: string[] = []
    while (!this.#accept('}')) lines.push(this.#statement())
    return lines.join('\n')
  }

  #statement (): string {
    if (this.#accept('if')) return this.#if()
    if (this.#accept('while')) {
      const endless = this.#tokens[this.#at + 1] === 'true'
      const condition = endless ? undefined : this.#condition()
      if (endless) this.#at += 3
      return this.#loop(condition)
    }
    if (this.#accept('break')) return this.#end(`(br $out${this.#loops.at(-1)})`)
    if (this.#accept('continue')) return this.#end(`(br $next${this.#loops.at(-1)})`)
    if (this.#accept('return')) {
      if (this.#accept(';')) return '(return)'
      return this.#end(`(return ${this.#typed(this.#expression(), this.#result).text})`)
    }
    const type = scalars.has(this.#peek()) ? this.#next() : undefined
    const name = this.#peek()
    if (type !== undefined) {
      const known = this.#locals.get(name)
      if (known !== undefined && known !== type) throw new Error(`${name} is ${known}`)
      this.#locals.set(name, type)
      if (this.#tokens[this.#at + 1] === ';') {
        this.#at += 2
        return ''
      }
    }
    const sign = this.#tokens[this.#at + 1] ?? ''
    if (!/^([-+*/&|^]|<<|>>)?=$/.test(sign)) {
      const { text, type } = this.#expression()
      return this.#end(type === '' ? text : `(drop ${text})`)
    }
    this.#at += 2
    const local = this.#local(name)
    const value = this.#expression()
    const result = sign === '='
      ? value
      : this.#binary(sign.slice(0, -1), local, value)
    return this.#end(`(local.set $${name} ${this.#typed(result, local.type).text})`)
  }

  #if (): string {
    const condition = this.#condition()
    const then = this.#block()
    if (!this.#accept('else')) return `(if ${condition} (then ${then}))`
    const other = this.#accept('if') ? this.#if() : this.#block()
    return `(if ${condition} (then ${then}) (else ${other}))`
  }

  #loop (condition: string | undefined): string {
    const label = this.#labels++
    this.#loops.push(label)
    const body = this.#block()
    this.#loops.pop()
    const leave = condition === undefined ? '' : `(br_if $out${label} (i32.eqz ${condition}))`
    return `(block $out${label} (loop $next${label} ${leave} ${body} (br $next${label})))`
  }

  #condition (): string {
    this.#expect('(')
    const { text } = this.#typed(this.#expression(), 'i32')
    this.#expect(')')
    return text
  }

  #expression (): Expression {
    const condition = this.#operation(1)
    if (!this.#accept('?')) return condition
    const yes = this.#expression()
    this.#expect(':')
    const no = this.#expression()
    const type = yes.literal === undefined ? yes.type : no.type
    return {
      text: `(if (result ${type}) ${condition.text} (then ${this.#typed(yes, type).text}) ` +
        `(else ${this.#typed(no, type).text}))`,
      type
    }
  }

  #operation (least: number): Expression {
    let left = this.#unary()
    for (;;) {
      const sign = this.#peek()
      const [rank] = operators[sign] ?? [0]
      if (rank < least) return left
      this.#at++
      left = this.#binary(sign, left, this.#operation(rank + 1))
    }
  }

  #binary (sign: string, left: Expression, right: Expression): Expression {
    if (sign === '&&') {
      return { type: 'i32', text: `(if (result i32) ${left.text} (then ${right.text}) ${no})` }
    }
    if (sign === '||') {
      return { type: 'i32', text: `(if (result i32) ${left.text} ${yes} (else ${right.text}))` }
    }
    const type = left.literal === undefined ? left.type : right.type
    const [rank, name] = operators[sign] ?? [0, '']
    const isFloat = type.startsWith('f')
    const instruction = isFloat ? name.replace('_u', '') : name
    const text = `(${type === 'v128' ? 'v128' : type}.${instruction} ` +
      `${this.#typed(left, type).text} ${this.#typed(right, type).text})`
    return { text, type: rank === 6 || rank === 7 ? 'i32' : type }
  }

  #unary (): Expression {
    if (this.#accept('-')) {
      const { text, type, literal } = this.#unary()
      if (literal !== undefined) return whole(-literal, type)
      if (type.startsWith('f')) return { text: `(${type}.neg ${text})`, type }
      return { text: `(${type}.sub (${type}.const 0) ${text})`, type }
    }
    if (this.#accept('!')) {
      const { text, type } = this.#unary()
      return { text: `(${type}.eqz ${text})`, type: 'i32' }
    }
    if (this.#accept('~')) {
      const { text, type } = this.#unary()
      return type === 'v128'
        ? { text: `(v128.not ${text})`, type }
        : { text: `(${type}.xor ${text} (${type}.const -1))`, type }
    }
    if (this.#accept('(')) {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    const word = this.#next()
    if (/^\d+\.\d/.test(word)) return { text: `(f64.const ${word})`, type: 'f64' }
    if (/^\d/.test(word)) {
      return word.endsWith('L')
        ? { text: `(i64.const ${word.slice(0, -1)})`, type: 'i64' }
        : whole(BigInt(word), 'i32')
    }
    return this.#accept('(') ? this.#call(word) : this.#local(word)
  }

  #call (name: string): Expression {
    const operands: Expression[] = []
    while (!this.#accept(')')) {
      operands.push(this.#expression())
      if (this.#peek() !== ')') this.#expect(',')
    }
    const signature = this.#signatures.get(name)
    if (signature !== undefined) {
      const texts = signature.parameters.map(([, type], index) =>
        this.#typed(operands[index] ?? whole(0n, ''), type).text)
      return { text: `(call $${name} ${texts.join(' ')})`, type: signature.result }
    }
    return instruction(name, operands)
  }

  #local (name: string): Expression {
    const type = this.#locals.get(name)
    if (type === undefined) throw new Error(`${name} is not declared`)
    return { text: `(local.get $${name})`, type }
  }

  #typed (value: Expression, type: string): Expression {
    if (value.type === type) return value
    if (value.literal !== undefined) return whole(value.literal, type)
    throw new Error(`${value.text} is ${value.type}, not ${type}`)
  }

  #peek (): string { return this.#tokens[this.#at] ?? '' }

  #next (): string { return this.#tokens[this.#at++] ?? '' }

  #accept (token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #expect (token: string): void {
    if (this.#accept(token)) return
    const here = this.#tokens.slice(this.#at, this.#at + 8).join(' ')
    throw new Error(`${token} belongs before ${here}`)
  }

  #end (text: string): string {
    this.#expect(';')
    return text
  }
}

const yes = '(then (i32.const 1))'
const no = '(else (i32.const 0))'
