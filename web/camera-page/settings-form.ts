/** The settings of the camera that is shown. The service checks them; what it says stands at the field. */

import { askJson, Refused, sentenceOf } from './api.js'
import { byId, make, setText } from './dom.js'
import { changedValues, type Entered, entryOf, outcomeOf, problemsOf, SETTINGS, type Setting } from './settings-model.js'
import { type Fields, fields, list, text } from './wire.js'

interface Field {
  readonly setting: Setting
  readonly element: HTMLElement
  readonly input: HTMLInputElement
  readonly fault: HTMLElement
}

export class SettingsForm {
  readonly #details = byId('settings', HTMLDetailsElement)
  readonly #fault = byId('settings-fault', HTMLElement)
  readonly #note = byId('settings-note', HTMLElement)
  readonly #save = byId('settings-save', HTMLButtonElement)
  readonly #fields: readonly Field[] = SETTINGS.map(fieldOf)
  readonly #onApplied: () => void
  #camera: string | undefined
  #inForce: Fields = {}
  #isDefault = true
  /** Somebody typed: the form is not overwritten. */
  #touched = false

  constructor(onApplied: () => void) {
    this.#onApplied = onApplied
    byId('settings-fields', HTMLElement).append(...this.#fields.map(({ element }) => element))
    const form = byId('settings-form', HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#apply()
    })
    form.addEventListener('input', () => {
      this.#touched = true
    })
    byId('settings-revert', HTMLButtonElement).addEventListener('click', () => this.#fill())
    this.#details.addEventListener('toggle', () => {
      if (this.#details.open) void this.#learnDefault()
    })
  }

  /** `inForce`: the camera's settings as the status tells them. */
  show(camera: string, inForce: Fields): void {
    const isOther = camera !== this.#camera
    this.#camera = camera
    this.#inForce = inForce
    if (isOther && this.#details.open) void this.#learnDefault()
    if (isOther || !this.#touched) this.#fill(isOther)
  }

  #fill(isNew = true): void {
    this.#touched = false
    if (isNew) this.#say(new Map(), '', '')
    for (const { setting, input } of this.#fields) {
      const entry = entryOf(setting, this.#inForce[setting.key])
      if (typeof entry === 'boolean') input.checked = entry
      else input.value = entry
    }
  }

  /** The default camera's settings stand in a place of their own. */
  async #learnDefault(): Promise<void> {
    const first = await askJson('cameras').then(
      (cameras) => text(fields(list(cameras)[0]).id),
      () => undefined,
    )
    if (first !== undefined) this.#isDefault = first === this.#camera
    for (const { setting, element } of this.#fields) element.hidden = setting.isDefaultOnly === true && !this.#isDefault
  }

  async #apply(): Promise<void> {
    const shown = this.#fields.filter(({ element }) => !element.hidden)
    const entered: Entered = Object.fromEntries(
      shown.map(({ setting, input }) => [setting.key, setting.kind === 'flag' ? input.checked : input.value]),
    )
    const settings = shown.map(({ setting }) => setting)
    const values = changedValues(settings, this.#inForce, entered)
    if (Object.keys(values).length === 0) return this.#say(new Map(), '', 'Nothing was changed.')
    const body = this.#isDefault ? { camera: values } : { cameras: [{ id: this.#camera, ...values }] }
    this.#save.setAttribute('aria-busy', 'true')
    try {
      const answer = fields(await askJson('config', { method: 'PUT', body, timeoutMs: 15_000 }))
      this.#inForce = { ...this.#inForce, ...values }
      this.#touched = false
      this.#say(
        new Map(),
        '',
        outcomeOf(
          Object.keys(values),
          list(answer.pending).map((key) => text(key)),
        ),
      )
      this.#onApplied()
    } catch (thrown) {
      this.#refused(thrown)
    }
    this.#save.removeAttribute('aria-busy')
  }

  #refused(thrown: unknown): void {
    if (!(thrown instanceof Refused) || thrown.status !== 400) {
      this.#say(new Map(), sentenceOf(thrown), '')
      return
    }
    const { byKey, others } = problemsOf(
      thrown.message,
      SETTINGS.map(({ key }) => key),
    )
    this.#say(byKey, others.join('; '), byKey.size > 0 ? 'Nothing was changed: see the fields marked.' : '')
    this.#fields.find(({ setting }) => byKey.has(setting.key))?.input.focus()
  }

  #say(faults: ReadonlyMap<string, string>, fault: string, note: string): void {
    for (const { setting, input, fault: place } of this.#fields) {
      const problem = faults.get(setting.key)
      setText(place, problem === undefined ? '' : `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`)
      if (problem === undefined) input.removeAttribute('aria-invalid')
      else input.setAttribute('aria-invalid', 'true')
    }
    setText(this.#fault, fault)
    setText(this.#note, note)
  }
}

function fieldOf(setting: Setting): Field {
  const { key, label, kind, isWide } = setting
  const id = `setting-${key}`
  const fault = make('p', { class: 'fault', id: `${id}-fault` })
  const input =
    kind === 'flag'
      ? make('input', { id, type: 'checkbox', class: 'switch', role: 'switch' })
      : make('input', {
          id,
          type: 'text',
          autocomplete: 'off',
          spellcheck: 'false',
          inputmode: kind === 'number' ? 'decimal' : 'text',
        })
  input.setAttribute('aria-describedby', fault.id)
  const kinds = `field${isWide ? ' whole' : ''}${kind === 'flag' ? ' toggle' : ''}`
  return { setting, input, fault, element: make('div', { class: kinds }, make('label', { for: id }, label), input, fault) }
}
