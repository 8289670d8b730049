/** The controls of the camera that is shown. */

import { askJson, sentenceOf } from './api.js'
import {
  type Control,
  type ControlValue,
  canReset,
  controlsOf,
  grouped,
  movesOthers,
  resultsOf,
  type SetResult,
} from './control-model.js'
import { ControlRow } from './control-row.js'
import { byId, make, setText } from './dom.js'

/** Settings come in bursts; one look after them is enough. */
const LOOK_AGAIN_MS = 250

export class ControlsPanel {
  readonly #place = byId('controls', HTMLElement)
  readonly #note = byId('controls-note', HTMLElement)
  readonly #reset = byId('controls-reset', HTMLButtonElement)
  readonly #rows = new Map<string, ControlRow>()
  #controls: readonly Control[] = []
  #camera: string | undefined
  #abort = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.#reset.addEventListener('click', () => void this.#resetAll())
  }

  /** Reads the controls of a camera; those of another one are gone at once. */
  show(camera: string): void {
    if (camera !== this.#camera) this.#clear('Reading the controls')
    this.#camera = camera
    this.#abort.abort()
    this.#abort = new AbortController()
    void this.#load(camera, this.#abort.signal)
  }

  /** There is no camera that could have any. */
  hide(): void {
    this.#camera = undefined
    this.#abort.abort()
    this.#clear('None while there is no camera.')
  }

  #clear(note: string): void {
    this.#rows.clear()
    this.#controls = []
    this.#place.replaceChildren()
    this.#reset.disabled = true
    setText(this.#note, note)
  }

  async #load(camera: string, signal: AbortSignal): Promise<void> {
    try {
      this.#show(controlsOf(await askJson(`cameras/${camera}/controls`, { signal })))
    } catch (thrown) {
      if (!signal.aborted) this.#clear(`No controls now: ${lowered(sentenceOf(thrown))}`)
    }
  }

  #show(controls: readonly Control[]): void {
    this.#controls = controls
    setText(this.#note, controls.length === 0 ? 'This camera has no controls.' : '')
    const isSame = controls.length === this.#rows.size && controls.every(({ name }) => this.#rows.has(name))
    if (!isSame) this.#build()
    else for (const control of controls) this.#rows.get(control.name)?.update(control)
    this.#reset.disabled = !controls.some(canReset)
  }

  #build(): void {
    this.#rows.clear()
    const groups = grouped(this.#controls).map(({ title, controls }) => {
      const rows = controls.map((control) => {
        const row = new ControlRow(control, {
          send: (known, value) => this.#set(known, value),
          onSet: (known) => this.#wasSet(known),
        })
        this.#rows.set(control.name, row)
        return row.element
      })
      return make('fieldset', { class: 'group' }, make('legend', {}, title), ...rows)
    })
    this.#place.replaceChildren(...groups)
  }

  async #set({ name }: Control, value: ControlValue): Promise<SetResult | undefined> {
    return resultsOf(await this.#put({ [name]: value })).find((result) => result.name === name)
  }

  #put(values: Readonly<Record<string, ControlValue>>): Promise<unknown> {
    return askJson(`cameras/${this.#camera}/controls`, { method: 'PUT', body: values })
  }

  #wasSet(control: Control): void {
    this.#controls = this.#controls.map((known) => (known.name === control.name ? control : known))
    this.#reset.disabled = !this.#controls.some(canReset)
    if (movesOthers(control)) this.#lookAgain()
  }

  #lookAgain(): void {
    clearTimeout(this.#timer)
    const camera = this.#camera
    this.#timer = setTimeout(() => {
      if (camera !== undefined && camera === this.#camera) this.show(camera)
    }, LOOK_AGAIN_MS)
  }

  async #resetAll(): Promise<void> {
    const values = Object.fromEntries(
      this.#controls
        .filter(canReset)
        .flatMap(({ name, default: standard }) => (standard === undefined ? [] : [[name, standard]])),
    )
    this.#reset.disabled = true
    try {
      const failed = resultsOf(await this.#put(values)).filter(({ isSet }) => !isSet)
      setText(
        this.#note,
        failed.map(({ name, detail }) => `${name}: ${detail}.`).join(' ') || 'The controls have their defaults again.',
      )
    } catch (thrown) {
      setText(this.#note, sentenceOf(thrown))
    }
    const note = this.#note.textContent
    if (this.#camera !== undefined) await this.#load(this.#camera, this.#abort.signal)
    setText(this.#note, note ?? '')
  }
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
