/** The two cards, what to do when something is wrong, and the figures. */

import { type Advice, adviceOf, cameraWord, connectionWord, type Word } from './advice.js'
import { byId, make, setText } from './dom.js'
import { bitRate, count, duration } from './figures.js'
import type { Status } from './wire.js'

export class StatusPanel {
  readonly #list = byId('statistics-list', HTMLElement)
  readonly #toggle = byId('statistics-toggle', HTMLButtonElement)
  readonly #panel = byId('statistics', HTMLElement)
  readonly #figures = new Map<string, HTMLElement>()

  constructor() {
    this.#toggle.addEventListener('click', () => {
      this.#panel.hidden = !this.#panel.hidden
      this.#toggle.setAttribute('aria-expanded', String(!this.#panel.hidden))
    })
  }

  /** What is wrong with the camera, if anything is. */
  show(status: Status): Advice | undefined {
    card('camera', cameraWord(status), cameraText(status))
    card('connection', connectionWord(status), connectionText(status))
    for (const [name, value] of figuresOf(status)) setText(this.#figure(name), value)
    const advice = adviceOf(status)
    notice(advice)
    return advice
  }

  showAway(): void {
    const unknown: Word = { tone: 'bad', word: 'Unknown' }
    card('camera', unknown, 'The service does not answer')
    card('connection', { tone: 'bad', word: 'Service away' }, 'Reconnecting by itself')
    notice({
      title: 'The service does not answer',
      text: 'It may be restarting, or the network is down. This page reconnects by itself. If it takes long, look at the service on its machine:',
      command: 'systemctl status camera-service',
      canRestart: false,
    })
  }

  #figure(name: string): HTMLElement {
    const known = this.#figures.get(name)
    if (known !== undefined) return known
    const value = make('dd')
    this.#list.append(make('div', {}, make('dt', {}, name), value))
    this.#figures.set(name, value)
    return value
  }
}

function card(name: 'camera' | 'connection', { tone, word }: Word, text: string): void {
  byId(`card-${name}`, HTMLElement).dataset.tone = tone
  setText(byId(`card-${name}-state`, HTMLElement), word)
  setText(byId(`card-${name}-text`, HTMLElement), text)
}

function notice(advice: Advice | undefined): void {
  const section = byId('notice', HTMLElement)
  const command = byId('notice-command', HTMLElement)
  if (advice !== undefined) {
    setText(byId('notice-title', HTMLElement), advice.title)
    setText(byId('notice-text', HTMLElement), advice.text)
    setText(command.firstElementChild ?? command, advice.command ?? '')
    command.hidden = advice.command === undefined
    setText(byId('notice-detail', HTMLElement), advice.detail === undefined ? '' : `The service says: ${advice.detail}.`)
    byId('notice-restart', HTMLElement).hidden = !advice.canRestart
  }
  section.hidden = advice === undefined
}

function cameraText({ name, actual }: Status): string {
  if (actual === undefined) return name
  return `${name}\n${actual.pixelFormat} ${actual.width} × ${actual.height}`
}

function connectionText({ viewers, actual, isConnected }: Status): string {
  const watching = `${count(viewers)} ${viewers === 1 ? 'viewer' : 'viewers'}`
  return isConnected && actual !== undefined ? `${watching}\nCamera sends ${actual.fpsMeasured.toFixed(1)}\u00a0fps` : watching
}

function figuresOf(status: Status): readonly (readonly [string, string])[] {
  const { actual, drops } = status
  const dropped = Object.entries(drops).filter(([, many]) => many > 0)
  const reasons = dropped.map(([reason, many]) => `${reason.replaceAll('_', ' ')} ${count(many)}`).join(', ')
  return [
    ['Frames captured', count(status.framesCaptured)],
    ['Frames dropped', reasons === '' ? count(status.framesDropped) : `${count(status.framesDropped)} (${reasons})`],
    ['Uptime', duration(status.uptimeSeconds)],
    ['Queue size', count(status.queueSize)],
    ['Camera sends', actual === undefined ? '–' : `${actual.fpsMeasured.toFixed(1)} of ${trimmed(actual.fpsNominal)} fps`],
    ['Data rate', actual === undefined ? '–' : bitRate(actual.bytesPerSecond)],
    ['Viewers', count(status.viewers)],
    ['Connection errors', count(status.connectionErrors)],
    ['Last reconnect', status.lastReconnect?.slice(0, 19).replace('T', ' ') ?? 'never'],
  ]
}

function trimmed(fps: number): string {
  return String(Math.round(fps * 100) / 100)
}
