/**
 * The controls of cameras: listed, set with read-back, reset, and given back to a camera that lost them with its power. Changes are
 * told once, whoever asked. Nothing here touches a running stream.
 */

import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import { type FaultCount, FaultCounts } from '../../base/fault-counts.js'
import type { Logger } from '../../base/logger.js'
import type { ControlResult, ControlWish, Core, DeviceControl } from '../../native/index.js'
import { captureError, nativeCode } from '../capture/capture-fault.js'
import type { CameraRegistry } from '../registry/registry.js'
import type { Camera } from '../types.js'
import { movesHardware, wasSetTo } from './control-memory.js'
import { type ControlSetResult, setResult, unknownControl } from './control-result.js'
import type { ControlStore, RememberedControl } from './control-store.js'
import { type ControlView, controlChange, controlViews } from './control-view.js'
import { checkWish } from './control-wish.js'
import { findControl, invalidControl, readWish, type Wish } from './control-wishes.js'

export interface ControlsOptions {
  readonly core: Pick<Core, 'probeControls' | 'setControls'>
  readonly registry: Pick<CameraRegistry, 'get' | 'events'>
  readonly store: ControlStore
  readonly clock: Clock
  readonly logger: Logger
  /** Also give back pan, tilt and zoom: that moves hardware. */
  readonly restoreMotion: boolean
}

export interface SetOptions {
  /** Throw INVALID_PARAMS for the first value that cannot be set, and set none; otherwise each has its result. */
  readonly strict?: boolean
}

/** A stream waits this long for its camera's controls to be given back. */
const REAPPLY_MS = 3_000
/** Calls that may wait for one camera. */
const MAX_WAITING = 32

/** What was listed last, of one appearance of a camera. */
interface Known {
  readonly source: string
  readonly controls: readonly DeviceControl[]
}

export class CameraControls {
  readonly #options: ControlsOptions
  readonly #known = new Map<string, Known>()
  /** Sources whose remembered controls were given back. */
  readonly #restored = new Map<string, string>()
  readonly #queues = new Map<string, { tail: Promise<unknown>; waiting: number }>()
  readonly #lists = new Map<string, Promise<readonly ControlView[]>>()
  readonly #faults = new Map<string, FaultCounts>()

  constructor(options: ControlsOptions) {
    this.#options = options
  }

