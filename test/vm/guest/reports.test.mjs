// What the service says of a camera is what the kernel says of it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { probeAll } from './support/addon.mjs'
import { listFormats, VIVID_CAMERAS, vividNodes } from './support/drivers.mjs'
import { startService } from './support/service.mjs'

/** The addon's formats in the shape of `listFormats`. */
function asListed(report) {
  return new Map(
    report.formats.map(({ fourcc, sizes, range }) => [
      fourcc,
      range === undefined
        ? new Map(
            sizes.map(({ width, height, intervals }) => [
              `${width}x${height}`,
              intervals.map(({ num, den }) => (den / num).toFixed(3)),
            ]),
          )
        : new Map([[rangeText(range), []]]),
    ]),
  )
}

const rangeText = ({ min, max, step }) =>
  `${min.width}x${min.height} - ${max.width}x${max.height} with step ${step.width}/${step.height}`

describe('reports', () => {
  let service
  let client
  before(async () => {
    service = await startService()
    client = await service.client()
  })
  after(() => service?.stop())

  test('the core reports the formats, sizes and rates that v4l2-ctl lists', async () => {
    const nodes = await vividNodes()
    assert.equal(nodes.length, VIVID_CAMERAS)
    const reports = await probeAll(nodes)
    for (const node of nodes) assert.deepEqual(asListed(reports.get(node)), await listFormats(node), node)
  })

  test('every camera node is listed once, under the number of its node', async () => {
    const { cameras, total, connected } = await client.call('get_camera_list')
    const vivid = cameras.filter(({ name }) => name.startsWith('vivid'))
    assert.deepEqual(vivid.map(({ device, status }) => [device, status]).sort(), [
      ['camera0', 'CONNECTED'],
      ['camera1', 'CONNECTED'],
      ['camera2', 'CONNECTED'],
    ])
    assert.equal(total, cameras.length)
    assert.equal(connected, cameras.filter(({ status }) => status === 'CONNECTED').length)
  })

  test('get_camera_capabilities names what v4l2-ctl lists', async () => {
    for (const [number, node] of (await vividNodes()).slice(0, 2).entries()) {
      const listed = await listFormats(node)
      const sizes = [...listed.values()].flatMap((format) => [...format])
      const capabilities = await client.call('get_camera_capabilities', { device: `camera${number}` })
      assert.equal(capabilities.validation_status, 'CONFIRMED')
      assert.deepEqual(capabilities.formats, [...listed.keys()])
      assert.deepEqual(new Set(capabilities.resolutions), new Set(sizes.map(([size]) => size)))
      assert.deepEqual(
        new Set(capabilities.fps_options),
        new Set(sizes.flatMap(([, rates]) => rates.map((rate) => Math.round(Number(rate))))),
      )
    }
  })

  test('a range of sizes is answered with usual sizes that fit it', async () => {
    const { resolutions } = await client.call('get_camera_capabilities', { device: 'camera2' })
    assert.ok(resolutions.includes('640x480') && resolutions.includes('1920x1080'), resolutions.join())
  })
})
