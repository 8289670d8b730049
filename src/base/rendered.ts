/**
 * A value that is sent to many: its JSON is made once, at first use, and spliced into replies and notifications as it is. The value
 * must not change afterwards; a change makes a new `Rendered`.
 */
export class Rendered<Value = unknown> {
  #value: Value | undefined
  #json: string | undefined

  constructor(value: Value) {
    this.#value = value
  }

  /** From JSON that was made elsewhere; parsed only when somebody asks for the value. */
  static fromJson<Value>(json: string): Rendered<Value> {
    const rendered = new Rendered<Value | undefined>(undefined) as Rendered<Value>
    rendered.#json = json
    return rendered
  }

  get value(): Value {
    if (this.#value === undefined && this.#json !== undefined) this.#value = JSON.parse(this.#json) as Value
    return this.#value as Value
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.#value)
    return this.#json
  }
}
