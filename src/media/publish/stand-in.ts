/**
 * Keeps pictures flowing into a publisher's pipe while its camera gives none: MediaMTX drops a silent publisher after 10 s, and
 * all its readers with it. Opens the pipe once more for writing, so it also stays open when the camera's feed ends.
 */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { greyJpeg } from './grey-jpeg.js'

export class StandIn {
  readonly #pipe: FileHandle
  readonly #picture: Buffer | undefined
  #busy = false

  private constructor(pipe: FileHandle, picture: Buffer | undefined) {
    this.#pipe = pipe
    this.#picture = picture
  }

  /** `readFd`: the child's end of the pipe, still open here. Without a picture (H.264) the pipe is merely held open. */
  static async open(readFd: number, size: { readonly width: number; readonly height: number } | undefined): Promise<StandIn> {
    const pipe = await open(`/proc/self/fd/${readFd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    return new StandIn(pipe, size && greyJpeg(size.width, size.height))
  }

  /** Of the pipe: another feed may go into it. */
  get fd(): number {
    return this.#pipe.fd
  }

  /** Shows one picture. Never throws: a full pipe needs none, and a child that is gone is noticed elsewhere. */
  show(): void {
    if (this.#picture === undefined || this.#busy) return
    this.#busy = true
    const done = () => {
      this.#busy = false
    }
    this.#pipe.write(this.#picture).then(done, done)
  }

  close(): Promise<void> {
    return this.#pipe.close()
  }
}
