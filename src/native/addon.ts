/** The addon's plain functions as the `Addon` and `Core` of types.ts. */

import { CAPTURE_FIGURES, captureStatsOf } from './capture-figures.js'
import { loadAddonFile } from './load.js'
import type {
  Addon,
  CaptureInfo,
  CaptureRequest,
  CaptureStats,
  ControlResult,
  ControlWish,
  Core,
  CoreOptions,
  DeviceControl,
  DeviceReport,
  DeviceState,
  Feed,
  FeedOptions,
  FeedStats,
  FrameWish,
  GrabbedFrame,
  GrabbedUnit,
  NativeEvent,
  PlaceholderPicture,
  SavedFrame,
  ViewerOptions,
  ViewerStats,
  ViewerTotals,
} from './types.js'

/** A view is one thread's hold on a core; the addon knows it by number. */
type View = number

interface OpenedView {
  readonly view: View
  readonly core: number
}

/** The addon's largest. */
const ANY_AGE_MS = 3_600_000

/** What native/binding/addon.cpp exports. */
interface RawAddon {
  /** Events, devices and reports come as JSON: parsed in a tenth of the time in which the addon could set their members. */
  open(options: CoreOptions, onEvents: (events: string) => void): OpenedView
  attach(coreId: number): OpenedView
  detach(view: View): void
  shutdown(view: View, timeoutMs: number): Promise<void>
  devices(view: View): string
  probe(view: View, source: string): Promise<string>
  probeControls(view: View, source: string): Promise<DeviceControl[]>
  setControls(view: View, source: string, wishes: readonly ControlWish[]): Promise<ControlResult[]>
  startCapture(view: View, source: string, request: CaptureRequest): Promise<CaptureInfo>
  stopCapture(view: View, source: string): Promise<void>
  /** Writes into `figures`; false, and nothing written, for a source without a capture. */
  captureStats(view: View, source: string, maxFrameAgeMs: number, figures: Float64Array): boolean
  setRetained(view: View, source: string, frames: number): void
  setJpegQuality(view: View, source: string, quality: number): void
  grab(view: View, source: string, wish: FrameWish): Promise<GrabbedFrame>
  grabKeyFrame(view: View, source: string, wish: FrameWish): Promise<GrabbedUnit>
  saveFrame(view: View, source: string, wish: FrameWish, dir: string, name: string): Promise<SavedFrame>
  openFeed(view: View, source: string, options: FeedOptions): Feed
  closeReadEnd(view: View, feed: number): void
  closeFeed(view: View, feed: number): void
  feedStats(view: View, feed: number): FeedStats | undefined
  showSource(view: View, channel: string, source: string): void
  showPlaceholder(view: View, channel: string, picture: PlaceholderPicture): void
  setMaxFrameAge(view: View, channel: string, maxFrameAgeMs: number): void
  addViewer(view: View, fd: number, channel: string, options: ViewerOptions): number
  endViewer(view: View, viewer: number): void
  endViewers(view: View, channel: string | undefined): void
  limitViewerRate(view: View, maxFps: number): void
  viewers(view: View, channel: string): ViewerStats[]
  viewerCount(view: View, channel: string): number
  viewerTotals(view: View): ViewerTotals
}

/**
 * Loads the addon into this thread; again at will. What an event listener throws is uncaught, as of any listener: Node would only
 * warn of what a native callback throws, and whoever did not hear the rest of the batch goes on with half the truth.
 */
export function loadNative(): Addon {
  const raw = loadAddonFile() as RawAddon
  return {
    open: (options, onEvents) => {
      if (typeof onEvents !== 'function') throw new TypeError('onEvents must be a function')
      const guarded = (events: string): void => {
        try {
          onEvents(JSON.parse(events) as NativeEvent[])
        } catch (thrown) {
          setImmediate(() => {
            throw thrown
          })
        }
      }
      return new CoreView(raw, raw.open(options, guarded))
    },
    attach: (coreId) => new CoreView(raw, raw.attach(coreId)),
  }
}

