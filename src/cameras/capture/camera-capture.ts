/**
 * One camera's capture over restarts, replugs and changes of mode: does what the state machine says, tells it what comes of it, and
 * shows viewers the camera's frames or why there are none.
 */

import type { ServiceError } from '../../base/errors.js'
import type { CaptureInfo } from '../../native/index.js'
import type { Camera } from '../types.js'
import { BusyWatch } from './busy-watch.js'
import type { CaptureContext } from './capture-context.js'
import { CaptureDemand } from './capture-demand.js'
import { CaptureFailures } from './capture-failures.js'
import { captureError, type Fault, faultOfDevice, noCapture, pulled, switchedOff, unusable } from './capture-fault.js'
import { CaptureHistory } from './capture-history.js'
import { CaptureLog } from './capture-log.js'
import { CaptureScreen } from './capture-screen.js'
import { CaptureTuning } from './capture-tuning.js'
import { attemptsDiffer, type CaptureSettings, type CaptureState, type CaptureStatistics } from './capture-types.js'
import { captureState } from './capture-view.js'
import { CaptureWaiters } from './capture-waiters.js'
import { ChosenMode } from './chosen-mode.js'
import { type CaptureEvent, DeviceSession } from './device-session.js'
import { Pause } from './pause.js'
import { absenceText } from './placeholder.js'
import { type Action, INITIAL, isOpen, type Machine, type MachineEvent, step } from './reconnect-machine.js'

/** Size of a placeholder when nothing is known of the camera. */
const UNKNOWN_SIZE = { width: 640, height: 480 }

export class CameraCapture {
  readonly device: string
  readonly #context: CaptureContext
  readonly #session: DeviceSession
  readonly #demand: CaptureDemand
  readonly #busy: BusyWatch
  readonly #history: CaptureHistory
  readonly #view: CaptureScreen
  readonly #failures: CaptureFailures
  readonly #waiters: CaptureWaiters
  readonly #log: CaptureLog
  readonly #tuning: CaptureTuning
  readonly #pause: Pause
  readonly #mode = new ChosenMode()
  #settings: CaptureSettings
  #machine: Machine = INITIAL
  #camera: Camera | undefined
  /** The appearance that can be opened. */
  #source: string | undefined
  /** An appearance that the capture saw go before anybody else did. */
  #gone: string | undefined
  #restarting: Promise<boolean> | undefined
  #ended = false

