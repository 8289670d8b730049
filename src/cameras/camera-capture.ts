/**
 * One camera's capture over restarts, replugs and changes of mode: does what the state machine says, tells it what comes of it, and
 * shows viewers the camera's frames or why there are none.
 */

import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { CaptureInfo, Core, NativeErrorCode } from '../native/index.js'
import { fallbackModes, sameMode } from './bandwidth-fallback.js'
import { BusyWatch, type OwnerLookup } from './busy-watch.js'
import { CaptureDemand } from './capture-demand.js'
import { captureError, type Fault, faultError, faultOfDevice } from './capture-fault.js'
import { CaptureScreen, type Screen } from './capture-screen.js'
import { CaptureTotals } from './capture-totals.js'
import type { CaptureSettings, CaptureState, CaptureStateChange, CaptureStatistics } from './capture-types.js'
import { type CaptureEvent, DeviceSession } from './device-session.js'
import { FailureLog } from './failure-log.js'
import { absenceText } from './placeholder.js'
import { type Action, INITIAL, isOpen, type Machine, type MachineEvent, step } from './reconnect-machine.js'
import type { Camera, Mode } from './types.js'

/** What all captures share. */
export interface CaptureContext {
  readonly core: Pick<Core, 'startCapture' | 'stopCapture' | 'captureStats' | 'setRetained' | 'setJpegQuality'>
  readonly clock: Clock
  readonly logger: Logger
  readonly screen: Screen
  readonly lookup: OwnerLookup
  readonly lingerMs: number
  /** A camera that comes back is told. */
  readonly hotplug: boolean
  /** Done before each start, as far as it is done in time. */
  readonly beforeStart?: ((camera: Camera) => Promise<void>) | undefined
  /** Offers the quality to a camera that makes its own JPEGs; whether it took it over. */
  readonly offerQuality: (source: string, quality: number) => Promise<boolean>
  /** Ids of other cameras on the same bus. */
  readonly neighbours: (camera: Camera) => readonly string[]
  /** For the camera's status word. */
  readonly faultChanged: (source: string, code: NativeErrorCode | undefined) => void
  readonly stateChanged: (change: CaptureStateChange) => void
}

interface Failure extends Fault {
  /** Monotonic. */
  readonly atMs: number
  readonly owner?: string
}

interface Waiter {
  started(info: CaptureInfo): void
  failed(reason: unknown): void
}

/** Size of a placeholder when nothing is known of the camera. */
const UNKNOWN_SIZE = { width: 640, height: 480 }

export class CameraCapture {
  readonly device: string
  readonly #context: CaptureContext
  readonly #session: DeviceSession
  readonly #demand: CaptureDemand
  readonly #busy: BusyWatch
  readonly #totals: CaptureTotals
  readonly #view: CaptureScreen
  readonly #failureLog: FailureLog
  readonly #startedMs: number
  readonly #startedWallMs: number
  #settings: CaptureSettings
  #machine: Machine = INITIAL
  #camera: Camera | undefined
  /** The appearance that can be opened. */
  #source: string | undefined
  /** An appearance that the capture saw go before anybody else did. */
  #gone: string | undefined
  /** What the camera would be opened with, and which of the smaller modes is used instead; -1: none. */
  #mode: Mode | undefined
  #lowered = -1
  #lastInfo: CaptureInfo | undefined
  /** The last failure, and whether frames did not come since. */
  #failure: Failure | undefined
  #troubled = false
  #lastReconnectWallMs: number | undefined
  #qualityTaken = false
  #pause: { readonly cancel: () => void; readonly dueMs: number } | undefined
  readonly #waiters = new Set<Waiter>()
  readonly #deliveryWaiters = new Set<(delivered: boolean) => void>()
  #restarting: Promise<boolean> | undefined
  #ended = false