  /**
   * All controls with their values now. Throws CAMERA_NOT_FOUND, INVALID_STATE (unplugged), DEPENDENCY_FAILED. Calls at the same time
   * share one look at the camera.
   */
  list(device: string): Promise<readonly ControlView[]> {
    const underWay = this.#lists.get(device)
    if (underWay !== undefined) return underWay
    const list = this.#queued(device, async (camera, source) => controlViews(await this.#look(camera, source))).finally(() =>
      this.#lists.delete(device),
    )
    this.#lists.set(device, list)
    return list
  }

  /**
   * Sets controls by name or number and answers what the camera has then; automatic switches go first. What was set is remembered
   * for the camera. Integers out of range are clamped unless `strict`. Throws as `list` does, and INVALID_PARAMS when `strict`.
   */
  set(
    device: string,
    values: Readonly<Record<string, unknown>>,
    { strict = false }: SetOptions = {},
  ): Promise<readonly ControlSetResult[]> {
    return this.#queued(device, async (camera, source) => {
      await this.#restore(camera, source)
      const views = controlViews(await this.#lastKnown(camera, source))
      const answers = Object.entries(values).map(([name, given]) => readWish(views, name, given, strict))
      return this.#apply(camera, source, answers, (set) => this.#options.store.remember(camera.identity, set))
    })
  }

  /**
   * Gives controls their defaults (all that have one; pan, tilt and zoom only by name) and forgets what was remembered of them.
   * Throws as `list` does, and INVALID_PARAMS for a name that is not known.
   */
  reset(device: string, names?: readonly string[]): Promise<readonly ControlSetResult[]> {
    return this.#queued(device, async (camera, source) => {
      const views = controlViews(await this.#look(camera, source))
      const chosen =
        names?.map((name) => findControl(views, name) ?? name) ?? views.filter((view) => view.settable && !movesHardware(view.id))
      const missing = chosen.find((view): view is string => typeof view === 'string')
      if (missing !== undefined) throw invalidControl(views, missing)
      const wishes = chosen
        .filter((view): view is ControlView => typeof view !== 'string')
        .flatMap((control) => {
          const check = control.default === undefined ? undefined : checkWish(control, control.default)
          return check?.value === undefined ? [] : [{ control, value: check.value }]
        })
      return this.#apply(camera, source, wishes, (set) => this.#options.store.forget(camera.identity, [...set.keys()]))
    })
  }

  /**
   * Before the first capture of a camera that was plugged in: gives back what clients set. Resolves when done, or after 3 s. Never
   * rejects: a camera that does not take its controls streams without them.
   */
  async reapply(camera: Camera): Promise<void> {
    const { source } = camera
    if (source === undefined || this.#restored.get(camera.device) === source) return
    const { clock } = this.#options
    let cancel: (() => void) | undefined
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(REAPPLY_MS, () => {
        this.#warn(camera, { waitedMs: REAPPLY_MS }, 'the remembered controls take long; the capture starts without them')
        resolve()
      })
    })
    const done = this.#queued(camera.device, (now, present) => this.#restore(now, present)).catch((thrown: unknown) =>
      this.#warn(camera, { error: errorText(thrown) }, 'the remembered controls could not be given back'),
    )
    await Promise.race([done, late])
    cancel?.()
  }

  /** Transfers that the camera failed or stalled on: CONTROL_FAILED. */
  faults(device: string): readonly FaultCount[] {
    return this.#faults.get(device)?.list() ?? []
  }

  /** One call after another for each camera: what is told of a change needs what was before. */
  async #queued<Result>(device: string, work: (camera: Camera, source: string) => Promise<Result>): Promise<Result> {
    present(this.#options.registry.get(device))
    const queue = this.#queues.get(device) ?? { tail: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= MAX_WAITING) {
      throw new ServiceError('RATE_LIMITED', { data: { retry_after_ms: 1_000 }, details: 'the camera is busy with its controls' })
    }
    this.#queues.set(device, queue)
    queue.waiting += 1
    const result = queue.tail.then(() => {
      const camera = this.#options.registry.get(device)
      return work(camera, present(camera))
    })
    queue.tail = result.then(
      () => undefined,
      () => undefined,
    )
    try {
      return await result
    } catch (thrown) {
      if (nativeCode(thrown) !== undefined) this.#failed(device, `the controls cannot be had: ${errorText(thrown)}`)
      throw captureError(thrown)
    } finally {
      queue.waiting -= 1
      if (queue.waiting === 0) this.#queues.delete(device)
    }
  }

  async #apply(
    camera: Camera,
    source: string,
    answers: readonly (Wish | ControlSetResult)[],
    keep: (set: ReadonlyMap<string, RememberedControl>) => Promise<void>,
  ): Promise<readonly ControlSetResult[]> {
    const wishes = answers.filter((answer): answer is Wish => 'control' in answer)
    if (wishes.length === 0) return answers.filter((answer): answer is ControlSetResult => !('control' in answer))
    const results = await this.#options.core.setControls(
      source,
      wishes.map(({ control, value }) => ({ id: control.id, value })),
    )
    const byWish = new Map(wishes.map((wish, index) => [wish, results[index]]))
    for (const [{ control }, result] of byWish) if (result !== undefined) this.#countResult(camera.device, control.name, result)
    await this.#learn(camera, source, wishes, results)
    await keep(wasSetTo(wishes.map((wish) => ({ ...wish, result: byWish.get(wish) }))))
    return answers.map((answer) => {
      if (!('control' in answer)) return answer
      const result = byWish.get(answer)
      return result === undefined ? unknownControl(answer.control.name) : setResult(answer.control, result)
    })
  }

  /** Brings what is known up to date after a setting, and tells what changed. */
  async #learn(camera: Camera, source: string, wishes: readonly Wish[], results: readonly ControlResult[]): Promise<void> {
    const known = await this.#lastKnown(camera, source)
    const changesOthers = wishes.some(({ control }) => control.flags.includes('update') || control.type === 'button')
    const movesByItself = known.some(({ flags }) => flags.includes('volatile'))
    if (changesOthers || movesByItself) {
      await this.#look(camera, source, true)
      return
    }
    const byId = new Map(results.map((result) => [result.id, result]))
    this.#keep(
      camera,
      source,
      known.map((control) => updated(control, byId.get(control.id))),
      true,
    )
  }

  async #lastKnown(camera: Camera, source: string): Promise<readonly DeviceControl[]> {
    const known = this.#known.get(camera.device)
    return known?.source === source ? known.controls : this.#look(camera, source)
  }

  async #look(camera: Camera, source: string, afterSet = false): Promise<readonly DeviceControl[]> {
    const controls = await this.#options.core.probeControls(source)
    const known = this.#known.get(camera.device)
    const broken = known?.source === source ? known.controls.filter(isBroken).map(({ id }) => id) : []
    for (const control of controls) {
      if (isBroken(control) && !broken.includes(control.id))
        this.#failed(camera.device, `${control.name}: the camera stalled on it`)
    }
    this.#keep(camera, source, controls, afterSet)
    return controls
  }

  /** A volatile value moves all the time: it is news only after a setting. */
  #keep(camera: Camera, source: string, controls: readonly DeviceControl[], afterSet: boolean): void {
    const before = this.#known.get(camera.device)
    this.#known.set(camera.device, { source, controls })
    if (before?.source !== source) return
    const old = new Map(before.controls.map((control) => [control.id, control]))
    for (const view of controlViews(controls)) {
      const was = old.get(view.id)
      const now = controls.find(({ id }) => id === view.id)
      if (was === undefined || now === undefined) continue
      const quiet = !afterSet && view.flags.includes('volatile')
      const changed = (was.value !== now.value && !quiet) || was.flags.includes('inactive') !== view.inactive
      if (changed) this.#options.registry.events.emit('controlChanged', controlChange(camera.device, view))
    }
  }

  /** Once per appearance of a camera; tried again when the device did not answer. */
  async #restore(camera: Camera, source: string): Promise<void> {
    if (this.#restored.get(camera.device) === source) return
    const remembered = [...(await this.#options.store.of(camera.identity))].filter(
      ([, { id }]) => this.#options.restoreMotion || !movesHardware(id),
    )
    if (remembered.length > 0) {
      const wishes: ControlWish[] = remembered.map(([, { id, value }]) => ({ id, value }))
      const results = await this.#options.core.setControls(source, wishes)
      // An inactive one is as it should be: its automatic switch is on, as it was.
      const failed = results.filter(({ outcome, inactive }) => outcome !== 'applied' && !inactive && outcome !== 'inactive')
      for (const result of failed) {
        const { id, outcome } = result
        const name = remembered.find(([, control]) => control.id === id)?.[0]
        this.#countResult(camera.device, name ?? String(id), result)
        this.#warn(camera, { control: name, outcome }, 'a remembered control was not taken as it was')
      }
    }
    this.#restored.set(camera.device, source)
  }

  #countResult(device: string, name: string, { outcome, errno }: ControlResult): void {
    if (outcome === 'broken' || outcome === 'failed') this.#failed(device, `${name}: ${outcome} (errno ${errno})`)
  }

  #failed(device: string, reason: string): void {
    const counts = this.#faults.get(device) ?? new FaultCounts(this.#options.clock)
    this.#faults.set(device, counts)
    counts.count('CONTROL_FAILED', reason)
  }

  #warn({ device }: Camera, facts: object, message: string): void {
    this.#options.logger.warn({ device, ...facts }, message)
  }
}

function present(camera: Camera): string {
  if (camera.source !== undefined) return camera.source
  throw new ServiceError('INVALID_STATE', {
    data: { state: camera.status, allowed_states: ['CONNECTED'] },
    details: 'the camera is not plugged in',
  })
}

function isBroken({ flags }: DeviceControl): boolean {
  return flags.includes('broken')
}

function updated(control: DeviceControl, result: ControlResult | undefined): DeviceControl {
  if (result === undefined) return control
  const flags = control.flags.filter((flag) => flag !== 'inactive')
  return {
    ...control,
    flags: result.inactive ? [...flags, 'inactive'] : flags,
    ...(result.value === undefined ? {} : { value: result.value }),
  }
}
