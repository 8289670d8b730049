/** Who watches: limits (usb-camera-server §12), ends by a token's expiry, and what the log says of each viewer. */

import { constants } from 'node:os'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Access } from './access/access.js'
import { atExpiry } from './access/expiry.js'
import { FAULTS, type HttpFault } from './errors.js'
import type { FaceFaults } from './faults.js'
import type { ViewerEnd, ViewersPort, ViewerWish } from './ports.js'
import type { CameraFaceSettings } from './settings.js'

export interface ViewersOptions {
  readonly port: ViewersPort
  readonly faults: FaceFaults
  readonly settings: Pick<CameraFaceSettings, 'maxViewers' | 'maxViewersPerCamera' | 'maxUnauthenticatedPerAddress'>
  readonly clock: Clock
  readonly logger: Logger
}

interface Viewer {
  readonly camera: string
  readonly remote: string
  readonly anonymous: boolean
  readonly cancelExpiry: () => void
}

export class Viewers {
  readonly #options: ViewersOptions
  readonly #viewers = new Map<number, Viewer>()
  readonly #perCamera = new Map<string, number>()
  readonly #anonymousPerAddress = new Map<string, number>()
  readonly #forget: () => void
  #onEmpty: () => void = () => undefined

  constructor(options: ViewersOptions) {
    this.#options = options
    this.#forget = options.port.onEnded((end) => this.#ended(end))
  }

  get count(): number {
    return this.#viewers.size
  }

  countOf(camera: string): number {
    return this.#perCamera.get(camera) ?? 0
  }

  /** Throws 503 when one more would be too many. */
  demandRoom(camera: string, access: Access, remote: string): void {
    const { maxViewers, maxViewersPerCamera, maxUnauthenticatedPerAddress } = this.#options.settings
    const anonymous = access.anonymous ? (this.#anonymousPerAddress.get(remote) ?? 0) : 0
    const full = this.count >= maxViewers || this.countOf(camera) >= maxViewersPerCamera
    if (full || anonymous >= maxUnauthenticatedPerAddress) throw FAULTS.tooManyViewers()
  }

  /** `named`: it asked for this camera, not for the default one. Throws when the descriptor cannot be taken over. */
  add(
    fd: number,
    { camera, named }: { readonly camera: string; readonly named: boolean },
    wish: ViewerWish,
    access: Access,
  ): void {
    this.demandRoom(camera, access, wish.remote)
    const viewer = this.#handOver(fd, named ? camera : undefined, wish)
    this.#viewers.set(viewer, {
      camera,
      remote: wish.remote,
      anonymous: access.anonymous,
      cancelExpiry: atExpiry(this.#options.clock, access.identity, () => this.#options.port.end(viewer)),
    })
    count(this.#perCamera, camera, 1)
    if (access.anonymous) count(this.#anonymousPerAddress, wish.remote, 1)
    this.#options.logger.info({ viewer, device: camera, remote: wish.remote, label: wish.label }, 'viewer came')
  }

  /** Ends each with its closing boundary and waits until they are gone, at most so long. */
  async close(longestMs: number): Promise<void> {
    const { port, clock } = this.#options
    port.endAll()
    if (this.count > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
        clock.after(longestMs, resolve)
      })
    }
    this.#forget()
    for (const { cancelExpiry } of this.#viewers.values()) cancelExpiry()
  }

  #handOver(fd: number, camera: string | undefined, wish: ViewerWish): number {
    try {
      return this.#options.port.add(fd, camera, wish)
    } catch (thrown) {
      throw refusalOf(thrown) ?? thrown
    }
  }

  #ended({ viewer, reason, frames, bytes, skipped }: ViewerEnd): void {
    const known = this.#viewers.get(viewer)
    if (known === undefined) return
    this.#viewers.delete(viewer)
    known.cancelExpiry()
    count(this.#perCamera, known.camera, -1)
    if (known.anonymous) count(this.#anonymousPerAddress, known.remote, -1)
    const { camera: device, remote } = known
    this.#options.logger.info({ viewer, device, remote, reason, frames, bytes, skipped }, 'viewer left')
    const { faults } = this.#options
    if (reason === 'stalled') faults.count('viewer', 'STALLED', `${device}: ${remote} took no byte for too long`)
    if (reason === 'error') faults.count('viewer', 'ERROR', `${device}: the connection of ${remote} broke`)
    if (skipped > 0) faults.count('viewer', 'SKIPPED', `${device}: ${remote} was too slow for ${skipped} frames`, skipped)
    if (this.count === 0) this.#onEmpty()
  }
}

/** What the client is told; undefined when it is a fault of ours. */
function refusalOf(thrown: unknown): HttpFault | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { code, errno } = thrown as NodeJS.ErrnoException
  if (code === 'TOO_MANY_VIEWERS') return FAULTS.tooManyViewers()
  return errno === constants.errno.EMFILE || errno === constants.errno.ENFILE ? FAULTS.noDescriptor() : undefined
}

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + change
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
