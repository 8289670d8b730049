/**
 * Who gets frames: one capture per camera for all consumers, kept alive by its state machine. The core stays the one owner of the
 * device; this decides when it is one.
 */

import type { Clock } from '../../base/clock.js'
import { ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { CaptureInfo, Core, NativeEvent } from '../../native/index.js'
import { type CameraSelector, defaultCamera } from '../registry/default-camera.js'
import type { CameraRegistry } from '../registry/registry.js'
import type { Camera } from '../types.js'
import { CameraCapture } from './camera-capture.js'
import type { CaptureContext } from './capture-context.js'
import type { Screen } from './capture-screen.js'
import { type CaptureSettings, type CaptureState, type CaptureStatistics, DEFAULT_CAMERA } from './capture-types.js'
import { findOwner, stillHolds } from './device-owner.js'

export interface Lease {
  readonly camera: Camera
  readonly source: string
  readonly info: CaptureInfo
  /** Idempotent. */
  release(): void
}

export interface CapturesOptions {
  readonly core: Core
  readonly registry: CameraRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly screen: Screen
  /** Of cameras that are not configured. */
  readonly settings: CaptureSettings
  readonly lingerMs: number
  /** A camera that is plugged in is told at once, not found by looking. */
  readonly hotplug: boolean
  /** Done before each start, as far as it is done in time. */
  readonly beforeStart?: (camera: Camera) => Promise<void>
  readonly procDir?: string
}

/** A look for the owner of a busy camera ends after so long. */
const OWNER_LOOK_MS = 5_000

export class Captures {
  readonly #options: CapturesOptions
  readonly #context: CaptureContext
  readonly #captures = new Map<string, CameraCapture>()
  readonly #configured = new Map<string, CaptureSettings>()
  readonly #unsubscribe: () => void
  /** Which camera is meant where none is named. */
  #selector: CameraSelector | undefined
  #defaultDevice: string
  #stopped = false
  /** Demand for the default camera, whichever it is. */
  readonly #defaultWants = new Set<{ release: () => void }>()

  constructor(options: CapturesOptions) {
    const { core, registry, clock, procDir = '/proc' } = options
    this.#options = options
    this.#context = {
      core,
      clock,
      logger: options.logger,
      screen: options.screen,
      lookup: {
        find: (node) => findOwner(node, { procDir, timeoutMs: OWNER_LOOK_MS, nowMs: () => clock.nowMs() }),
        holds: (owner, node) => stillHolds(owner, node, procDir),
      },
      get lingerMs() {
        return options.lingerMs
      },
      hotplug: options.hotplug,
      beforeStart: options.beforeStart,
      offerQuality: (source, quality) => this.#offerQuality(source, quality),
      neighbours: (camera) => this.#neighbours(camera),
      faultChanged: (source, code) => registry.setCaptureFault(source, code),
      stateChanged: (change) => registry.events.emit('captureStateChanged', change),
    }
    this.#defaultDevice = defaultCamera(undefined, registry.list())
    this.#unsubscribe = registry.events.on('changed', ({ device }) => this.#cameraChanged(device))
    for (const { device } of registry.list()) this.#cameraChanged(device)
  }

  /** Id of the camera that is meant where none is named; it may never have been seen. */
  get defaultDevice(): string {
    return this.#defaultDevice
  }

  /** Names the default camera; undefined: the first one that is plugged in. */
  chooseDefault(selector: CameraSelector | undefined): void {
    this.#selector = selector
    this.#findDefault()
  }

  /**
   * Frames of a camera for as long as the lease is held; starts the capture when none runs. Throws CAMERA_NOT_FOUND, INVALID_STATE
   * (unplugged, switched off, or nothing usable offered), DEPENDENCY_FAILED (the camera refused).
   */
  async lease(device: string): Promise<Lease> {
    const { registry } = this.#options
    registry.get(this.#idOf(device))
    const capture = this.#capture(device)
    const release = capture.want()
    try {
      const info = await capture.started()
      const camera = registry.get(capture.device)
      if (camera.source === undefined) throw new ServiceError('INVALID_STATE', { details: 'the camera is not plugged in' })
      return { camera, source: camera.source, info, release }
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  /** Standing demand: the camera captures whenever it can. Throws CAMERA_NOT_FOUND for a device never heard of, nothing else. */
  want(device: string): { release(): void } {
    if (device !== DEFAULT_CAMERA) return { release: this.#known(device).want() }
    const want = { release: this.#capture(device).want() }
    this.#defaultWants.add(want)
    return {
      release: () => {
        if (this.#defaultWants.delete(want)) want.release()
      },
    }
  }

  /** Throws CAMERA_NOT_FOUND, as do all that follow. */
  state(device: string): CaptureState {
    return this.#known(device).state()
  }

  statistics(device: string): CaptureStatistics {
    return this.#known(device).statistics()
  }

  settings(device: string): CaptureSettings {
    return this.#known(device).settings
  }

  /**
   * Closes the camera and opens it anew, forgetting failures. True when frames come within `waitMs`, false when they do not or the
   * camera is switched off. Calls at the same time share one restart. A camera nobody wants runs for the linger time.
   */
  restart(device: string, { waitMs }: { readonly waitMs: number }): Promise<boolean> {
    return this.#known(device).restart(waitMs)
  }

  setEnabled(device: string, enabled: boolean): void {
    const id = this.#known(device).device
    const asDefault = id === this.#defaultDevice && this.#configured.has(DEFAULT_CAMERA)
    this.configure(asDefault ? DEFAULT_CAMERA : id, { ...this.#settingsOf(id), enabled })
  }

  /**
   * Puts settings in force, `default` for whichever camera that is; undefined: those of a camera that is not configured. Opens the
   * device anew only when its mode changes; viewers stay.
   */
  configure(device: string, settings: CaptureSettings | undefined): void {
    if (settings === undefined) this.#configured.delete(device)
    else this.#configured.set(device, settings)
    this.#applySettings(this.#capture(device))
  }

  /** Takes the core's events, after the registry had them. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.type === 'resync') for (const capture of this.#captures.values()) capture.lookAnew()
      if (event.type !== 'capture') continue
      for (const capture of this.#captures.values()) capture.handle(event)
    }
  }

  /** Ends everything; leases given out are dead afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe()
    for (const capture of this.#captures.values()) capture.stop()
  }

  #idOf(device: string): string {
    return device === DEFAULT_CAMERA ? this.#defaultDevice : device
  }

  #known(device: string): CameraCapture {
    const id = this.#idOf(device)
    if (device !== DEFAULT_CAMERA && !this.#captures.has(id)) this.#options.registry.get(id)
    return this.#capture(id)
  }

  #capture(device: string): CameraCapture {
    const id = this.#idOf(device)
    const known = this.#captures.get(id)
    if (known !== undefined) return known
    const capture = new CameraCapture(id, this.#settingsOf(id), this.#context)
    this.#captures.set(id, capture)
    if (id === this.#defaultDevice) capture.setChannels([id, DEFAULT_CAMERA])
    if (this.#stopped) {
      capture.stop()
      return capture
    }
    capture.start()
    if (this.#options.registry.has(id)) capture.follow(this.#options.registry.get(id))
    return capture
  }

  #settingsOf(id: string): CaptureSettings {
    return this.#configuredOf(id) ?? this.#options.settings
  }

  #configuredOf(id: string): CaptureSettings | undefined {
    const ofDefault = id === this.#defaultDevice ? this.#configured.get(DEFAULT_CAMERA) : undefined
    return ofDefault ?? this.#configured.get(id)
  }

  #applySettings(capture: CameraCapture): void {
    const { device } = capture
    // First what the device is opened with, so that it is opened once.
    this.#options.registry.setModeWish(device, this.#configuredOf(device)?.wish)
    capture.configure(this.#settingsOf(device))
  }

  #cameraChanged(device: string): void {
    this.#findDefault()
    // As it is now: another default camera may have another mode, told in between.
    this.#capture(device).follow(this.#options.registry.get(device))
  }

  #findDefault(): void {
    const device = defaultCamera(this.#selector, this.#options.registry.list(), this.#defaultDevice)
    if (device === this.#defaultDevice && this.#captures.has(device)) return
    const before = this.#captures.get(this.#defaultDevice)
    this.#defaultDevice = device
    before?.setChannels([before.device])
    const capture = this.#capture(device)
    capture.setChannels([device, DEFAULT_CAMERA])
    for (const want of this.#defaultWants) {
      const { release } = want
      want.release = capture.want()
      release()
    }
    if (before !== undefined) this.#applySettings(before)
    this.#applySettings(capture)
  }

  async #offerQuality(source: string, quality: number): Promise<boolean> {
    const results = await this.#options.core.setControls(source, [{ id: JPEG_QUALITY_CONTROL, value: quality }]).catch(() => [])
    const outcome = results[0]?.outcome
    return outcome === 'applied' || outcome === 'clamped'
  }

  #neighbours(camera: Camera): readonly string[] {
    const bus = busOf(camera)
    if (bus === undefined) return []
    return this.#options.registry
      .list()
      .filter((other) => other.device !== camera.device && other.source !== undefined && busOf(other) === bus)
      .map((other) => other.device)
  }
}

/** V4L2_CID_JPEG_COMPRESSION_QUALITY. */
const JPEG_QUALITY_CONTROL = 0x009d0903

function busOf(camera: Camera): string | undefined {
  const controller = camera.hardware?.port.split('/')[0]
  return controller === '' ? undefined : controller
}
