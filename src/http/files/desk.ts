/** Who may have which file, and how many at once: one for all listeners and threads. */

import { demandPlace, type Identity, type Tickets } from '../../auth/index.js'
import type { Call } from '../routes.js'
import { type CredentialPort, identityOf } from '../trust.js'
import { type DownloadLimits, DownloadSlots } from './limits.js'
import { REFUSED, type Refused } from './refusals.js'
import { canonicalPath, type FileTarget, fileTarget, type StoredKind } from './target.js'

/** A file that is not deleted until `release`. */
export interface StoredFile {
  /** Folder of its kind, absolute. */
  readonly root: string
  /** Absolute, below `root`. */
  readonly path: string
  readonly name: string
  release(): void
}

export interface FilesPort {
  /** Rejects with INVALID_PARAMS, RECORDING_NOT_FOUND or SNAPSHOT_NOT_FOUND, INVALID_STATE (being written), STORAGE_UNREADABLE. */
  hold(kind: StoredKind, filename: string): Promise<StoredFile>
}

export interface DeskOptions {
  readonly files: FilesPort
  readonly credentials: CredentialPort
  readonly tickets: Pick<Tickets, 'redeem'>
  readonly limits: DownloadLimits
}

export interface DownloadFigures {
  readonly active: number
  readonly bytes: number
}

/** The desk as those see it who send files. */
export interface DeskPort {
  /** What the client of this request may have, or what it reads instead. Rejects with what `refusalOf` knows. */
  admit(call: Call): Promise<StoredFile | Refused>
  /** So many bytes went out. */
  sent(bytes: number): void
}

export class DownloadDesk implements DeskPort {
  readonly #options: DeskOptions
  readonly #slots: DownloadSlots
  #bytes = 0

  constructor(options: DeskOptions) {
    this.#options = options
    this.#slots = new DownloadSlots(options.limits)
  }

  get figures(): DownloadFigures {
    return { active: this.#slots.taken, bytes: this.#bytes }
  }

  sent(bytes: number): void {
    this.#bytes += bytes
  }

  async admit(call: Call): Promise<StoredFile | Refused> {
    const target = fileTarget(call.path)
    const identity = await this.#identity(call, typeof target === 'object' ? target : undefined)
    if (target === undefined) return REFUSED.unknown
    if (target === 'invalid') return REFUSED.name
    const slot = this.#slots.take(identity.userId)
    if (typeof slot === 'string') return REFUSED[slot]
    try {
      const held = await this.#options.files.hold(target.kind, target.name)
      const release = (): void => {
        held.release()
        slot()
      }
      return { root: held.root, path: held.path, name: held.name, release }
    } catch (thrown) {
      slot()
      throw thrown
    }
  }

  /** Rejects with AUTH_REQUIRED, AUTH_FAILED, RATE_LIMITED. */
  async #identity(call: Call, target: FileTarget | undefined): Promise<Identity> {
    const ticket = new URLSearchParams(call.query).get('ticket')
    if (ticket !== null && target !== undefined && call.headers.count('authorization') === 0) {
      const granted = this.#options.tickets.redeem(ticket, canonicalPath(target))?.identity
      if (granted !== undefined) return demandPlace(granted, call.local)
    }
    return await identityOf(call, this.#options.credentials)
  }
}
