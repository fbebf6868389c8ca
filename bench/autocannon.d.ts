// The part of autocannon that the benches use; it ships no declarations of its own.

declare module 'autocannon' {
  namespace autocannon {
    interface Options {
      readonly url: string
      readonly method: 'POST'
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly connections: number
      /** Seconds. */
      readonly duration: number
    }

    interface Result {
      readonly '2xx': number
      readonly non2xx: number
      readonly errors: number
      readonly duration: number
      /** Milliseconds, whole ones. */
      readonly latency: { readonly p50: number, readonly p99: number }
    }
  }

  function autocannon (options: autocannon.Options): Promise<autocannon.Result>
  export = autocannon
}