  constructor(device: string, settings: CaptureSettings, context: CaptureContext) {
    const { core, clock, logger, lookup } = context
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
    this.#demand = new CaptureDemand({
      clock,
      lingerMs: () => context.lingerMs,
      runs: () => isOpen(this.#machine),
      changed: () => this.#demandChanged(),
    })
    this.#busy = new BusyWatch({
      clock,
      lookup,
      named: (owner) => this.#ownerFound(owner === undefined ? undefined : `${owner.name} (pid ${owner.pid})`),
      freed: () => this.#step({ type: 'asked' }),
    })
    this.#history = new CaptureHistory(core, clock)
    this.#view = new CaptureScreen(context.screen, settings.maxFrameAgeMs)
    this.#view.setChannels([device])
    this.#failures = new CaptureFailures(clock)
    this.#waiters = new CaptureWaiters(clock)
    this.#log = new CaptureLog(this.#context.logger, clock)
    this.#tuning = new CaptureTuning(context)
    this.#pause = new Pause(clock, () => this.#step({ type: 'due' }))
  }

  /** To be called once, when whoever hears of a change of state can ask for the capture. */
  start(): void {
    if (!this.#settings.enabled) this.#step({ type: 'disabled' })
    this.#demandChanged()
    this.#show()
  }

  get settings(): CaptureSettings {
    return this.#settings
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
    const replaced = source !== this.#source
    if (replaced) this.#setSource(undefined)
    const isOther = this.#mode.follow(camera)
    if (replaced) this.#setSource(source)
    else if (isOther && source !== undefined) this.#step({ type: 'reconfigured', reopen: true })
    this.#show()
  }

  configure(settings: CaptureSettings): void {
    // Switched on again, it would open a camera that nobody closes.
    if (this.#ended) return
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
      return await this.#waiters.forStart()
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
    return captureState(this.#machine, {
      device: this.device,
      jpegQualityApplied: this.#tuning.qualityTaken,
      nextAttemptMs: this.#pause.leftMs,
      lastError: this.#failures.view(),
      lastReconnect: this.#history.lastReconnect,
      reason: this.#machine.phase === 'streaming' ? undefined : this.#absence(),
    })
  }

  statistics(): CaptureStatistics {
    return this.#history.statistics({
      settings: this.#settings,
      isOpen: isOpen(this.#machine),
      info: this.#session.info,
      faults: this.#failures.counts,
      connectionErrors: this.#machine.connectionErrors,
    })
  }

  async #restart(waitMs: number): Promise<boolean> {
    if (!this.#machine.enabled) return false
    this.#mode.restore()
    // A camera that stood by is opened by the want alone.
    const stoodBy = this.#machine.phase === 'idle'
    const release = this.want()
    try {
      if (!stoodBy) this.#step({ type: 'restart' })
      if (!isOpen(this.#machine)) return false
      return await this.#waiters.forFrames(waitMs)
    } finally {
      release()
    }
  }

  #demandChanged(): void {
    if (this.#ended) return
    const wanted = !this.#settings.onDemand || this.#demand.wanted
    if (wanted !== this.#machine.wanted) this.#step({ type: wanted ? 'wanted' : 'unwanted' })
  }

  /** A new appearance is opened as soon as it is wanted; of the old one nothing is heard any more. */
  #setSource(source: string | undefined): void {
    if (source === this.#source) return
    const isStillThere = this.#source === this.#camera?.source && this.#source !== this.#gone
    this.#history.follow(source)
    this.#source = source
    this.#mode.restore()
    if (source === undefined) {
      // A camera that went is closed; one that offers nothing usable any more is not.
      if (isStillThere) this.#session.close()
      else this.#session.abandon()
      if (!isStillThere && isOpen(this.#machine)) {
        this.#failures.gone()
        // Whoever waits for its start hears what befell it, whichever of the kernel's signs of it came first.
        this.#waiters.notStarted(pulled)
      }
      this.#step({ type: 'vanished' })
    } else {
      this.#tune()
      this.#step({ type: 'appeared' })
    }
  }

  #tune(): void {
    if (this.#source === undefined) return
    this.#tuning.set(this.#source, this.#settings)
    const { info } = this.#session
    if (info !== undefined) this.#tuning.offer(this.#source, this.#settings, info, this.#camera?.virtual === true)
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
    if (action.type !== 'close') {
      this.#pause.end()
      this.#busy.stop()
    }
    if (action.type === 'open' || action.type === 'reopen') this.#open({ anew: action.type === 'reopen' })
    if (action.type === 'close') this.#session.close()
    if (action.type === 'pause') this.#pause.begin(action.delayMs)
  }

  #open({ anew }: { readonly anew: boolean }): void {
    const camera = this.#camera
    const { mode } = this.#mode
    if (camera === undefined || this.#source === undefined || mode === undefined) return
    this.#session.open(camera, this.#source, anew ? { ...mode, anew } : mode)
  }

  #started(info: CaptureInfo): void {
    this.#history.started(info)
    if (this.#camera?.virtual !== true) this.#failures.started(info)
    this.#tune()
    this.#waiters.started(info)
  }

  #stalled(): void {
    this.#note({ code: 'STALLED', errno: 0, message: 'the camera stopped delivering frames' })
    this.#step({ type: 'stalled' })
  }

  #failed(fault: Fault, thrown: unknown): void {
    if (fault.code === 'CAMERA_GONE') {
      this.#gone = this.#source
      this.#waiters.notStarted(() => thrown ?? this.#unavailable())
      this.#setSource(undefined)
      this.#show()
      return
    }
    this.#note(fault)
    if (fault.code === 'NO_BANDWIDTH' && this.#lower()) return
    this.#step({ type: 'failed', code: fault.code })
    if (!isOpen(this.#machine)) this.#waiters.notStarted(() => thrown ?? this.#unavailable())
    if (fault.code === 'CAMERA_BUSY' && this.#machine.phase === 'waiting' && this.#camera?.node !== undefined) {
      this.#busy.start(this.#camera.node, this.#settings.reconnectIntervalMs)
    }
  }

  /** Opens the camera in the next smaller mode; false when there is none, or none is wanted. */
  #lower(): boolean {
    if (!this.#settings.bandwidthFallback || !this.#mode.lower()) return false
    this.#context.logger.warn({ mode: this.#mode.mode }, 'not enough USB bandwidth: a smaller mode is tried')
    this.#open({ anew: false })
    return true
  }

  /** Keeps a failure for the status. */
  #note(fault: Fault): void {
    const { faultChanged, neighbours } = this.#context
    this.#failures.note(fault, fault.code === 'NO_BANDWIDTH' && this.#camera !== undefined ? neighbours(this.#camera) : [])
    if (this.#source !== undefined && fault.code !== 'ABORTED') faultChanged(this.#source, fault.code)
  }

  #ownerFound(owner: string | undefined): void {
    this.#failures.noteOwner(owner)
    this.#context.logger.info({ owner: owner ?? 'unknown' }, 'camera is busy')
    this.#show()
    this.#tell()
  }

  /** The state changed: everybody is told, once. */
  #entered(before: Machine): void {
    const { phase, recovering } = this.#machine
    if (phase === 'streaming') {
      this.#failures.over()
      if (before.recovering && !recovering) this.#history.reconnected()
      if (this.#source !== undefined) this.#context.faultChanged(this.#source, undefined)
    }
    if (!isOpen(this.#machine)) this.#demand.endLinger()
    this.#log.entered(before, this.#machine, this.#history.lastInfo, this.#failures.last)
    this.#show()
    this.#tell()
    this.#demandChanged()
  }

  #settleWaiters(event: MachineEvent): void {
    const open = isOpen(this.#machine)
    if (this.#machine.phase === 'streaming') this.#waiters.frames(true)
    else if (!open) this.#waiters.frames(false)
    // What a start failed with is told by the one who knows it.
    if (!open && event.type !== 'failed') this.#waiters.notStarted(() => this.#unavailable())
  }

  #show(): void {
    this.#view.follow(this.#machine.phase, this.#source, () => {
      const { width, height } = this.#mode.mode ?? this.#history.lastInfo ?? UNKNOWN_SIZE
      return { width, height, text: this.#absence() }
    })
  }

  #absence(): string {
    const camera = this.#camera
    return absenceText({
      machine: this.#machine,
      code: this.#failures.code,
      owner: this.#failures.owner,
      unusable: camera?.reason,
      pluggedIn: camera?.source !== undefined && camera.source !== this.#gone,
    })
  }

  #tell(): void {
    const { state, reason } = this.state()
    this.#context.stateChanged({ device: this.device, state, ...(reason === undefined ? {} : { reason }) })
  }

  #unavailable(): ServiceError {
    if (!this.#machine.enabled) return switchedOff()
    return this.#source === undefined ? unusable(this.#camera) : noCapture(this.#failures.last)
  }
}
