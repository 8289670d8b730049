/** What get_status and get_server_info answer. */

import { statfs } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import type { Clock } from '../base/clock.js'
import { assessHealth, type ComponentWord, type Health, type HealthThresholds, type HealthWord } from '../monitor/index.js'

export interface BuildFacts {
  readonly version: string
  /** ISO 8601, empty when unknown. */
  readonly buildDate: string
}

export interface SystemOptions {
  readonly clock: Clock
  readonly build: BuildFacts
  readonly thresholds: HealthThresholds
  /** Folder whose file system counts as the storage. */
  readonly storageDir: string
  /** Why nothing can be stored; undefined when it can. */
  readonly storageFault: () => string | undefined
  readonly maxCameras: number
  readonly connections: () => number
  readonly mediamtx: () => ComponentWord
}

export interface StatusAnswer {
  readonly status: HealthWord
  /** Seconds. */
  readonly uptime: number
  readonly version: string
  readonly components: Readonly<Record<'websocket_server' | 'camera_monitor' | 'mediamtx', ComponentWord>>
}

/** Names of processor architectures as the contract spells them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

export class System {
  readonly #options: SystemOptions
  readonly #startedMs: number
  #ready = false
  #stopping = false

  constructor(options: SystemOptions) {
    this.#options = options
    this.#startedMs = options.clock.nowMs()
  }

  ready(): boolean {
    return this.#ready
  }

  setReady(): void {
    this.#ready = true
  }

  get version(): string {
    return this.#options.build.version
  }

  uptimeMs(): number {
    return this.#options.clock.nowMs() - this.#startedMs
  }

  stopping(): boolean {
    return this.#stopping
  }

  setStopping(): void {
    this.#stopping = true
  }

  async status(): Promise<StatusAnswer> {
    return {
      status: (await this.health()).status,
      uptime: Math.round(this.uptimeMs()) / 1000,
      version: this.#options.build.version,
      components: this.#components(),
    }
  }

  /** The word of `status`, and why it is not better. */
  async health(): Promise<Health> {
    const { connections, storageDir, thresholds } = this.#options
    const signals = {
      components: this.#components(),
      memoryUsedPercent: this.memoryUsedPercent(),
      connections: connections(),
      storageFreePercent: await freePercent(storageDir),
      storageFault: this.#options.storageFault(),
    }
    return assessHealth(signals, thresholds)
  }

  memoryUsedPercent(): number {
    return (1 - freemem() / totalmem()) * 100
  }

  /** Of the storage; undefined when it cannot be found out. */
  async diskUsedPercent(): Promise<number | undefined> {
    const free = await freePercent(this.#options.storageDir)
    return free === undefined ? undefined : 100 - free
  }

  serverInfo() {
    const { build, maxCameras } = this.#options
    return {
      name: 'MediaMTX Camera Service',
      version: build.version,
      build_date: build.buildDate,
      go_version: `node ${process.version}`,
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      capabilities: ['snapshots', 'recordings', 'streaming'],
      supported_formats: ['fmp4', 'mp4', 'mkv', 'jpg'],
      max_cameras: maxCameras,
    }
  }

  #components(): StatusAnswer['components'] {
    const own: ComponentWord = this.#stopping ? 'STOPPING' : 'RUNNING'
    return { websocket_server: own, camera_monitor: own, mediamtx: this.#options.mediamtx() }
  }
}

async function freePercent(dir: string): Promise<number | undefined> {
  try {
    const { bavail, blocks } = await statfs(dir)
    return blocks === 0 ? undefined : (bavail / blocks) * 100
  } catch {
    return undefined
  }
}
