import { describe, expect, it } from 'vitest'
import type { FacePorts } from '../../../../src/camera-face/index.js'
import { OtherCameras } from '../../../../src/camera-face/status/others.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { FIGURES, STREAMING } from '../face.js'

describe('the other cameras of /status', () => {
  it('leave out the one that is told at length', () => {
    const { others } = rig(['camera0', 'camera2', 'camera4'])
    expect(Object.keys(parsed(others.json('camera0')))).toEqual(['camera2', 'camera4'])
    expect(Object.keys(parsed(others.json('camera2')))).toEqual(['camera0', 'camera4'])
    expect(rig(['camera0']).others.json('camera0')).toBeUndefined()
  })

  it('are asked at most ten times a second', () => {
    const { others, clock, asked } = rig(['camera0', 'camera2'])
    for (let i = 0; i < 5; i++) others.json('camera0')
    expect(asked()).toBe(1)
    clock.advance(99)
    others.json('camera0')
    expect(asked()).toBe(1)
    clock.advance(1)
    others.json('camera0')
    expect(asked()).toBe(2)
  })

  it('are asked anew at once when a state changed', () => {
    const { others, asked, change } = rig(['camera0', 'camera2'])
    expect(parsed(others.json('camera0')).camera2?.state).toBe('streaming')
    change('given_up')
    expect(parsed(others.json('camera0')).camera2?.state).toBe('given_up')
    expect(asked()).toBe(2)
  })
})

function rig(ids: readonly string[]) {
  const clock = new FakeClock()
  let revision = 0
  let asked = 0
  let state: 'streaming' | 'given_up' = 'streaming'
  const names = ids.map((id) => ({ id, name: id, identity: null }))
  const cameras = {
    get revision() {
      return revision
    },
    defaultId: 'camera0',
    list: () => names,
    find: (id: string) => names.find((name) => name.id === id),
    status: () => ({ ...STREAMING, state }),
    figures: () => {
      asked += 1
      return FIGURES
    },
  }
  const ports = { cameras, viewers: { count: () => 0 } } as unknown as FacePorts
  return {
    others: new OtherCameras(ports, clock),
    clock,
    asked: () => asked,
    change: (next: typeof state) => {
      state = next
      revision += 1
    },
  }
}

function parsed(json: string | undefined): Record<string, { state: string }> {
  return JSON.parse(json ?? '{}')
}
