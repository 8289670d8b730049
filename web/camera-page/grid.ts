/**
 * All cameras at once. A browser opens six connections to one place: up to five cameras are live, of more the first four in sight,
 * and the others show pictures taken in turn, so that there is always room for a request.
 */

import { cameraWord } from './advice.js'
import { byId, make, setText } from './dom.js'
import { canPaint, LivePicture } from './picture.js'
import { SnapshotRound } from './snapshot-round.js'
import type { CameraState } from './wire.js'

const ALL_LIVE = 5
const SOME_LIVE = 4
const TILE_FPS = 15

interface Tile {
  readonly id: string
  readonly element: HTMLButtonElement
  readonly canvas: HTMLCanvasElement
  readonly caption: { readonly line: HTMLElement; readonly name: HTMLElement; readonly word: HTMLElement }
  live: LivePicture | undefined
  isInSight: boolean
}

export class Grid {
  readonly #place = byId('grid', HTMLElement)
  readonly #onChoose: (camera: string) => void
  readonly #tiles = new Map<string, Tile>()
  readonly #round = new SnapshotRound()
  readonly #sight = new IntersectionObserver((entries) => this.#seen(entries))
  #isOn = false

  constructor(onChoose: (camera: string) => void) {
    this.#onChoose = onChoose
  }

  start(): void {
    this.#isOn = true
    this.#share()
  }

  stop(): void {
    this.#isOn = false
    this.#share()
  }

  show(cameras: readonly CameraState[]): void {
    if (cameras.map(({ id }) => id).join() !== [...this.#tiles.keys()].join()) this.#build(cameras)
    for (const camera of cameras) {
      const tile = this.#tiles.get(camera.id)
      if (tile === undefined) continue
      const { tone, word } = cameraWord(camera)
      tile.caption.line.dataset.tone = tone
      setText(tile.caption.name, camera.name)
      setText(tile.caption.word, word)
    }
  }

  #build(cameras: readonly CameraState[]): void {
    for (const { live } of this.#tiles.values()) live?.stop()
    this.#sight.disconnect()
    this.#tiles.clear()
    for (const { id } of cameras) this.#tiles.set(id, this.#tile(id))
    this.#place.replaceChildren(...[...this.#tiles.values()].map(({ element }) => element))
    for (const { element } of this.#tiles.values()) this.#sight.observe(element)
    this.#share()
  }

  #tile(id: string): Tile {
    const canvas = make('canvas', { width: 320, height: 240 })
    const [name, word] = [make('span', { class: 'name' }), make('span', { class: 'word' })]
    const line = make('span', { class: 'caption' }, make('span', { class: 'dot' }), name, word)
    const element = make('button', { type: 'button', class: 'tile' }, canvas, line)
    element.dataset.camera = id
    element.addEventListener('click', () => this.#onChoose(id))
    return { id, element, canvas, caption: { line, name, word }, live: undefined, isInSight: false }
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const tile = [...this.#tiles.values()].find(({ element }) => element === target)
      if (tile !== undefined) tile.isInSight = isIntersecting
    }
    this.#share()
  }

  /** Gives the connections to the tiles in sight. */
  #share(): void {
    const tiles = [...this.#tiles.values()]
    const inSight = this.#isOn ? tiles.filter(({ isInSight }) => isInSight) : []
    const most = !canPaint() ? 0 : tiles.length <= ALL_LIVE ? ALL_LIVE : SOME_LIVE
    const live = new Set(inSight.slice(0, most))
    for (const tile of tiles) {
      if (!live.has(tile)) {
        tile.live?.stop()
        tile.live = undefined
      }
    }
    for (const tile of live) tile.live ??= started(tile)
    this.#round.show(inSight.filter((tile) => !live.has(tile)))
  }
}

function started({ id, canvas, element }: Tile): LivePicture {
  element.dataset.shows = 'live'
  const live = new LivePicture({ canvas, camera: id, maxFps: TILE_FPS, onState: () => undefined })
  live.start()
  return live
}
