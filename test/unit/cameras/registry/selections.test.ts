/** `device_path` of an element of `cameras` (usb-camera-server §2.6, 12). */

import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import type { Selection } from '../../../../src/cameras/index.js'
import { CameraRegistry } from '../../../../src/cameras/registry/registry.js'
import { EventTape, identity, state } from '../../../support/devices.js'
import { FakeClock } from '../../../support/fake-clock.js'

/** Camera `letter` at node N; what names it is made of its letter. */
function camera(letter: string, node: number, generation = 1) {
  return state({
    source: `/dev/video${node}#${generation}`,
    node: `/dev/video${node}`,
    identity: identity({
      id: `usb-${letter}`,
      vid: '046d',
      pid: '0825',
      serial: letter,
      port: `usb1/${letter}`,
      byId: `usb-${letter}-video-index0`,
      byPath: `pci-${letter}-video-index0`,
    }),
  })
}

function setUp(
  selections: readonly Selection[] = [],
  { pins = {}, ids = {} }: { pins?: object; ids?: Record<string, number> } = {},
) {
  const table = Object.entries(ids).map(([key, number]) => [key, { number, model: '046d:0825', port: 'none' }] as const)
  const kept: Record<string, number>[] = []
  const registry = new CameraRegistry({
    clock: new FakeClock(),
    logger: createLogger({ level: 'silent', format: 'json' }),
    pins: new Map(Object.entries(pins)),
    selections,
    modeWish: () => ({}),
    quietMs: 50,
    maxMs: 250,
    ids: new Map(table),
    onIds: (ids) => void kept.push(Object.fromEntries([...ids].map(([key, { number }]) => [key, number]))),
    links: () => ({}),
  })
  const tape = new EventTape()
  const plug = (...cameras: ReturnType<typeof camera>[]) => registry.handle(cameras.map((each) => tape.ready(each)))
  const unplug = (...cameras: ReturnType<typeof camera>[]) => registry.handle(cameras.map((each) => tape.gone(each)))
  /** Id to identity of what is plugged in. */
  const present = () =>
    Object.fromEntries(
      registry.list().flatMap(({ device, identity: id, source }) => (source === undefined ? [] : [[device, id]])),
    )
  return { registry, plug, unplug, present, kept }
}

describe.each([
  ['its link by id', '/dev/v4l/by-id/usb-b-video-index0'],
  ['its link by path', '/dev/v4l/by-path/pci-b-video-index0'],
  ['model and serial', 'usb:046d:0825:b'],
  ['its port', 'usb-port:usb1/b'],
  ['its node', '/dev/video1'],
])('a camera chosen by %s', (_, path) => {
  it('gets the id of the element when it appears, and again at another node', () => {
    const { plug, unplug, present } = setUp([{ number: 5, path }])
    plug(camera('a', 0), camera('b', 1))
    expect(present()).toEqual({ camera0: 'usb-a', camera5: 'usb-b' })
    unplug(camera('b', 1))
    plug(camera('b', 3, 2))
    expect(present()).toEqual({ camera0: 'usb-a', camera5: 'usb-b' })
  })

  it('gets it at once when it is plugged in already; who had that id gets another', () => {
    const { registry, plug, present, kept } = setUp()
    plug(camera('a', 0), camera('b', 1))
    const seen: string[] = []
    registry.events.on('changed', ({ device, source }) => void seen.push(`${device} ${source}`))
    registry.select([{ number: 0, path }])
    expect(present()).toEqual({ camera0: 'usb-b', camera1: 'usb-a' })
    expect(kept.at(-1)).toEqual({ 'usb-a': 1, 'usb-b': 0 })
    // Nobody takes the other camera for the one before it: each id goes first.
    expect(seen.slice(0, 2).sort()).toEqual(['camera0 undefined', 'camera1 undefined'])
    expect(seen.slice(2).sort()).toEqual(['camera0 /dev/video1#1', 'camera1 /dev/video0#1'])
    registry.select([{ number: 0, path }])
    expect(seen).toHaveLength(4)
  })
})

describe('an id that is chosen for a camera', () => {
  const path = '/dev/v4l/by-id/usb-b-video-index0'

  it('is kept free for it, also of the camera that has it', () => {
    const { registry, plug, present } = setUp()
    plug(camera('a', 0))
    registry.select([{ number: 0, path }])
    expect(present()).toEqual({ camera1: 'usb-a' })
    plug(camera('b', 1))
    expect(present()).toEqual({ camera0: 'usb-b', camera1: 'usb-a' })
  })

  it('stays where it is when the choice is taken back', () => {
    const { registry, plug, present } = setUp([{ number: 7, path }])
    plug(camera('b', 0))
    registry.select([])
    expect(present()).toEqual({ camera7: 'usb-b' })
  })

  it('goes to one camera only: the pins of the service win, then the first element, then who has it', () => {
    const pinned = setUp([{ number: 0, path }], { pins: { 'usb-a': 0 } })
    pinned.plug(camera('a', 4), camera('b', 5))
    expect(pinned.present()).toEqual({ camera0: 'usb-a', camera5: 'usb-b' })

    const twice = setUp([
      { number: 3, path },
      { number: 4, path: 'usb:046d:0825:b' },
    ])
    twice.plug(camera('b', 0))
    expect(twice.present()).toEqual({ camera3: 'usb-b' })

    const alike = setUp([{ number: 3, path: 'usb:046d:0825' }])
    alike.plug(camera('a', 0), camera('b', 1))
    expect(alike.present()).toEqual({ camera1: 'usb-b', camera3: 'usb-a' })
    alike.registry.select([{ number: 1, path: 'usb:046d:0825' }])
    expect(alike.present()).toEqual({ camera1: 'usb-b', camera3: 'usb-a' })
  })
})

it('a node is no identity: cameras that changed their places keep their ids', () => {
  const { plug, unplug, present } = setUp([{ number: 1, path: '/dev/video1' }])
  plug(camera('a', 0), camera('b', 1))
  unplug(camera('a', 0), camera('b', 1))
  plug(camera('a', 1, 2), camera('b', 0, 2))
  expect(present()).toEqual({ camera0: 'usb-a', camera1: 'usb-b' })
})
