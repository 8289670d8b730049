/** The big picture of one camera, what covers it when there is none, and what was measured of it. */

import { byId, setText } from './dom.js'
import { FallbackPicture } from './fallback.js'
import { FrameRate } from './frame-rate.js'
import { Latency } from './latency.js'
import { canPaint, type FrameFacts, LivePicture, type PictureState } from './picture.js'

export interface ViewerPorts {
  /** The service wants a token. */
  onSignIn(): void
  /** The stream broke or carries a placeholder: the status is worth asking for at once. */
  onTrouble(): void
}

interface Cover {
  readonly badge: string
  readonly title: string
  readonly text: string
}

const READOUT_MS = 500
const NOTHING = '–'
const BY_ITSELF = 'It comes back by itself.'

export class Viewer {
  readonly latency = new Latency()
  readonly #ports: ViewerPorts
  readonly #stage = byId('stage', HTMLElement)
  readonly #canvas = byId('picture', HTMLCanvasElement)
  readonly #announcer = byId('announcer', HTMLElement)
  readonly #fallback: FallbackPicture
  readonly #rate = new FrameRate()
  #paints = canPaint()
  #picture: LivePicture | undefined
  #camera: { readonly id: string; readonly name: string } | undefined
  #state: PictureState = { kind: 'connecting' }
  #size = ''
  /** Why there is no picture, as the status tells. */
  #why: string | undefined
  #away = false

  constructor(ports: ViewerPorts) {
    this.#ports = ports
    this.#fallback = new FallbackPicture(byId('fallback', HTMLImageElement), (state) =>
      this.#changed(state === 'live' ? { kind: 'live' } : { kind: 'waiting', reason: 'ended', text: '' }),
    )
    setInterval(() => this.#readOut(), READOUT_MS)
  }

  /** Begins anew, with another camera or the same. */
  show(id: string, name: string): void {
    this.stop()
    this.#camera = { id, name }
    this.#canvas.setAttribute('aria-label', `Live picture of ${name}`)
    this.#changed({ kind: 'connecting' })
    this.#canvas.hidden = !this.#paints
    if (!this.#paints) {
      this.#fallback.start(id)
      return
    }
    this.#picture = new LivePicture({
      canvas: this.#canvas,
      camera: id,
      onState: (state) => this.#changed(state),
      onFrame: ({ widthPx, heightPx }, facts) => this.#painted(widthPx, heightPx, facts),
    })
    this.#picture.start()
  }

  refresh(): void {
    if (this.#camera !== undefined) this.show(this.#camera.id, this.#camera.name)
  }

  stop(): void {
    this.#picture?.stop()
    this.#picture = undefined
    this.#fallback.stop()
    this.#camera = undefined
    this.#state = { kind: 'connecting' }
    this.#rate.clear()
    this.latency.clear()
    this.#size = ''
    this.#readOut()
  }

  /** `why`: what the status says, while the camera delivers nothing. */
  explain(why: string | undefined, away: boolean): void {
    const isBack = this.#away && !away
    this.#why = why
    this.#away = away
    // An image does not tell that its stream ended.
    if (isBack && !this.#paints) this.refresh()
    else this.#cover()
  }

  get #isLive(): boolean {
    return this.#state.kind === 'live' && (this.#paints || !this.#away)
  }

  #painted(widthPx: number, heightPx: number, { isOnline, capturedMs, ageMs, arrivedMs }: FrameFacts): void {
    this.#stage.style.setProperty('aspect-ratio', `${widthPx} / ${heightPx}`)
    if (!isOnline) return
    this.#size = `${widthPx} × ${heightPx}`
    const nowMs = performance.now()
    this.#rate.mark(nowMs)
    if (capturedMs !== undefined) {
      this.latency.frame({ capturedMs, ageMs, arrivedMs, paintedMs: performance.timeOrigin + nowMs })
    }
  }

  #changed(state: PictureState): void {
    const before = this.#state.kind
    this.#state = state
    if (state.kind === 'failed' && state.reason === 'unreadable') {
      this.#paints = false
      this.refresh()
      return
    }
    if (state.kind === 'failed') this.#ports.onSignIn()
    if (state.kind !== 'live') {
      this.#rate.clear()
      this.latency.clear()
    }
    if ((state.kind === 'waiting' || state.kind === 'placeholder') && before !== state.kind) this.#ports.onTrouble()
    if (state.kind === 'live' && before !== 'live') this.#ports.onTrouble()
    this.#cover()
  }

  #cover(): void {
    const { badge, title, text } = this.#words()
    const covered = this.#state.kind === 'placeholder' ? 'placeholder' : 'none'
    this.#stage.dataset.state = this.#isLive ? 'live' : covered
    setText(byId('badge-text', HTMLElement), badge)
    setText(byId('veil-title', HTMLElement), title)
    setText(byId('veil-text', HTMLElement), text)
    setText(this.#announcer, this.#camera === undefined ? '' : `${this.#camera.name}: ${badge.toLowerCase()}`)
  }

  #words(): Cover {
    const { kind } = this.#state
    if (this.#isLive) return { badge: 'Live', title: '', text: '' }
    if (this.#away) {
      return {
        badge: 'Reconnecting',
        title: 'Service away',
        text: 'It does not answer. The picture comes back by itself when it does.',
      }
    }
    if (this.#why !== undefined) return { badge: 'No signal', title: this.#why, text: 'The notice says what to do.' }
    if (kind === 'placeholder') return { badge: 'No signal', title: 'No signal', text: BY_ITSELF }
    if (kind === 'waiting') return { badge: 'Reconnecting', title: 'Reconnecting', text: waitingText(this.#state) }
    return { badge: 'Connecting', title: 'Connecting', text: '' }
  }

  #readOut(): void {
    const isLive = this.#state.kind === 'live'
    const fps = this.#rate.at(performance.now())
    const latencyMs = this.latency.medianMs
    setText(byId('read-size', HTMLElement), this.#size || NOTHING)
    setText(byId('read-fps', HTMLElement), isLive && fps !== undefined ? `${fps.toFixed(1)} fps` : NOTHING)
    setText(byId('read-latency', HTMLElement), isLive && latencyMs !== undefined ? `${Math.round(latencyMs)} ms` : NOTHING)
  }
}

function waitingText(state: PictureState): string {
  return state.kind === 'waiting' && state.reason === 'refused' ? `${state.text}. ${BY_ITSELF}` : BY_ITSELF
}
