/** The picture in an `img`, for browsers that cannot read a stream: no readouts, and the same reconnecting. */

import { askJson } from './api.js'
import { session } from './session.js'
import { fields, text } from './wire.js'

const RETRY_MS = 2_000

export class FallbackPicture {
  readonly #image: HTMLImageElement
  readonly #onState: (state: 'live' | 'waiting') => void
  #camera: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(image: HTMLImageElement, onState: (state: 'live' | 'waiting') => void) {
    this.#image = image
    this.#onState = onState
    image.addEventListener('load', () => {
      if (this.#camera !== undefined) this.#onState('live')
    })
    image.addEventListener('error', () => this.#again())
  }

  start(camera: string): void {
    this.stop()
    this.#camera = camera
    this.#image.hidden = false
    void this.#load(camera)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#camera = undefined
    this.#image.hidden = true
    this.#image.removeAttribute('src')
  }

  async #load(camera: string): Promise<void> {
    const address = await feedAddress(camera).catch(() => undefined)
    if (this.#camera !== camera) return
    if (address === undefined) this.#again()
    else this.#image.src = address
  }

  #again(): void {
    const camera = this.#camera
    if (camera === undefined) return
    this.#onState('waiting')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#load(camera), RETRY_MS)
  }
}

/** An `img` sends no header: with a token it needs a ticket, which opens this one stream for a moment. */
async function feedAddress(camera: string): Promise<string> {
  const stamp = String(Date.now())
  if (session.token === undefined) return `video_feed?${new URLSearchParams({ camera, t: stamp })}`
  const issued = fields(await askJson('api/v1/tickets', { method: 'POST', body: { path: '/video_feed', camera } }))
  return `video_feed?${new URLSearchParams({ camera, ticket: text(issued.ticket), t: stamp })}`
}