  constructor(device: string, settings: CaptureSettings, context: CaptureContext) {
    const { core, clock, logger, lookup, lingerMs } = context
    this.device = device
    this.#settings = settings
    this.#context = { ...context, logger: logger.child({ device }) }
    this.#session = new DeviceSession({
      core,
      clock,
      logger: this.#context.logger,
      beforeStart: context.beforeStart,
      listener: {
        started: (info) => this.#started(info),
        delivering: () => this.#step({ type: 'delivering' }),
        stalled: () => this.#stalled(),
        recovered: () => this.#step({ type: 'recovered' }),
        failed: (fault, thrown) => this.#failed(fault, thrown),
      },
    })
    this.#demand = new CaptureDemand({ clock, lingerMs, runs: () => isOpen(this.#machine), changed: () => this.#demandChanged() })
    this.#busy = new BusyWatch({
      clock,
      lookup,
      named: (owner) => this.#ownerFound(owner === undefined ? undefined : `${owner.name} (pid ${owner.pid})`),
      freed: () => this.#step({ type: 'asked' }),
    })
    this.#totals = new CaptureTotals(core, clock)
    this.#view = new CaptureScreen(context.screen, settings.maxFrameAgeMs)
    this.#view.setChannels([device])
    this.#failureLog = new FailureLog(clock)
    this.#startedMs = clock.nowMs()
    this.#startedWallMs = clock.wallMs()
    if (!settings.enabled) this.#step({ type: 'disabled' })
    this.#demandChanged()
    this.#show()
  }

  get settings(): CaptureSettings {
    return this.#settings
  }

  get isEnabled(): boolean {
    return this.#machine.enabled
  }

  /** Viewers of these channels see the camera. */
  setChannels(channels: readonly string[]): void {
    this.#view.setChannels(channels)
  }

  /** What the registry says of the camera now. */
  follow(camera: Camera): void {
    const known = this.#camera?.fault
    this.#camera = camera
    const { mode, fault } = camera
    if (fault !== undefined && fault.code !== known?.code) this.#note(faultOfDevice(fault))
    const source = mode === undefined || camera.source === this.#gone ? undefined : camera.source
    if (source !== this.#source) {
      this.#setSource(undefined)
      this.#mode = mode
      this.#setSource(source)
    } else if (source !== undefined && mode !== undefined && (this.#mode === undefined || !sameMode(mode, this.#mode))) {
      this.#mode = mode
      this.#lowered = -1
      this.#step({ type: 'reconfigured', reopen: true })
    }
    this.#show()
  }

  configure(settings: CaptureSettings): void {
    const before = this.#settings
    this.#settings = settings
    if (settings.bufferSize !== before.bufferSize || settings.jpegQuality !== before.jpegQuality) this.#tune()
    this.#view.setMaxFrameAge(settings.maxFrameAgeMs)
    if (settings.enabled !== before.enabled) this.#step({ type: settings.enabled ? 'enabled' : 'disabled' })
    // A camera that gave up or waits is tried anew with any of these; a new mode comes through `follow`, which opens it anew.
    if (attemptsDiffer(settings, before)) this.#step({ type: 'reconfigured', reopen: false })
    this.#demandChanged()
    this.#show()
  }

  /** Standing demand until the function returned is called. */
  want(): () => void {
    return this.#demand.add()
  }

  /**
   * What the device streams, as soon as it does; a try is made at once. Rejects with a ServiceError when it does not. The caller
   * holds a `want`.
   */
  async started(): Promise<CaptureInfo> {
    this.#step({ type: 'asked' })
    const { info } = this.#session
    if (info !== undefined) return info
    if (!isOpen(this.#machine)) throw this.#unavailable()
    try {
      return await new Promise<CaptureInfo>((started, failed) => this.#waiters.add({ started, failed }))
    } catch (thrown) {
      throw captureError(thrown)
    }
  }

  /** True when frames come within `waitMs`. Calls at the same time share one restart. */
  restart(waitMs: number): Promise<boolean> {
    this.#restarting ??= this.#restart(waitMs).finally(() => {
      this.#restarting = undefined
    })
    return this.#restarting
  }

  /** Takes an event of the core. */
  handle(event: CaptureEvent): void {
    if (event.source !== this.#source) return
    if (event.state !== 'gone') {
      this.#session.handle(event)
      return
    }
    this.#gone = event.source
    this.#setSource(undefined)
    this.#show()
  }

  /** Events may have been lost. */
  lookAnew(): void {
    this.#session.lookAnew()
  }

  /** The end: closes the device and forgets all timers. */
  stop(): void {
    this.#demand.endLinger()
    this.#ended = true
    this.#step({ type: 'disabled' })
  }

  state(): CaptureState {
    const { phase, attempts } = this.#machine
    const { clock } = this.#context
    const nowMs = clock.nowMs()
    const failure = this.#failure
    return {
      device: this.device,
      state: phase === 'idle' ? 'waiting' : phase,
      isRunning: phase !== 'disabled' && phase !== 'given_up',
      isConnected: phase === 'streaming',
      isIdle: phase === 'idle',
      reconnectAttempts: attempts,
      jpegQualityApplied: this.#qualityTaken,
      ...(this.#pause === undefined ? {} : { nextAttemptMs: Math.max(0, this.#pause.dueMs - nowMs) }),
      ...(failure === undefined
        ? {}
        : {
            lastError: {
              code: failure.code,
              message: failure.message,
              errno: failure.errno,
              at: Math.round(clock.wallMs() - (nowMs - failure.atMs)),
            },
          }),
      ...(this.#lastReconnectWallMs === undefined ? {} : { lastReconnect: this.#lastReconnectWallMs }),
      ...(phase === 'streaming' ? {} : { reason: this.#absence() }),
    }
  }

  statistics(): CaptureStatistics {
    const totals = this.#totals.read(this.#settings.maxFrameAgeMs)
    const { drops } = totals
    const info = this.#session.info ?? this.#lastInfo
    return {
      framesCaptured: totals.frames,
      framesDropped: drops.driverGap + drops.errorFlag + drops.invalidJpeg + drops.encoderBusy,
      drops,
      connectionErrors: this.#machine.connectionErrors,
      uptimeStart: this.#startedWallMs,
      uptimeMs: this.#context.clock.nowMs() - this.#startedMs,
      queueSize: Math.min(totals.queueSize, this.#settings.bufferSize),
      ...(this.#lastReconnectWallMs === undefined ? {} : { lastReconnect: this.#lastReconnectWallMs }),
      ...(totals.lastFrameAgeMs === undefined ? {} : { lastFrameAgeMs: totals.lastFrameAgeMs }),
      ...(info === undefined
        ? {}
        : {
            actual: {
              width: info.width,
              height: info.height,
              fpsNominal: info.interval.den / info.interval.num,
              fpsMeasured: totals.fps,
              pixelFormat: info.fourcc,
              bytesPerSecond: totals.bytesPerSecond,
            },
          }),
    }
  }

  async #restart(waitMs: number): Promise<boolean> {
    if (!this.#machine.enabled) return false
    this.#lowered = -1
    // A camera that stood by is opened by the want alone.
    const stoodBy = this.#machine.phase === 'idle'
    const release = this.want()
    try {
      if (!stoodBy) this.#step({ type: 'restart' })
      if (!isOpen(this.#machine)) return false
      return await this.#delivered(waitMs)
    } finally {
      release()
    }
  }

  #delivered(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (delivered: boolean): void => {
        cancel()
        this.#deliveryWaiters.delete(settle)
        resolve(delivered)
      }
      const cancel = this.#context.clock.after(waitMs, () => settle(false))
      this.#deliveryWaiters.add(settle)
    })
  }

  #demandChanged(): void {
    if (this.#ended) return
    const wanted = !this.#settings.onDemand || this.#demand.wanted
    if (wanted !== this.#machine.wanted) this.#step({ type: wanted ? 'wanted' : 'unwanted' })
  }

  /** A new appearance is opened as soon as it is wanted; of the old one nothing is heard any more. */
  #setSource(source: string | undefined): void {
    if (source === this.#source) return
    this.#totals.follow(source)
    this.#source = source
    this.#lowered = -1
    if (source === undefined) {
      this.#session.abandon()
      this.#step({ type: 'vanished' })
    } else {
      this.#tune()
      this.#step({ type: 'appeared' })
    }
  }

  /** Brings the core up to date with what may change while frames come. */
  #tune(): void {
    const source = this.#source
    if (source === undefined) return
    const { core, offerQuality } = this.#context
    const { bufferSize, jpegQuality } = this.#settings
    core.setRetained(source, bufferSize)
    core.setJpegQuality(source, jpegQuality)
    const info = this.#session.info
    if (info === undefined) return
    const madeByCamera = info.fourcc === 'MJPG' || info.fourcc === 'JPEG'
    this.#qualityTaken = !madeByCamera || this.#camera?.virtual === true
    if (this.#qualityTaken) return
    void offerQuality(source, jpegQuality).then((taken) => {
      if (this.#source === source && this.#settings.jpegQuality === jpegQuality) this.#qualityTaken = taken
    })
  }

  #step(event: MachineEvent): void {
    const before = this.#machine
    const { autoReconnect, reconnectIntervalMs: intervalMs, maxReconnectAttempts: maxAttempts } = this.#settings
    const { machine, actions } = step(before, event, {
      autoReconnect,
      intervalMs,
      maxAttempts,
      hotplug: this.#context.hotplug,
    })
    this.#machine = machine
    for (const action of actions) this.#act(action)
    if (machine.phase !== before.phase) this.#entered(before)
    this.#settleWaiters(event)
  }

  #act(action: Action): void {
    if (action.type !== 'close') this.#endPause()
    switch (action.type) {
      case 'open':
        this.#open()
        break
      case 'close':
        this.#session.close()
        break
      case 'pause':
        this.#beginPause(action.delayMs)
        break
      case 'rest':
        break
    }
  }

  #open(): void {
    const camera = this.#camera
    const mode = this.#chosenMode()
    if (camera === undefined || this.#source === undefined || mode === undefined) return
    this.#session.open(camera, this.#source, mode)
  }

  #chosenMode(): Mode | undefined {
    const mode = this.#mode
    const report = this.#camera?.report
    if (mode === undefined || report === undefined || this.#lowered < 0) return mode
    return fallbackModes(report, mode)[this.#lowered] ?? mode
  }

  #beginPause(delayMs: number): void {
    const cancel = this.#context.clock.after(delayMs, () => {
      this.#pause = undefined
      this.#step({ type: 'due' })
    })
    this.#pause = { cancel, dueMs: this.#context.clock.nowMs() + delayMs }
  }

  #endPause(): void {
    this.#pause?.cancel()
    this.#pause = undefined
    this.#busy.stop()
  }

  #started(info: CaptureInfo): void {
    this.#lastInfo = info
    this.#tune()
    for (const waiter of this.#waiters) waiter.started(info)
    this.#waiters.clear()
  }

  #stalled(): void {
    this.#note({ code: 'STALLED', errno: 0, message: 'the camera stopped delivering frames' })
    this.#step({ type: 'stalled' })
  }

  #failed(fault: Fault, thrown: unknown): void {
    if (fault.code === 'CAMERA_GONE') {
      this.#gone = this.#source
      this.#rejectWaiters(thrown ?? this.#unavailable())
      this.#setSource(undefined)
      this.#show()
      return
    }
    this.#note(fault)
    if (fault.code === 'NO_BANDWIDTH' && this.#lower()) return
    this.#step({ type: 'failed', code: fault.code })
    if (!isOpen(this.#machine)) this.#rejectWaiters(thrown ?? this.#unavailable())
    if (fault.code === 'CAMERA_BUSY' && this.#machine.phase === 'waiting' && this.#camera?.node !== undefined) {
      this.#busy.start(this.#camera.node, this.#settings.reconnectIntervalMs)
    }
  }

  /** Opens the camera in the next smaller mode; false when there is none, or none is wanted. */
  #lower(): boolean {
    const report = this.#camera?.report
    if (!this.#settings.bandwidthFallback || report === undefined || this.#mode === undefined) return false
    if (this.#lowered + 1 >= fallbackModes(report, this.#mode).length) {
      this.#lowered = -1
      return false
    }
    this.#lowered += 1
    this.#context.logger.warn({ mode: this.#chosenMode() }, 'not enough USB bandwidth: a smaller mode is tried')
    this.#open()
    return true
  }

  /** Keeps a failure for the status. */
  #note(fault: Fault): void {
    const { clock, faultChanged } = this.#context
    const camera = this.#camera
    const neighbours = fault.code === 'NO_BANDWIDTH' && camera !== undefined ? this.#context.neighbours(camera) : []
    const message = neighbours.length === 0 ? fault.message : `${fault.message}; also on it: ${neighbours.join(', ')}`
    this.#failure = { ...fault, message, atMs: clock.nowMs() }
    this.#troubled = true
    if (this.#source !== undefined && fault.code !== 'ABORTED') faultChanged(this.#source, fault.code)
  }

  #ownerFound(owner: string | undefined): void {
    const failure = this.#failure
    if (failure === undefined) return
    const message =
      owner === undefined
        ? 'another program holds the camera; its name cannot be seen by this user'
        : `another program holds the camera: ${owner}`
    this.#failure = { ...failure, message, ...(owner === undefined ? {} : { owner }) }
    this.#context.logger.info({ owner: owner ?? 'unknown' }, 'camera is busy')
    this.#show()
    this.#tell()
  }

  /** The state changed: everybody is told, once. */
  #entered(before: Machine): void {
    const { phase, recovering } = this.#machine
    if (phase === 'streaming') {
      this.#troubled = false
      if (before.recovering && !recovering) this.#lastReconnectWallMs = this.#context.clock.wallMs()
      if (this.#source !== undefined) this.#context.faultChanged(this.#source, undefined)
      this.#failureLog.clear()
    }
    if (!isOpen(this.#machine)) this.#demand.endLinger()
    this.#log(before)
    this.#show()
    this.#tell()
    this.#demandChanged()
  }

  #settleWaiters(event: MachineEvent): void {
    const open = isOpen(this.#machine)
    if (this.#machine.phase === 'streaming') for (const settle of [...this.#deliveryWaiters]) settle(true)
    else if (!open) for (const settle of [...this.#deliveryWaiters]) settle(false)
    // What a start failed with is told by the one who knows it.
    if (!open && event.type !== 'failed') this.#rejectWaiters(this.#unavailable())
  }

  #rejectWaiters(reason: unknown): void {
    for (const waiter of this.#waiters) waiter.failed(reason)
    this.#waiters.clear()
  }

  #log(before: Machine): void {
    const { logger } = this.#context
    const { phase, attempts } = this.#machine
    const failure = this.#failure
    const facts = failure === undefined ? {} : { code: failure.code, error: failure.message }
    switch (phase) {
      case 'streaming':
        logger.info({ mode: this.#lastInfo, after: before.attempts }, 'camera streams')
        break
      case 'stalled':
        logger.warn({}, 'camera stalled')
        break
      case 'given_up':
        logger.error({ attempts, ...facts }, 'camera given up')
        break
      case 'waiting':
        this.#logWaiting(before, facts)
        break
      case 'disabled':
      case 'idle':
        if (isOpen(before)) logger.info({ state: phase }, 'capture ended')
        break
      case 'opening':
        logger.debug({ attempts }, 'camera is opened')
        break
    }
  }

  #logWaiting(before: Machine, facts: object): void {
    const { logger } = this.#context
    if (!this.#machine.present) {
      logger.warn({}, before.present ? 'camera unplugged' : 'camera is waited for')
      return
    }
    const failures = this.#failureLog.count()
    if (failures > 0) logger.warn({ failures, attempts: this.#machine.attempts, ...facts }, 'capture failed; it is tried again')
  }

  #show(): void {
    if (this.#machine.phase === 'streaming' && this.#source !== undefined) {
      this.#view.show(this.#source)
      return
    }
    // While the device is opened viewers keep what they see: the last frames, or why there were none.
    if (this.#machine.phase === 'opening' && this.#view.showsSource) return
    const { width, height } = this.#mode ?? this.#lastInfo ?? UNKNOWN_SIZE
    this.#view.show({ width, height, text: this.#absence() })
  }

  #absence(): string {
    const camera = this.#camera
    return absenceText({
      machine: this.#machine,
      code: this.#troubled ? this.#failure?.code : undefined,
      owner: this.#failure?.owner,
      unusable: camera?.reason,
      pluggedIn: camera?.source !== undefined && camera.source !== this.#gone,
    })
  }

  #tell(): void {
    const { state, reason } = this.state()
    this.#context.stateChanged({ device: this.device, state, ...(reason === undefined ? {} : { reason }) })
  }

  #unavailable(): ServiceError {
    const camera = this.#camera
    if (!this.#machine.enabled) return invalidState('DISABLED', 'the camera is switched off')
    if (camera === undefined || this.#source === undefined) return unusable(camera)
    const failure = this.#failure
    if (failure === undefined) return invalidState(camera.status, 'the camera does not capture')
    return faultError(failure)
  }
}

function attemptsDiffer(a: CaptureSettings, b: CaptureSettings): boolean {
  return (
    a.autoReconnect !== b.autoReconnect ||
    a.reconnectIntervalMs !== b.reconnectIntervalMs ||
    a.maxReconnectAttempts !== b.maxReconnectAttempts ||
    a.bandwidthFallback !== b.bandwidthFallback ||
    JSON.stringify(a.wish) !== JSON.stringify(b.wish)
  )
}

function unusable(camera: Camera | undefined): ServiceError {
  const absent = camera?.source === undefined
  return invalidState(
    camera?.status ?? 'DISCONNECTED',
    absent ? 'the camera is not plugged in' : 'the camera offers no format that can be used',
  )
}

function invalidState(state: string, details: string): ServiceError {
  return new ServiceError('INVALID_STATE', { data: { state, allowed_states: ['CONNECTED'] }, details })
}
