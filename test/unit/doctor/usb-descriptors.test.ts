import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { streamPayloads } from '../../../src/doctor/gather/usb-descriptors.js'

const face = (number: number, setting: number, subclass: number, kind = 0x0e) => [9, 4, number, setting, 1, kind, subclass, 0, 0]
const endpoint = (attributes: number, size: number) => [7, 5, 0x81, attributes, size & 0xff, size >> 8, 1]
const companion = (bytes: number) => [6, 0x30, 0, 0, bytes & 0xff, bytes >> 8]
const bytes = (...parts: readonly number[][]) => Uint8Array.from(parts.flat())

const DEVICE = Array.from({ length: 18 }, (_, index) => (index === 0 ? 18 : index === 1 ? 1 : 0))

describe('the descriptors of a camera', () => {
  it('list the packets of its stream, ascending and each once', () => {
    const descriptors = bytes(
      DEVICE,
      face(0, 0, 1),
      endpoint(3, 16),
      face(1, 0, 2),
      face(1, 1, 2),
      endpoint(5, 0x1400), // three of 1024
      face(1, 2, 2),
      endpoint(5, 128),
      face(1, 3, 2),
      endpoint(5, 128),
      face(2, 0, 1, 1), // a microphone
      endpoint(5, 200),
    )
    expect(streamPayloads(descriptors, 0)).toEqual([128, 3_072])
  })

  it('tell two cameras in one device apart', () => {
    const descriptors = bytes(face(0, 0, 1), face(1, 1, 2), endpoint(5, 800), face(2, 0, 1), face(3, 1, 2), endpoint(5, 256))
    expect(streamPayloads(descriptors, 0)).toEqual([800])
    expect(streamPayloads(descriptors, 2)).toEqual([256])
  })

  it('know SuperSpeed from the companion of the endpoint', () => {
    expect(streamPayloads(bytes(face(0, 0, 1), face(1, 1, 2), endpoint(5, 1_024), companion(49_152)), 0)).toEqual([1_024, 49_152])
  })

  it('have none for bulk', () => {
    expect(streamPayloads(bytes(face(0, 0, 1), face(1, 0, 2), endpoint(2, 512), companion(1_024)), 0)).toEqual([])
  })

  it('may be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        for (const payload of streamPayloads(noise, 0)) expect(payload).toBeGreaterThan(0)
      }),
    )
  })
})
