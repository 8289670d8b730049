/** The camera face's configuration in the service: where it is kept, and how a change reaches cameras, listener and clients. */

import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import {
  type Applier,
  type CameraConfigStore,
  type CameraServerConfig,
  type ChosenMode,
  ConfigRejected,
  ConfigUnreadable,
  ConfigUnwritable,
  createCameraConfigStore,
  readConfig,
} from '../camera-config/index.js'
import type { CameraFace, ConfigPort, Move } from '../camera-face/index.js'
import { type Cameras, cameraAt, DEFAULT_CAMERA, type Mode, type Selection } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import { CameraLog, type LogPort } from './camera-log.js'
import {
  type CaptureContext,
  captureSettings,
  defaultCaptureSettings,
  defaultSelector,
  selectionsOf,
  shownFps,
} from './capture-settings.js'

/** Nothing is plugged in when nothing has been found for so long. */
const FIRST_CAMERA_MS = 500
/** Longest wait for the mode of a camera that is there: a probe ends within two seconds. */
const FIRST_MODE_MS = 2_500

export interface OpenCameraConfig {
  readonly store: CameraConfigStore
  readonly log: CameraLog
  /** Has started; its stop leaves the log open for what others say at theirs. */
  readonly service: Service
}

export interface CameraConfigParts {
  readonly config: Config
  readonly cameras: Cameras
  readonly clock: Clock
  readonly logger: Logger
}

/** Reads the file, and puts in force what is there to be configured so far; never rejects for what the file holds. */
export async function openCameraConfig(parts: CameraConfigParts & { readonly log: LogPort }): Promise<OpenCameraConfig> {
  const { config, logger } = parts
  const store = buildCameraConfig(parts)
  await store.start(new AbortController().signal)
  const defaultLevel = config.camera_server.server.log_level
  const log = new CameraLog({ log: parts.log, logger, stateDir: config.state_dir, defaultLevel })
  await log.start(store.current.server)
  const ends = [store.onApply(log), followCameraConfig(store, parts)]
  return {
    store,
    log,
    service: {
      name: store.name,
      start: async () => undefined,
      async stop() {
        for (const end of ends.splice(0)) end()
        await store.stop()
      },
    },
  }
}

function buildCameraConfig({ config, cameras, clock, logger }: CameraConfigParts): CameraConfigStore {
  const { config_file: file, camera, server } = config.camera_server
  return createCameraConfigStore({
    file,
    defaults: { camera, server },
    clock,
    logger: logger.child({ component: 'camera-config' }),
    chosenMode: (signal) => {
      // Without a file the defaults say which camera is the default one.
      cameras.captures.chooseDefault(defaultSelector({ camera }))
      return chosenMode(cameras, clock, signal)
    },
    defaultCameraId: () => cameras.captures.defaultDevice,
  })
}

/** What config.json says of ids, before there is a store: no camera shall first get another one. None of a file that is broken. */
export async function configuredSelections({ camera_server: { config_file: file } }: Config): Promise<Selection[]> {
  const state = await readConfig(file)
  return state.is === 'good' ? selectionsOf(state.said.cameras) : []
}

