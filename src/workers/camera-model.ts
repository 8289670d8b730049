/** All that calls about cameras answer, as text: made at home once per change, and kept by each thread. */

import { ServiceError } from '../base/errors.js'
import { Rendered } from '../base/rendered.js'
import type { CameraCapabilities, CameraList, CameraPort, CameraStatus } from '../rpc/index.js'

/** Plain data. In the texts `host` stands where the name belongs under which a client reached us. */
export interface CameraModel {
  readonly host: string
  readonly list: string
  /** Device node to id. */
  readonly nodes: ReadonlyMap<string, string>
  /** By id. */
  readonly cameras: ReadonlyMap<string, { readonly status: string; readonly capabilities: string }>
}

/** Names whose texts are kept; a client that makes up names must not fill the memory. */
const MAX_HOSTS = 32

/** The model of this moment. `host` must be a name that nothing else in the texts can hold. */
export function modelOf(cameras: CameraPort, host: string): CameraModel {
  const list = cameras.list(host)
  const texts = list.value.cameras.map(({ device }) => {
    const camera = { status: cameras.status(device, host).json, capabilities: cameras.capabilities(device).json }
    return [device, camera] as const
  })
  return { host, list: list.json, nodes: cameras.nodes(), cameras: new Map(texts) }
}

/** The cameras as a thread knows them. */
export class FarCameras implements CameraPort {
  #model: CameraModel
  /** What was asked for since the last change. */
  readonly #lists = new Map<string, Rendered<CameraList>>()
  readonly #statuses = new Map<string, Map<string, Rendered<CameraStatus>>>()
  readonly #capabilities = new Map<string, Rendered<CameraCapabilities>>()

  constructor(model: CameraModel) {
    this.#model = model
  }

  change(model: CameraModel): void {
    this.#model = model
    this.#lists.clear()
    this.#statuses.clear()
    this.#capabilities.clear()
  }

  nodes(): ReadonlyMap<string, string> {
    return this.#model.nodes
  }

  list(host: string): Rendered<CameraList> {
    return known(this.#lists, host, () => this.#rendered(this.#model.list, host))
  }

  status(device: string, host: string): Rendered<CameraStatus> {
    const { status } = this.#camera(device)
    const byHost = known(this.#statuses, device, () => new Map<string, Rendered<CameraStatus>>(), Number.POSITIVE_INFINITY)
    return known(byHost, host, () => this.#rendered(status, host))
  }

  capabilities(device: string): Rendered<CameraCapabilities> {
    const { capabilities } = this.#camera(device)
    return known(this.#capabilities, device, () => Rendered.fromJson(capabilities), Number.POSITIVE_INFINITY)
  }

  #camera(device: string): { readonly status: string; readonly capabilities: string } {
    const camera = this.#model.cameras.get(device)
    if (camera === undefined) throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device } })
    return camera
  }

  #rendered<Value>(text: string, host: string): Rendered<Value> {
    // As links have it: an IPv6 address in brackets.
    const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
    return Rendered.fromJson(text.replaceAll(this.#model.host, JSON.stringify(shown).slice(1, -1)))
  }
}

function known<Value>(map: Map<string, Value>, key: string, make: () => Value, max = MAX_HOSTS): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  if (map.size >= max) map.delete(map.keys().next().value ?? '')
  map.set(key, made)
  return made
}
