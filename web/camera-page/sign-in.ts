/** Asks for a token where the service wants one, and keeps it for this tab. */

import { askJson, Refused, sentenceOf } from './api.js'
import { byId, setText } from './dom.js'
import { session } from './session.js'

export class SignIn {
  readonly #section = byId('sign-in', HTMLElement)
  readonly #token = byId('token', HTMLTextAreaElement)
  readonly #error = byId('token-error', HTMLElement)
  readonly #out = byId('sign-out', HTMLButtonElement)
  readonly #onSignedIn: () => void

  constructor(ports: { onSignedIn(): void; onSignedOut(): void }) {
    this.#onSignedIn = ports.onSignedIn
    byId('sign-in-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit()
    })
    this.#out.addEventListener('click', () => {
      session.forget()
      ports.onSignedOut()
    })
    this.#out.hidden = session.token === undefined
  }

  get isOpen(): boolean {
    return !this.#section.hidden
  }

  /** A token that is no good any more is forgotten. */
  open(): void {
    if (this.isOpen) return
    const hadToken = session.token !== undefined
    session.forget()
    this.#out.hidden = true
    this.#section.hidden = false
    this.#fault(hadToken ? 'The token is not accepted any more. Sign in with another one.' : '')
    this.#token.focus()
  }

  async #submit(): Promise<void> {
    const token = this.#token.value.trim()
    if (!/^[\w.~+/=-]+$/.test(token)) return this.#fault('Paste the whole token: letters, digits, dots and dashes.')
    session.keep(token)
    try {
      await askJson('status')
    } catch (thrown) {
      const isWrong = thrown instanceof Refused && thrown.status === 401
      session.forget()
      return this.#fault(isWrong ? `The token is not accepted: ${thrown.message}.` : sentenceOf(thrown))
    }
    this.#fault('')
    this.#token.value = ''
    this.#section.hidden = true
    this.#out.hidden = false
    this.#onSignedIn()
  }

  #fault(text: string): void {
    setText(this.#error, text)
    if (text === '') this.#token.removeAttribute('aria-invalid')
    else this.#token.setAttribute('aria-invalid', 'true')
  }
}
