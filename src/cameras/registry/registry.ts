/**
 * Who exists: the one registry of cameras for all faces. Fed with the core's events; says what changed, under ids that stick.
 * Lists and statuses are rendered once per change (and client-side host, since links name it).
 */

import type { Clock } from '../../base/clock.js'
import { ServiceError } from '../../base/errors.js'
import { TypedEvents } from '../../base/events.js'
import { FaultCounts } from '../../base/fault-counts.js'
import type { Logger } from '../../base/logger.js'
import { Rendered } from '../../base/rendered.js'
import type { DeviceReport, DeviceState, NativeErrorCode, NativeEvent } from '../../native/index.js'
import { chooseMode, type ModeWish } from '../mode.js'
import type { Camera, CameraEvents, Mode } from '../types.js'
import { Announcer } from './announcer.js'
import { IdBook, type IdBookOptions, type Numbered } from './id-book.js'
import type { Selection } from './selections.js'
import { cameraStatus } from './status.js'
import {
  type CameraListView,
  type CameraStatusView,
  type CapabilitiesView,
  cameraStatusView,
  cameraView,
  capabilitiesView,
  type StreamLinks,
} from './views.js'

export interface RegistryOptions extends IdBookOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Wanted mode of a camera; what is not wanted is chosen. */
  readonly modeWish: (device: string) => ModeWish | undefined
  /** Flapping is told when settled. */
  readonly quietMs: number
  readonly maxMs: number
  /** Stream URLs of a camera for a client that used `host`. */
  readonly links: (device: string, host: string) => StreamLinks
}

interface Entry {
  /** N of `cameraN`. */
  readonly number: number
  camera: Camera
  state: DeviceState | undefined
  captureFault: NativeErrorCode | undefined
  readonly announcer: Announcer<Camera>
  /** Rendered statuses by host, dropped on change. */
  readonly statuses: Map<string, Rendered<CameraStatusView>>
  capabilities: Rendered<CapabilitiesView> | undefined
  /** The mode chosen last, and from what. */
  choice:
    | { readonly report: DeviceReport | undefined; readonly wish: ModeWish | undefined; readonly mode: Mode | undefined }
    | undefined
}

/** Hosts whose renderings are kept; a client that makes up names must not fill the memory. */
const MAX_HOSTS = 32

export class CameraRegistry {
  readonly events: TypedEvents<CameraEvents>
  /** Of hearing of cameras: EVENTS_LOST, FLAPPING. */
  readonly faults: FaultCounts
  readonly #options: RegistryOptions
  readonly #ids: IdBook
  readonly #byDevice = new Map<string, Entry>()
  /** What `list` answers until something changes. */
  #listed: readonly Camera[] | undefined
  /** By number. */
  readonly #sorted: Entry[] = []
  readonly #bySource = new Map<string, Entry>()
  readonly #lists = new Map<string, Rendered<CameraListView>>()
  readonly #wishes = new Map<string, ModeWish>()
  /** Whose changes are to be told when the batch of events is taken; undefined outside of one. */
  #changed: Set<Entry> | undefined

  constructor(options: RegistryOptions) {
    this.#options = options
    this.faults = new FaultCounts(options.clock)
    this.#ids = new IdBook(options)
    this.events = new TypedEvents((thrown, event) =>
      options.logger.error({ event, error: String(thrown) }, 'a listener of camera events failed'),
    )
  }

