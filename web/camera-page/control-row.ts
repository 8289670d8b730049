/** One control: its name, what it is set with, the value the camera has, and what went wrong. */

import { sentenceOf } from './api.js'
import { type Control, type ControlValue, lockOf, type SetResult, shown, type Widget, widgetOf } from './control-model.js'
import { icon, make, setText } from './dom.js'

type Input = HTMLInputElement | HTMLSelectElement | HTMLButtonElement

export interface RowPorts {
  /** Sets this one control. Rejects when the service refuses or is away. */
  send(control: Control, value: ControlValue): Promise<SetResult | undefined>
  /** It was set, and the camera said what it has now. */
  onSet(control: Control): void
}

export class ControlRow {
  readonly element: HTMLElement
  readonly #ports: RowPorts
  readonly #widget: Widget
  readonly #input: Input
  readonly #output = make('output')
  readonly #undo: HTMLButtonElement
  readonly #note = make('p', { class: 'help' })
  readonly #fault = make('p', { class: 'fault', role: 'status' })
  #control: Control
  /** What was wished for last and is not sent yet: older wishes are left out. */
  #wish: { readonly value: ControlValue } | undefined
  #sending = false

  constructor(control: Control, ports: RowPorts) {
    this.#control = control
    this.#ports = ports
    this.#widget = widgetOf(control)
    const id = `control-${control.name}`
    this.#input = inputOf(control, this.#widget, id)
    this.#note.id = `${id}-note`
    this.#fault.id = `${id}-fault`
    this.#output.htmlFor.add(id)
    this.#input.setAttribute('aria-describedby', `${this.#note.id} ${this.#fault.id}`)
    this.#input.addEventListener(this.#widget === 'slider' ? 'input' : 'change', () => this.#want(this.#read()))
    if (this.#widget === 'button') this.#input.addEventListener('click', () => this.#want(1))
    this.#undo = make('button', { type: 'button', class: 'quiet undo' }, icon('undo'))
    this.#undo.setAttribute('aria-label', `Reset ${control.label}`)
    this.#undo.title = `Reset to ${shown(control, control.default)}`
    this.#undo.addEventListener('click', () => {
      if (this.#control.default !== undefined) this.#want(this.#control.default)
      // The button goes away with the difference; the focus stays in the row.
      this.#input.focus()
    })
    this.element = this.#build(id)
    this.update(control)
  }

  /** What the camera has now. */
  update(control: Control): void {
    this.#control = control
    const lock = lockOf(control)
    const isLocked = lock !== undefined
    // A wish under way is newer than what the list says.
    if (!this.#sending) this.#write(control.value)
    this.#input.disabled = isLocked
    this.element.classList.toggle('disabled', isLocked)
    setText(this.#note, lock ?? '')
    setText(this.#output, this.#widget === 'switch' || this.#widget === 'select' ? '' : shown(control, control.value))
    this.#undo.disabled = isLocked || control.default === undefined || control.value === control.default
  }

  #build(id: string): HTMLElement {
    const { label } = this.#control
    const value = make('div', { class: 'value' }, this.#undo)
    const name = this.#widget === 'button' ? make('span', {}, label) : make('label', { for: id }, label)
    const row = make('div', { class: 'control' }, name, value)
    row.dataset.control = this.#control.name
    if (this.#widget === 'switch' || this.#widget === 'button') value.append(this.#input)
    else {
      value.append(this.#output)
      row.append(make('div', { class: 'wide' }, this.#input, ...rangeOf(this.#control, this.#widget)))
    }
    row.append(this.#note, this.#fault)
    return row
  }

  #read(): ControlValue {
    if (this.#widget === 'switch') return this.#input instanceof HTMLInputElement && this.#input.checked
    const { value } = this.#input
    const isNumber = this.#control.type !== 'string' && /^-?\d+$/.test(value) && Number.isSafeInteger(Number(value))
    return isNumber ? Number(value) : value
  }

  #write(value: ControlValue | undefined): void {
    if (value === undefined || this.#widget === 'button') return
    if (this.#widget === 'switch') (this.#input as HTMLInputElement).checked = value === true
    else if (this.#input.value !== String(value)) this.#input.value = String(value)
  }

  #want(value: ControlValue): void {
    this.#wish = { value }
    if (!this.#sending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#sending = true
    let fault = ''
    for (let wish = this.#wish; wish !== undefined; wish = this.#wish) {
      this.#wish = undefined
      try {
        const result = await this.#ports.send(this.#control, wish.value)
        fault = result?.detail ?? ''
        if (result?.value !== undefined) this.#control = { ...this.#control, value: result.value }
      } catch (thrown) {
        fault = sentenceOf(thrown)
      }
      setText(this.#output, shown(this.#control, this.#control.value))
    }
    this.#sending = false
    setText(this.#fault, fault === '' ? '' : `${fault.charAt(0).toUpperCase()}${fault.slice(1)}`)
    this.update(this.#control)
    this.#ports.onSet(this.#control)
  }
}

function inputOf(control: Control, widget: Widget, id: string): Input {
  const { minimum, maximum, step, menu, type, label } = control
  switch (widget) {
    case 'slider':
      return make('input', { id, type: 'range', min: minimum, max: maximum, step })
    case 'switch':
      return make('input', { id, type: 'checkbox', class: 'switch', role: 'switch' })
    case 'select':
      return make('select', { id }, ...menu.map((entry) => make('option', { value: entry.value }, entry.label)))
    case 'button': {
      const button = make('button', { id, type: 'button' }, 'Run')
      button.setAttribute('aria-label', `Run ${label}`)
      return button
    }
    case 'text':
      return make('input', { id, type: 'text', autocomplete: 'off', ...(type === 'string' ? {} : { inputmode: 'numeric' }) })
  }
}

function rangeOf({ minimum, maximum }: Control, widget: Widget): readonly HTMLElement[] {
  if (widget === 'select' || minimum === undefined || maximum === undefined) return []
  const ends = [make('span', {}, String(minimum)), make('span', {}, String(maximum))]
  return [make('div', { class: 'range', 'aria-hidden': 'true' }, ...ends)]
}
