// The part of WebAssembly's JavaScript interface that lossd uses: the compiler's own declarations
// come only with those of the browser's whole document model.

declare namespace WebAssembly {
  class Memory {
    constructor (descriptor: { initial: number, maximum: number, shared: true })
    readonly buffer: SharedArrayBuffer
  }

  class Module {
    constructor (bytes: Uint8Array)
    static exports (module: Module): {
      name: string
      kind: 'function' | 'global' | 'memory' | 'table'
    }[]
    static imports (module: Module): { module: string, name: string, kind: string }[]
  }

  class Global {
    constructor (
      descriptor: { value: 'i32' | 'i64' | 'f32' | 'f64', mutable?: boolean }, value: number
    )
    value: number
  }

  class Instance {
    constructor (module: Module, imports?: Record<string, Record<string, Memory | Global | number>>)
    readonly exports: Readonly<Record<string, unknown>>
  }

  class CompileError extends Error {}
  class RuntimeError extends Error {}

  function validate (bytes: Uint8Array): boolean
  function compile (bytes: Uint8Array): Promise<Module>
}
