/** Paints JPEGs on a canvas, newest first: one that comes while another is decoded takes the place of those that wait. */

export interface Painted {
  readonly widthPx: number
  readonly heightPx: number
}

export class Painter<Facts> {
  readonly #canvas: HTMLCanvasElement
  readonly #onPainted: (painted: Painted, facts: Facts) => void
  #next: { readonly jpeg: Uint8Array<ArrayBuffer>; readonly facts: Facts } | undefined
  #busy = false
  #generation = 0

  constructor(canvas: HTMLCanvasElement, onPainted: (painted: Painted, facts: Facts) => void) {
    this.#canvas = canvas
    this.#onPainted = onPainted
  }

  show(jpeg: Uint8Array<ArrayBuffer>, facts: Facts): void {
    this.#next = { jpeg, facts }
    if (!this.#busy) void this.#work()
  }

  /** What is being decoded now is not painted any more. */
  forget(): void {
    this.#next = undefined
    this.#generation += 1
  }

  async #work(): Promise<void> {
    this.#busy = true
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined
      const generation = this.#generation
      // A picture that cannot be decoded is left out: the next one is on its way.
      const bitmap = await createImageBitmap(new Blob([next.jpeg], { type: 'image/jpeg' })).catch(() => undefined)
      if (bitmap === undefined) continue
      if (generation === this.#generation) this.#paint(bitmap, next.facts)
      bitmap.close()
    }
    this.#busy = false
  }

  #paint(bitmap: ImageBitmap, facts: Facts): void {
    const { width, height } = bitmap
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width
      this.#canvas.height = height
    }
    this.#canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0)
    this.#onPainted({ widthPx: width, heightPx: height }, facts)
  }
}
