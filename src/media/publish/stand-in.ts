/**
 * Keeps pictures flowing into a publisher's pipe while its camera gives none: MediaMTX drops a silent publisher after 10 s, and
 * all its readers with it. Opens the pipe once more for writing, so it also stays open when the camera's feed ends.
 */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

export class StandIn {
  readonly #pipe: FileHandle
  readonly #picture: () => Promise<Buffer | undefined>
  #made: Promise<Buffer | undefined> | undefined
  #busy = false

  private constructor(pipe: FileHandle, picture: () => Promise<Buffer | undefined>) {
    this.#pipe = pipe
    this.#picture = picture
  }

  /** `readFd`: the child's end of the pipe, still open here. `picture`: asked for once, when it is needed; without one the pipe is merely held open. */
  static async open(readFd: number, picture: () => Promise<Buffer | undefined>): Promise<StandIn> {
    return new StandIn(await open(`/proc/self/fd/${readFd}`, constants.O_WRONLY | constants.O_NONBLOCK), picture)
  }

  /** Of the pipe: another feed may go into it. */
  get fd(): number {
    return this.#pipe.fd
  }

  /** Shows one picture. Never throws: a full pipe needs none, and a child that is gone is noticed elsewhere. */
  show(): void {
    if (this.#busy) return
    this.#busy = true
    this.#made ??= this.#picture()
    const done = () => {
      this.#busy = false
    }
    this.#made.then((picture) => picture && this.#pipe.write(picture)).then(done, done)
  }

  close(): Promise<void> {
    return this.#pipe.close()
  }
}
