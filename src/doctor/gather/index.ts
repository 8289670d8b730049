/** Puts together what the doctor knows. */

import type { Clock } from '../../base/clock.js'
import { cameraIds, chooseMode, findOwner, type ModeWish } from '../../cameras/index.js'
import type { DeviceState } from '../../native/index.js'
import type { CameraFacts, Holder, MachineFacts, OtherNode } from '../facts.js'
import { Directory, thisProcess } from './account.js'
import { askDevices } from './devices.js'
import { type KernelLine, linesAbout, readKernelLog } from './kernel-log.js'
import { nodeAccess, numberIn, staleNodes, type VideoNode, videoNodes } from './nodes.js'
import { type Places, REAL_PLACES } from './places.js'
import { askService, type RunningService } from './running-service.js'
import { confinementOf, containerName, uvcModule } from './surroundings.js'
import { usbPlace, usbVideoDevices } from './usb.js'

export interface GatherOptions {
  readonly stateDir: string
  /** Port of a running service's camera face; undefined when it has none. */
  readonly servicePort: number | undefined
  readonly modeWish: (device: string) => ModeWish
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly places?: Places
}

const OWNER_MS = 3_000
/** Lines that are kept of what the kernel said of one camera. */
const MAX_LINES = 50

export async function gatherFacts(options: GatherOptions): Promise<MachineFacts> {
  const { env, places = REAL_PLACES, servicePort } = options
  const service = servicePort === undefined ? undefined : await askService(servicePort)
  const directory = await Directory.read(places)
  const account = directory.account(thisProcess())
  const known = await videoNodes(places)
  const current = (known ?? []).filter(({ isCurrent }) => isCurrent).map(({ node }) => node)
  const asked = await askDevices(current, places)
  const log = await readKernelLog(places)
  const ids = await cameraIds(options.stateDir)
  const about = { options, places, directory, service, ids, known: known ?? [], lines: log.lines }
  const cameras = await Promise.all(asked.devices.map((device) => cameraFacts(device, about)))
  cameras.sort((a, b) => numberIn(a.node) - numberIn(b.node))
  const container = await containerName(places, env)
  const confinement = await confinementOf(places, env)
  return {
    account,
    ...(container === undefined ? {} : { container }),
    ...(confinement === undefined ? {} : { confinement }),
    uvcModule: await uvcModule(places),
    hasVideoClass: known !== undefined,
    missingNodes: (known ?? []).filter(({ exists }) => !exists).map(({ node }) => node),
    staleNodes: known === undefined ? [] : await staleNodes(places, known),
    usbVideo: await usbVideoDevices(places),
    otherNodes: asked.error === undefined ? othersOf(known ?? [], asked.devices, cameras) : [],
    cameras,
    kernelLog: log.state,
    seesAllProcesses: account.uid === 0,
    ...(service === undefined
      ? {}
      : {
          service: {
            url: service.url,
            isLate: service.isLate,
            ...(service.pid === undefined ? {} : { pid: service.pid }),
          },
        }),
    ...(asked.error === undefined ? {} : { coreError: asked.error }),
  }
}

interface Surroundings {
  readonly options: GatherOptions
  readonly places: Places
  readonly directory: Directory
  readonly service: RunningService | undefined
  readonly ids: ReadonlyMap<string, string>
  readonly known: readonly VideoNode[]
  readonly lines: readonly KernelLine[]
}

async function cameraFacts(state: DeviceState, about: Surroundings): Promise<CameraFacts> {
  const { node, identity, report, fault } = state
  const served = about.service?.cameras.find((camera) => camera.identity === identity.id)
  const device = served?.device ?? about.ids.get(identity.id)
  const access = await nodeAccess(node, about.directory)
  const holder = await holderOf(node, about)
  const deviceDir = about.known.find((one) => one.node === node)?.deviceDir
  const usb = deviceDir === undefined ? undefined : await usbPlace(deviceDir)
  const wish = device === undefined ? {} : about.options.modeWish(device)
  const mode = served?.mode ?? (report === undefined ? undefined : chooseMode(report, wish))
  const log = linesAbout(about.lines, { node, ...(usb === undefined ? {} : { usbPort: usb.port }) })
  return {
    ...(device === undefined ? {} : { device }),
    name: report?.card || identity.product || identity.name || node,
    node,
    driver: report?.driver ?? '',
    ...(report === undefined ? {} : { kind: report.kind }),
    inputStatus: report?.inputs.flatMap(({ status }) => status) ?? [],
    ...(fault === undefined ? {} : { fault }),
    ...(access === undefined ? {} : { access }),
    ...(holder === undefined ? {} : { holder }),
    ...(mode === undefined ? {} : { mode }),
    ...(usb === undefined ? {} : { usb }),
    log: log.slice(-MAX_LINES).map(({ ageS, text }) => ({ ageS: Math.round(ageS), text })),
    ...(served?.counters === undefined ? {} : { counters: served.counters }),
  }
}

async function holderOf(node: string, { options, places, service }: Surroundings): Promise<Holder | undefined> {
  const owner = await findOwner(node, { procDir: places.proc, timeoutMs: OWNER_MS, nowMs: () => options.clock.nowMs() })
  return owner === undefined ? undefined : { ...owner, isService: owner.pid === service?.pid }
}

function othersOf(
  known: readonly VideoNode[],
  devices: readonly DeviceState[],
  cameras: readonly CameraFacts[],
): readonly OtherNode[] {
  return known
    .filter(({ node, isCurrent }) => isCurrent && !devices.some((device) => device.node === node))
    .map(({ node, name }) => {
      const owner = devices.find(({ report }) => report?.companions.includes(node))
      const camera = cameras.find((one) => one.node === owner?.node)
      return { node, name, ...(camera === undefined ? {} : { companionOf: camera.device ?? camera.node }) }
    })
}
