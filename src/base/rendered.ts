/**
 * A value that is sent to many: its JSON is made once, at first use, and spliced into replies and notifications as it is.
 * The value must not change afterwards; a change makes a new `Rendered`.
 */
export class Rendered<Value = unknown> {
  readonly value: Value
  #json: string | undefined

  constructor(value: Value) {
    this.value = value
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.value)
    return this.#json
  }
}
