/** The elements of `cameras` by id, found without a walk: they are looked for with every status of every camera. */

import type { CameraElement, CameraServerConfig } from '../camera-config/index.js'

export class CameraElements {
  readonly #store: { readonly current: CameraServerConfig }
  #config: CameraServerConfig | undefined
  #byId: ReadonlyMap<string, CameraElement> = new Map()
  #revision = 0

  constructor(store: { readonly current: CameraServerConfig }) {
    this.#store = store
  }

  /** Rises with each configuration. */
  get revision(): number {
    this.#notice()
    return this.#revision
  }

  find(id: string): CameraElement | undefined {
    this.#notice()
    return this.#byId.get(id)
  }

  #notice(): void {
    const { current } = this.#store
    if (current === this.#config) return
    this.#config = current
    this.#byId = new Map(current.cameras?.map((element) => [element.id, element]))
    this.#revision += 1
  }
}
