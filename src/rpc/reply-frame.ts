/** The reply that carries one rendered result or error: its bytes are made once, and only the digits of the id are written anew. */

const START = Buffer.from('{"jsonrpc":"2.0","id":')
const WITHOUT_ID = Buffer.from('{"jsonrpc":"2.0"')
const ZERO = 0x30
const MAX_DIGITS = 15
/** Where the id ends. */
const ID_END = START.length + MAX_DIGITS

/** Ids that fit. */
export function fitsFrame(id: unknown): id is number {
  return typeof id === 'number' && id >= 0 && id < 10 ** MAX_DIGITS && Number.isInteger(id)
}

export class ReplyFrame {
  readonly #bytes: Uint8Array
  /** By the number of digits. */
  readonly #views: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(MAX_DIGITS + 1).fill(undefined)
  #digits = 0
  #withoutId: Uint8Array | undefined

  /** `json`: of the member. */
  constructor(member: 'result' | 'error', json: string) {
    const rest = Buffer.from(`,"${member}":${json}}`)
    this.#bytes = new Uint8Array(ID_END + rest.length)
    this.#bytes.set(rest, ID_END)
  }

  /** The reply to a message that had no id to be told. */
  get withoutId(): Uint8Array {
    this.#withoutId ??= Buffer.concat([WITHOUT_ID, this.#bytes.subarray(ID_END)])
    return this.#withoutId
  }

  /** The reply to `id`, which fits. Good until the next one is asked for. */
  to(id: number): Uint8Array {
    const bytes = this.#bytes
    let left = id
    let at = ID_END
    do {
      const rest = left < 0x7fff_ffff ? (left / 10) | 0 : Math.floor(left / 10)
      at -= 1
      bytes[at] = ZERO + left - rest * 10
      left = rest
    } while (left > 0)
    const digits = ID_END - at
    if (digits !== this.#digits) {
      bytes.set(START, at - START.length)
      this.#digits = digits
    }
    const known = this.#views[digits]
    if (known !== undefined) return known
    const view = bytes.subarray(at - START.length)
    this.#views[digits] = view
    return view
  }
}