class CoreView implements Core {
  readonly id: number
  readonly #raw: RawAddon
  readonly #view: View
  /** Written anew at each question. */
  readonly #figures = new Float64Array(CAPTURE_FIGURES)

  constructor(raw: RawAddon, opened: OpenedView) {
    this.id = opened.core
    this.#raw = raw
    this.#view = opened.view
  }

  devices(): DeviceState[] {
    return JSON.parse(this.#raw.devices(this.#view)) as DeviceState[]
  }

  probe(source: string): Promise<DeviceReport> {
    return this.#raw.probe(this.#view, source).then((report) => JSON.parse(report) as DeviceReport)
  }

  probeControls(source: string): Promise<DeviceControl[]> {
    return this.#raw.probeControls(this.#view, source)
  }

  setControls(source: string, wishes: readonly ControlWish[]): Promise<ControlResult[]> {
    return this.#raw.setControls(this.#view, source, wishes)
  }

  startCapture(source: string, request: CaptureRequest): Promise<CaptureInfo> {
    return this.#raw.startCapture(this.#view, source, request)
  }

  stopCapture(source: string): Promise<void> {
    return this.#raw.stopCapture(this.#view, source)
  }

  captureStats(source: string, maxFrameAgeMs = ANY_AGE_MS): CaptureStats | undefined {
    return this.#raw.captureStats(this.#view, source, maxFrameAgeMs, this.#figures) ? captureStatsOf(this.#figures) : undefined
  }

  setRetained(source: string, frames: number): void {
    this.#raw.setRetained(this.#view, source, frames)
  }

  setJpegQuality(source: string, quality: number): void {
    this.#raw.setJpegQuality(this.#view, source, quality)
  }

  grab(source: string, wish: FrameWish): Promise<GrabbedFrame> {
    return this.#raw.grab(this.#view, source, wish)
  }

  grabKeyFrame(source: string, wish: FrameWish): Promise<GrabbedUnit> {
    return this.#raw.grabKeyFrame(this.#view, source, wish)
  }

  saveFrame(source: string, wish: FrameWish, dir: string, name: string): Promise<SavedFrame> {
    return this.#raw.saveFrame(this.#view, source, wish, dir, name)
  }

  openFeed(source: string, options: FeedOptions): Feed {
    return this.#raw.openFeed(this.#view, source, options)
  }

  closeReadEnd(feed: number): void {
    this.#raw.closeReadEnd(this.#view, feed)
  }

  closeFeed(feed: number): void {
    this.#raw.closeFeed(this.#view, feed)
  }

  feedStats(feed: number): FeedStats | undefined {
    return this.#raw.feedStats(this.#view, feed)
  }

  showSource(channel: string, source: string): void {
    this.#raw.showSource(this.#view, channel, source)
  }

  showPlaceholder(channel: string, picture: PlaceholderPicture): void {
    this.#raw.showPlaceholder(this.#view, channel, picture)
  }

  setMaxFrameAge(channel: string, maxFrameAgeMs: number): void {
    this.#raw.setMaxFrameAge(this.#view, channel, maxFrameAgeMs)
  }

  addViewer(fd: number, channel: string, options: ViewerOptions): number {
    return this.#raw.addViewer(this.#view, fd, channel, options)
  }

  endViewer(viewer: number): void {
    this.#raw.endViewer(this.#view, viewer)
  }

  endViewers(channel?: string): void {
    this.#raw.endViewers(this.#view, channel)
  }

  limitViewerRate(maxFps: number): void {
    this.#raw.limitViewerRate(this.#view, maxFps)
  }

  viewers(channel: string): ViewerStats[] {
    return this.#raw.viewers(this.#view, channel)
  }

  viewerCount(channel: string): number {
    return this.#raw.viewerCount(this.#view, channel)
  }

  viewerTotals(): ViewerTotals {
    return this.#raw.viewerTotals(this.#view)
  }

  detach(): void {
    this.#raw.detach(this.#view)
  }

  shutdown(timeoutMs: number): Promise<void> {
    return this.#raw.shutdown(this.#view, timeoutMs)
  }
}