  /**
   * Takes a batch of the core's events, in order. Clients hear of each at once; the rest of the service, which takes its time, hears
   * of what came of it afterwards.
   */
  handle(events: readonly NativeEvent[]): void {
    this.#together(() => {
      for (const event of events) this.#handle(event)
    })
  }

  /** Which camera gets which id, by path. One that is plugged in under another id goes, and comes back under the right one. */
  select(selections: readonly Selection[]): void {
    const movers = this.#ids.select(selections, this.#present())
    this.#together(() => {
      for (const { source } of movers) this.#gone(source)
      for (const state of movers) this.#seen(state)
    })
  }

  /** All cameras ever seen, by number. */
  list(): readonly Camera[] {
    this.#listed ??= this.#sorted.map((entry) => entry.camera)
    return this.#listed
  }

  /** Whether a device is there that is not known yet. */
  get discovering(): boolean {
    for (const { state } of this.#byDevice.values()) {
      if (state !== undefined && state.report === undefined && state.fault === undefined) return true
    }
    return false
  }

  has(device: string): boolean {
    return this.#byDevice.has(device)
  }

  /** Throws CAMERA_NOT_FOUND. */
  get(device: string): Camera {
    return this.#entry(device).camera
  }

  bySource(source: string): Camera | undefined {
    return this.#bySource.get(source)?.camera
  }

  /** The id meant by `cameraN` or `/dev/videoN` (the camera whose node that is now, else `cameraN`). */
  resolve(text: string): string {
    const node = /^\/dev\/video(\d{1,3})$/.exec(text)
    if (node === null) return text
    for (const entry of this.#byDevice.values()) if (entry.camera.node === text) return entry.camera.device
    return `camera${Number(node[1])}`
  }

  /** What get_camera_list answers. */
  listView(host: string): Rendered<CameraListView> {
    return cached(this.#lists, host, () => {
      const cameras = this.list()
      return {
        cameras: cameras.map((camera) => cameraView(camera, this.#options.links(camera.device, host))),
        total: cameras.length,
        connected: cameras.filter((camera) => camera.status === 'CONNECTED').length,
      }
    })
  }

  /** What get_camera_status answers. Throws CAMERA_NOT_FOUND. */
  statusView(device: string, host: string): Rendered<CameraStatusView> {
    const entry = this.#entry(device)
    return cached(entry.statuses, host, () => cameraStatusView(entry.camera, this.#options.links(device, host)))
  }

  /** What get_camera_capabilities answers. Throws CAMERA_NOT_FOUND. */
  capabilitiesView(device: string): Rendered<CapabilitiesView> {
    const entry = this.#entry(device)
    entry.capabilities ??= new Rendered(capabilitiesView(entry.camera))
    return entry.capabilities
  }

  /** A wanted capture failed (the code) or runs (undefined). */
  setCaptureFault(source: string, fault: NativeErrorCode | undefined): void {
    const entry = this.#bySource.get(source)
    if (entry === undefined || entry.captureFault === fault) return
    entry.captureFault = fault
    this.#refresh(entry)
  }

  /** Another wanted mode than the one configured at the start; undefined: that one again. */
  setModeWish(device: string, wish: ModeWish | undefined): void {
    const before = this.#wishes.get(device)
    if (JSON.stringify(wish) === JSON.stringify(before)) return
    if (wish === undefined) this.#wishes.delete(device)
    else this.#wishes.set(device, wish)
    const entry = this.#byDevice.get(device)
    if (entry !== undefined) this.#refresh(entry)
  }

  /** Links may read differently now (MediaMTX came or went). */
  forgetLinks(): void {
    this.#lists.clear()
    for (const entry of this.#byDevice.values()) entry.statuses.clear()
    this.events.emit('viewsChanged', undefined)
  }

  #handle(event: NativeEvent): void {
    switch (event.type) {
      case 'present':
      case 'ready':
      case 'changed':
        this.#seen(event)
        break
      case 'gone':
        this.#gone(event.source)
        break
      case 'resync':
        this.faults.count('EVENTS_LOST', 'messages on devices or captures were lost')
        this.#resync(event.devices)
        break
      case 'flapping': {
        const device = this.#bySource.get(event.source)?.camera.device
        this.faults.count('FLAPPING', `${device ?? event.node} keeps coming and going`)
        this.#options.logger.warn({ device }, 'camera keeps coming and going')
        break
      }
      case 'capture':
      case 'feed_ended':
        break
    }
  }

  #entry(device: string): Entry {
    const entry = this.#byDevice.get(device)
    if (entry === undefined) throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device } })
    return entry
  }

  #seen(state: DeviceState): void {
    const entry = this.#bySource.get(state.source) ?? this.#adopt(state)
    if (entry.state?.source !== state.source) {
      if (entry.state !== undefined) this.#bySource.delete(entry.state.source)
      this.#bySource.set(state.source, entry)
      entry.captureFault = undefined
    }
    const hadReport = entry.state?.report !== undefined
    entry.state = state
    this.#refresh(entry)
    if (state.report !== undefined && !hadReport) this.events.emit('capabilitiesDetected', entry.camera)
    if (state.fault !== undefined) {
      this.events.emit('capabilitiesFailed', { camera: entry.camera, error: `${state.fault.call}: ${state.fault.code}` })
    }
  }

  /** Finds the camera a new appearance belongs to, or makes one. */
  #adopt(state: DeviceState): Entry {
    const { identity } = state
    const number = this.#ids.assign(state, () => this.#present())
    const device = `camera${number}`
    const known = this.#byDevice.get(device)
    if (known !== undefined) return known
    const entry: Entry = {
      number,
      camera: { device, identity: identity.id, name: identity.name, virtual: state.virtual, status: 'DISCONNECTED' },
      state: undefined,
      captureFault: undefined,
      announcer: new Announcer(this.#options, sameStatus, (camera, previous) => this.#announce(camera, previous)),
      statuses: new Map(),
      capabilities: undefined,
      choice: undefined,
    }
    this.#byDevice.set(device, entry)
    this.#sorted.push(entry)
    this.#sorted.sort((a, b) => a.number - b.number)
    this.#listed = undefined
    return entry
  }

  #gone(source: string): void {
    const entry = this.#bySource.get(source)
    if (entry === undefined) return
    this.#bySource.delete(source)
    this.#ids.left(entry.camera.identity)
    entry.state = undefined
    this.#refresh(entry)
  }

  #resync(devices: readonly DeviceState[]): void {
    const present = new Set(devices.map((state) => state.source))
    for (const source of [...this.#bySource.keys()]) if (!present.has(source)) this.#gone(source)
    for (const state of devices) this.#seen(state)
  }

  #refresh(entry: Entry): void {
    const { state } = entry
    const previous = entry.camera
    const report = state === undefined ? previous.report : state.report
    const hardware = state?.identity ?? previous.hardware
    const wish = this.#wishes.get(previous.device) ?? this.#options.modeWish(previous.device)
    const mode = chosen(entry, report, wish)
    const word = cameraStatus({
      present: state !== undefined,
      report,
      mode,
      probeFault: state?.fault,
      captureFault: entry.captureFault,
    })
    const camera: { -readonly [Name in keyof Camera]: Camera[Name] } = {
      device: previous.device,
      identity: state?.identity.id ?? previous.identity,
      name: displayName(state, report, previous.name),
      virtual: previous.virtual,
      status: word.status,
    }
    if (word.reason !== undefined) camera.reason = word.reason
    if (state !== undefined) {
      camera.source = state.source
      camera.node = state.node
      if (state.fault !== undefined) camera.fault = state.fault
    }
    if (report !== undefined) camera.report = report
    if (hardware !== undefined) camera.hardware = hardware
    if (mode !== undefined) camera.mode = mode
    // Another appearance is never taken for the one before it.
    if (camera.source !== previous.source && this.#changed?.delete(entry)) this.events.emit('changed', previous)
    entry.camera = camera
    this.#listed = undefined
    entry.statuses.clear()
    entry.capabilities = undefined
    this.#lists.clear()
    this.events.emit('viewsChanged', undefined)
    const waitingForProbe = state !== undefined && state.report === undefined && state.fault === undefined
    if (!waitingForProbe) entry.announcer.update(camera)
    if (this.#changed === undefined) this.events.emit('changed', camera)
    else this.#changed.add(entry)
  }

  #announce(camera: Camera, previous: Camera | undefined): void {
    const oldStatus = previous?.status ?? 'DISCONNECTED'
    if (camera.status === 'CONNECTED' && oldStatus !== 'CONNECTED') this.events.emit('connected', camera)
    if (camera.status === 'DISCONNECTED' && oldStatus !== 'DISCONNECTED') this.events.emit('disconnected', camera)
    if (camera.status !== oldStatus || camera.reason !== previous?.reason) {
      this.events.emit('statusChanged', { camera, oldStatus, newStatus: camera.status })
    }
  }

  #together(change: () => void): void {
    const changed = new Set<Entry>()
    this.#changed = changed
    change()
    this.#changed = undefined
    for (const entry of changed) this.events.emit('changed', entry.camera)
  }

  #present(): Numbered[] {
    return [...this.#bySource.values()].flatMap(({ number, camera: { identity }, state }) =>
      state === undefined ? [] : [{ number, identity, state }],
    )
  }
}

function cached<View>(byHost: Map<string, Rendered<View>>, host: string, render: () => View): Rendered<View> {
  const known = byHost.get(host)
  if (known !== undefined) return known
  if (byHost.size >= MAX_HOSTS) byHost.clear()
  const rendered = new Rendered(render())
  byHost.set(host, rendered)
  return rendered
}

/** A camera that only comes or goes is not asked again which mode it takes. */
function chosen(entry: Entry, report: DeviceReport | undefined, wish: ModeWish | undefined): Mode | undefined {
  const { choice } = entry
  if (choice !== undefined && choice.report === report && choice.wish === wish) return choice.mode
  const mode = report === undefined ? undefined : chooseMode(report, wish)
  entry.choice = { report, wish, mode }
  return mode
}

function sameStatus(a: Camera, b: Camera): boolean {
  return a.status === b.status && a.reason === b.reason
}

function displayName(state: DeviceState | undefined, report: Camera['report'], previous: string): string {
  if (state === undefined) return previous
  return report?.card || state.identity.product || state.identity.name || previous
}
