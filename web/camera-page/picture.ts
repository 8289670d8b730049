/** The live picture of one camera on one canvas. */

import { ask } from './api.js'
import { LiveStream, type StreamState } from './live-stream.js'
import type { Part } from './multipart.js'
import { type Painted, Painter } from './painter.js'

/** `live`: frames of the camera; `placeholder`: the service shows why there are none. */
export type PictureState = StreamState | { readonly kind: 'live' | 'placeholder' }

export interface FrameFacts {
  readonly isOnline: boolean
  /** By the service's clock; undefined when it was not told. */
  readonly capturedMs: number | undefined
  readonly ageMs: number | undefined
  readonly arrivedMs: number
}

export interface PictureOptions {
  readonly canvas: HTMLCanvasElement
  readonly camera: string
  /** Frames per second at most; every frame without it. */
  readonly maxFps?: number
  onState(state: PictureState): void
  onFrame?(painted: Painted, facts: FrameFacts): void
}

/** WebKit takes an answer of a multipart type apart by itself, and no script can read it. */
const PLAIN_BYTES = 'application/octet-stream'

/** Whether this browser can read a stream and decode pictures by itself; else an `img` has to do. */
export function canPaint(): boolean {
  return typeof createImageBitmap === 'function' && 'body' in Response.prototype
}

export class LivePicture {
  readonly #stream: LiveStream
  readonly #painter: Painter<FrameFacts>

  constructor({ canvas, camera, maxFps, onState, onFrame }: PictureOptions) {
    let shown: PictureState['kind'] | undefined
    const tell = (state: PictureState): void => {
      shown = state.kind
      onState(state)
    }
    this.#painter = new Painter(canvas, (painted, facts) => {
      const kind = facts.isOnline ? 'live' : 'placeholder'
      if (shown === 'open' || shown === 'live' || shown === 'placeholder') if (shown !== kind) tell({ kind })
      onFrame?.(painted, facts)
    })
    this.#stream = new LiveStream({
      open: (signal) => ask(feedPath(camera, maxFps), { signal, accept: PLAIN_BYTES }),
      onPart: (part, arrivedMs) => this.#painter.show(part.body, factsOf(part, arrivedMs)),
      onState: tell,
    })
  }

  start(): void {
    this.#stream.start()
  }

  stop(): void {
    this.#stream.stop()
    this.#painter.forget()
  }
}

/** The last parameter keeps caches between here and the service from answering. */
function feedPath(camera: string, maxFps: number | undefined): string {
  const query = new URLSearchParams({ camera, extra_headers: '1', key: 'page' })
  if (maxFps !== undefined) query.set('fps', String(maxFps))
  query.set('t', String(Date.now()))
  return `video_feed?${query}`
}

function factsOf({ headers }: Part, arrivedMs: number): FrameFacts {
  const capturedMs = milliseconds(headers.get('x-timestamp'), 1000)
  return {
    isOnline: headers.get('x-frame-online') !== 'false',
    capturedMs,
    ageMs: milliseconds(headers.get('x-frame-age-ms'), 1),
    arrivedMs,
  }
}

function milliseconds(header: string | undefined, factor: number): number | undefined {
  const value = header === undefined ? Number.NaN : Number(header) * factor
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
