/** A MediaMTX of our own: one child process with a generated configuration. One object per life of the child. */

import { type ChildProcess, spawn } from 'node:child_process'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endChild } from '../../base/child.js'
import { type Clock, wait } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { makeFolder } from '../../base/make-folder.js'
import { MediamtxClient } from '../api/client.js'
import { MediamtxError } from '../api/failures.js'
import type { MediaMeter } from '../meter.js'
import type { PathBody } from '../paths/body.js'
import { type ServerPlaces, type ServerSecrets, serverConfig, serverEnvironment } from './config.js'
import { ServerLog } from './log.js'

export interface ManagedServerOptions {
  readonly binary: string
  /** Its working directory, made when missing. */
  readonly directory: string
  readonly places: ServerPlaces
  readonly secrets: ServerSecrets
  readonly paths: ReadonlyMap<string, PathBody>
  /** The whole environment, besides its own switches. */
  readonly environment: Readonly<Record<string, string>>
  readonly writeMs: number
  readonly meter: MediaMeter
  readonly clock: Clock
  readonly logger: Logger
  /** Called once when the child ended, asked for or not. */
  readonly onExit: (reason: string) => void
}

const READY_TIMEOUT_MS = 10_000
const READY_POLL_MS = 20
/** Held readers block a clean stop for as long as they like: killing is normal. */
const STOP_GRACE_MS = 5_000

export class ManagedServer {
  readonly client: MediamtxClient
  readonly #options: ManagedServerOptions
  #child: ChildProcess | undefined
  #ended: string | undefined

  constructor(options: ManagedServerOptions) {
    this.#options = options
    this.client = new MediamtxClient({
      origin: `http://127.0.0.1:${options.places.apiPort}`,
      credentials: options.secrets.api,
      writeMs: options.writeMs,
      meter: options.meter,
    })
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get running(): boolean {
    return this.#child !== undefined && this.#ended === undefined
  }

  /** Resolves when the API answers, so that all its listeners are open. Rejects with why it ended or did not answer. */
  async start(signal: AbortSignal): Promise<void> {
    const { directory, places, secrets, paths, environment, binary, clock, logger } = this.#options
    await makeFolder(directory, 0o700)
    const file = join(directory, 'mediamtx.json')
    // The server watches its file and may take a half-written one for the new truth.
    await writeFile(`${file}.new`, serverConfig(places, secrets, paths), { mode: 0o600 })
    await rename(`${file}.new`, file)
    signal.throwIfAborted()

    const log = new ServerLog(logger)
    const child = spawn(binary, [file], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, ...serverEnvironment(places) },
      detached: true,
    })
    this.#child = child
    // A child that got no file descriptors has no pipes either; its end tells the reason.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => log.push(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => log.push(text))
    const onEnd = (reason: string) => {
      if (this.#ended !== undefined) return
      this.#ended = reason
      this.#options.onExit(reason)
    }
    child.once('error', (error) => onEnd(`cannot be started: ${error.message}`))
    // An exit status of 0 says nothing: MediaMTX gives it after a fatal reload too.
    child.once('close', (code, killedBy) => onEnd(log.lastError || `ended (${killedBy ?? `status ${code}`})`))
    await this.#ready(signal, clock)
  }

  /** For a server that hangs. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined && this.running) {
      await endChild(this.#child, { clock: this.#options.clock, signal: 'SIGINT', graceMs: STOP_GRACE_MS })
    }
    await this.client.close()
  }

  async #ready(signal: AbortSignal, clock: Clock): Promise<void> {
    const deadlineMs = clock.nowMs() + READY_TIMEOUT_MS
    for (;;) {
      if (this.#ended !== undefined) throw new MediamtxError('unreachable', this.#ended)
      try {
        // The one call that every version has and that needs our own password: another server on this port fails it.
        await this.client.ports()
        return
      } catch (thrown) {
        const starting = thrown instanceof MediamtxError && thrown.kind === 'unreachable'
        if (!starting || clock.nowMs() >= deadlineMs) throw thrown
      }
      await wait(clock, READY_POLL_MS, signal)
    }
  }
}
