/** Tabs, one per camera and one for all: a single stop of the tab key, arrow keys between them. */

import { cameraWord } from './advice.js'
import { icon, make, setText } from './dom.js'
import type { CameraState } from './wire.js'

export const ALL = 'all'

interface Tab {
  readonly button: HTMLButtonElement
  readonly label: HTMLElement
}

export class Switcher {
  readonly #list: HTMLElement
  readonly #onSelect: (view: string) => void
  readonly #tabs = new Map<string, Tab>()
  #selected = ''

  constructor(tablist: HTMLElement, onSelect: (view: string) => void) {
    this.#list = tablist
    this.#onSelect = onSelect
    tablist.addEventListener('keydown', (event) => this.#moved(event))
  }

  /** `selected`: the id of a camera, or `ALL`. */
  show(cameras: readonly CameraState[], selected: string): void {
    const views = [...(cameras.length > 1 ? [ALL] : []), ...cameras.map(({ id }) => id)]
    if (views.join() !== [...this.#tabs.keys()].join()) this.#build(views)
    for (const camera of cameras) this.#describe(camera)
    if (selected !== this.#selected || !this.#list.querySelector('[aria-selected="true"]')) this.#mark(selected)
  }

  #build(views: readonly string[]): void {
    const hadFocus = this.#list.contains(document.activeElement)
    this.#tabs.clear()
    for (const view of views) {
      const label = make('span')
      const mark = view === ALL ? icon('statistics') : make('span', { class: 'dot' })
      const button = make('button', { type: 'button', role: 'tab', id: `tab-${view}` }, mark, label)
      button.setAttribute('aria-controls', view === ALL ? 'grid' : 'picture-section')
      button.addEventListener('click', () => this.#choose(view))
      if (view === ALL) {
        mark.remove()
        label.textContent = 'All cameras'
      }
      this.#tabs.set(view, { button, label })
    }
    this.#list.replaceChildren(...[...this.#tabs.values()].map(({ button }) => button))
    this.#mark(this.#selected)
    if (hadFocus) this.#tabs.get(this.#selected)?.button.focus()
  }

  #describe(camera: CameraState): void {
    const tab = this.#tabs.get(camera.id)
    if (tab === undefined) return
    const { tone, word } = cameraWord(camera)
    tab.button.dataset.tone = tone
    tab.button.setAttribute('aria-label', `${camera.name}, ${word.toLowerCase()}`)
    setText(tab.label, camera.name)
    tab.button.title = camera.id
  }

  #mark(selected: string): void {
    this.#selected = selected
    for (const [view, { button }] of this.#tabs) {
      const isSelected = view === selected
      button.setAttribute('aria-selected', String(isSelected))
      button.tabIndex = isSelected ? 0 : -1
      if (isSelected) button.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
  }

  #choose(view: string): void {
    if (view !== this.#selected) this.#onSelect(view)
  }

  #moved(event: KeyboardEvent): void {
    const views = [...this.#tabs.keys()]
    const at = views.indexOf(this.#selected)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: views.length - 1 }[event.key]
    if (to === undefined || views.length === 0) return
    event.preventDefault()
    const view = views[(to + views.length) % views.length] ?? ''
    this.#choose(view)
    this.#tabs.get(view)?.button.focus()
  }
}