/** Cameras follow the configuration from now on, those that appear later too. The function returned ends it. */
function followCameraConfig(store: CameraConfigStore, { config, cameras, logger }: CameraConfigParts): () => void {
  const { registry, captures } = cameras
  let isSettled = false
  const told = new Set<string>()
  const configured = new Set<string>()

  const tell = (): void => {
    const { current } = store
    registry.select(selectionsOf(current.cameras))
    const context: CaptureContext = { defaults: config.camera_server.camera, modes: config.camera.modes, isSettled }
    captures.chooseDefault(defaultSelector(current))
    captures.configure(DEFAULT_CAMERA, defaultCaptureSettings(current, captures.defaultDevice, context))
    for (const { device } of registry.list()) {
      configured.add(device)
      captures.configure(device, captureSettings(current, device, context))
    }
    warnOfTwoDevices(current)
    warnOfOtherDevices(current)
  }
  const warnOfTwoDevices = ({ camera }: CameraServerConfig): void => {
    if (camera.device_path === null) return
    const [byPath, byIndex] = [captures.defaultDevice, registry.resolve(`/dev/video${camera.device_index}`)]
    const pair = `${camera.device_path} ${camera.device_index}`
    if (byPath === byIndex || told.has(pair) || !registry.has(byPath) || !registry.has(byIndex)) return
    told.add(pair)
    const facts = { device_path: camera.device_path, device_index: camera.device_index, used: byPath, ignored: byIndex }
    logger.warn(facts, 'device_path and device_index name different cameras; device_path is used')
  }
  const warnOfOtherDevices = ({ cameras: elements = [] }: CameraServerConfig): void => {
    for (const { id, device_path: path } of elements) {
      const named = typeof path === 'string' ? cameraAt(path, registry.list()) : undefined
      if (named === undefined || named === id || told.has(`${id} ${path}`)) continue
      told.add(`${id} ${path}`)
      const facts = { id, device_path: path, named }
      logger.warn(facts, 'device_path names a camera that has another id, by identity.pins or by another element')
    }
  }

  tell()
  void store.settled.then(() => {
    isSettled = true
    tell()
  })
  const ends = [
    store.onApply({
      name: 'cameras',
      concerns: (key) => !key.startsWith('server.') || key === 'server.max_frame_age' || key === 'server.bandwidth_fallback',
      apply: async () => {
        tell()
        return []
      },
    }),
    registry.events.on('changed', ({ device }) => {
      if (!configured.has(device)) tell()
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/** The listener moves when its address changes: the new one listens before the change is accepted. */
export function bindApplier(face: Pick<CameraFace, 'prepareMove'>): Applier {
  let move: Move | undefined
  return {
    name: 'listener',
    concerns: (key) => key === 'server.host' || key === 'server.port',
    async prepare({ after: { server } }) {
      const prepared = await face.prepareMove({ host: server.host, port: server.port }).catch((thrown: unknown) => {
        throw new ConfigRejected([`server.port: ${errorText(thrown)}`])
      })
      move = prepared
      return () => prepared.undo()
    },
    async apply() {
      await move?.commit()
      return []
    },
  }
}

/** The configuration as the camera face's clients see it. */
export function configPort(store: CameraConfigStore, defaultDevice: () => string): ConfigPort {
  return {
    get document() {
      return shownConfig(store.current, defaultDevice())
    },
    get rules() {
      const { server } = store.current
      return {
        corsOrigins: server.cors_origins,
        trustedHosts: server.trusted_hosts,
        crossOriginManagement: server.allow_cross_origin_management,
        maxFrameAgeMs: server.max_frame_age * 1000,
      }
    },
    async put(document) {
      try {
        return await store.put(document)
      } catch (thrown) {
        if (thrown instanceof ConfigRejected) return { problems: thrown.problems }
        if (thrown instanceof ConfigUnwritable) return { reason: thrown.reason }
        throw thrown
      }
    },
    async reload() {
      try {
        return await store.reload()
      } catch (thrown) {
        if (thrown instanceof ConfigUnreadable || thrown instanceof ConfigRejected) return { reason: thrown.message }
        throw thrown
      }
    },
  }
}

/** The element of the default camera mirrors `camera`. */
export function shownConfig({ camera, server, cameras, auto_discover }: CameraServerConfig, defaultDevice: string): unknown {
  if (cameras === undefined) return { camera, server, ...(!auto_discover && { auto_discover }) }
  const elements = cameras.map((element) => (element.id === defaultDevice ? { ...element, ...camera } : element))
  return { camera, server, cameras: elements, auto_discover }
}

async function chosenMode({ registry, captures }: Cameras, clock: Clock, signal: AbortSignal): Promise<ChosenMode | undefined> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = []
    const finish = (mode: Mode | undefined): void => {
      for (const end of ends.splice(0)) end()
      resolve(mode === undefined ? undefined : { width: mode.width, height: mode.height, fps: shownFps(mode) })
    }
    const look = (): void => {
      const mode = registry.list().find(({ device }) => device === captures.defaultDevice)?.mode
      if (mode !== undefined) finish(mode)
    }
    const isPlugged = (): boolean => registry.list().some(({ source }) => source !== undefined)
    ends.push(
      registry.events.on('changed', look),
      clock.after(FIRST_CAMERA_MS, () => {
        if (!isPlugged()) finish(undefined)
      }),
      clock.after(FIRST_MODE_MS, () => finish(undefined)),
    )
    signal.addEventListener('abort', () => finish(undefined), { once: true })
    look()
  })
}
