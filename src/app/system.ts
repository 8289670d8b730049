/** What get_status and get_server_info answer. */

import { freemem, totalmem } from 'node:os'
import type { Clock } from '../base/clock.js'
import { diskRoom } from '../base/disk-room.js'
import type { Load } from '../base/load.js'
import {
  assessHealth,
  type CallTotals,
  CallWindow,
  type ComponentWord,
  type Health,
  type HealthThresholds,
  type HealthWord,
} from '../monitor/index.js'

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
  readonly storageFault: () => Promise<string | undefined>
  readonly maxCameras: number
  readonly connections: () => number
  readonly mediamtx: () => ComponentWord
  readonly load: () => Load
  readonly calls: () => CallTotals
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
  readonly #calls: CallWindow
  #ready = false
  #stopping = false

  constructor(options: SystemOptions) {
    this.#options = options
    this.#startedMs = options.clock.nowMs()
    this.#calls = new CallWindow(options.clock)
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

  /** Why nothing costly is begun; undefined when it is. */
  overload(): string | undefined {
    const { stage, reasons } = this.#options.load()
    return stage === 0 ? undefined : reasons.join('; ')
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
    const [storageFreePercent, storageFault] = await Promise.all([freePercent(storageDir), this.#options.storageFault()])
    const signals = {
      components: this.#components(),
      memoryUsedPercent: this.memoryUsedPercent(),
      connections: connections(),
      storageFreePercent,
      storageFault,
      load: this.#options.load(),
      calls: this.#calls.look(this.#options.calls()),
      tasks: process.getActiveResourcesInfo().length,
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
    const { totalBytes, usedPercent } = await diskRoom(dir)
    return totalBytes === 0 ? undefined : 100 - usedPercent
  } catch {
    return undefined
  }
}
