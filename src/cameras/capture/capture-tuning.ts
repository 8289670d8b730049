/** What may change while frames come: how many are kept, and in which quality JPEGs are made. */

import type { CaptureInfo } from '../../native/index.js'
import type { CaptureContext } from './capture-context.js'
import type { CaptureSettings } from './capture-types.js'

type Settings = Pick<CaptureSettings, 'bufferSize' | 'jpegQuality'>

export class CaptureTuning {
  readonly #context: Pick<CaptureContext, 'core' | 'offerQuality'>
  #qualityTaken = false
  /** Grows with each offer: an answer to an earlier one says nothing. */
  #offer = 0

  constructor(context: Pick<CaptureContext, 'core' | 'offerQuality'>) {
    this.#context = context
  }

  /** The pictures have the quality that was set last: we make them, or the camera took it over. */
  get qualityTaken(): boolean {
    return this.#qualityTaken
  }

  set(source: string, { bufferSize, jpegQuality }: Settings): void {
    this.#context.core.setRetained(source, bufferSize)
    this.#context.core.setJpegQuality(source, jpegQuality)
  }

  /** The device streams: a camera that makes its own JPEGs is offered the quality. */
  offer(source: string, { jpegQuality }: Settings, { fourcc }: CaptureInfo, isVirtual: boolean): void {
    this.#offer += 1
    const offer = this.#offer
    const madeByCamera = !isVirtual && (fourcc === 'MJPG' || fourcc === 'JPEG')
    this.#qualityTaken = !madeByCamera
    if (!madeByCamera) return
    void this.#context.offerQuality(source, jpegQuality).then((taken) => {
      if (offer === this.#offer) this.#qualityTaken = taken
    })
  }
}
