/** The streams that somebody added, kept over restarts. The file holds credentials: nobody else may read it. */

import { join } from 'node:path'
import type { Logger } from '../base/logger.js'
import { isRecord, StateFile } from '../base/state-file.js'
import type { StreamType } from './types.js'

export interface KeptStream {
  /** With credentials. */
  readonly url: string
  readonly name: string
  readonly type: StreamType
  /** Of its path, and its device id. */
  readonly path: string
  /** UTC, ISO 8601. */
  readonly addedAt: string
}

const VERSION = 1
const OWNER_ONLY = 0o600

export class ExternalStore {
  readonly #file: StateFile

  constructor(options: { readonly stateDir: string; readonly logger: Logger }) {
    this.#file = new StateFile({
      file: join(options.stateDir, 'external-streams.json'),
      what: 'external streams',
      logger: options.logger,
      mode: OWNER_ONLY,
    })
  }

  async load(): Promise<readonly KeptStream[]> {
    return (await this.#file.load(parse)) ?? []
  }

  /** Resolves when it is on the disk; false when it cannot be. */
  save(streams: Iterable<KeptStream>): Promise<boolean> {
    return this.#file.save({ version: VERSION, streams: [...streams] })
  }
}

function parse(content: unknown): readonly KeptStream[] | undefined {
  if (!isRecord(content) || content.version !== VERSION || !Array.isArray(content.streams)) return undefined
  return content.streams.every(isKept) ? content.streams : undefined
}

function isKept(value: unknown): value is KeptStream {
  return (
    isRecord(value) &&
    ['url', 'name', 'path', 'addedAt'].every((member) => typeof value[member] === 'string') &&
    (value.type === 'generic_rtsp' || value.type === 'skydio_stanag4609')
  )
}
