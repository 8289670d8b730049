// Controls of a real driver: set through the service, read by v4l2-ctl, and given back after a replug.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureVivid, plugVivid, unplugVivid, vividNodes } from './support/drivers.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)

/** What the kernel says, whoever set it. */
async function kernelValue(node, name) {
  const { stdout } = await run('v4l2-ctl', ['-d', node, '--get-ctrl', name])
  return stdout.trim().split(': ')[1]
}

describe('controls', () => {
  let service
  let client
  let node
  before(async () => {
    await ensureVivid()
    node = (await vividNodes())[0]
    service = await startService()
    client = await service.client()
    await eventually('camera0 is connected', async () => {
      const { status } = await client.call('get_camera_status', { device: 'camera0' })
      return status === 'CONNECTED'
    })
  })
  after(async () => {
    await service?.stop()
    await ensureVivid()
  })

  const list = async () => (await client.call('get_camera_controls', { device: 'camera0' })).controls
  const named = async (name) => (await list()).find((control) => control.name === name)
  const set = async (controls) => (await client.call('set_camera_controls', { device: 'camera0', controls })).controls

  test('are those that v4l2-ctl lists, with its names, ranges and values', async () => {
    const { stdout } = await run('v4l2-ctl', ['-d', node, '--list-ctrls'])
    const lines = [...stdout.matchAll(/^ *(\w+) 0x([0-9a-f]+) \((\w+)\) *: (.*)$/gm)]
    const ours = new Map((await list()).map((control) => [control.name, control]))
    assert.ok(lines.length > 20)
    for (const [, name, id, type, rest] of lines) {
      const control = ours.get(name)
      assert.ok(control, `${name} is missing`)
      assert.equal(control.id, Number.parseInt(id, 16), name)
      if (type !== 'int') continue
      const facts = Object.fromEntries([...rest.matchAll(/(\w+)=(-?\d+)/g)].map(([, key, value]) => [key, Number(value)]))
      assert.deepEqual([control.minimum, control.maximum, control.step], [facts.min, facts.max, facts.step], name)
      if (!control.flags.includes('volatile')) assert.equal(control.value, facts.value, name)
    }
  })

  test('are set in the kernel and read back, whatever their type', async () => {
    const results = await set({
      brightness: 33,
      horizontal_flip: true,
      bitmask: 0x80002000,
      string: 'abcd',
      integer_64_bits: '1234567890123',
    })
    assert.deepEqual(
      results.map(({ name, status, value }) => [name, status, value]),
      [
        ['brightness', 'applied', 33],
        ['horizontal_flip', 'applied', true],
        ['bitmask', 'applied', 0x80002000],
        ['string', 'applied', 'abcd'],
        ['integer_64_bits', 'applied', 1234567890123],
      ],
    )
    assert.equal(await kernelValue(node, 'brightness'), '33')
    assert.equal(await kernelValue(node, 'horizontal_flip'), '1')
    // v4l2-ctl prints it with a sign.
    assert.equal(Number(await kernelValue(node, 'bitmask')) >>> 0, 0x80002000)
    assert.equal(await kernelValue(node, 'integer_64_bits'), '1234567890123')
  })

  test('menus are set by label, holes and other values are refused with the menu', async () => {
    const menu = await named('menu')
    const item = menu.menu.at(-1)
    assert.equal((await set({ menu: item.label }))[0].value, item.value)
    const taken = new Set(menu.menu.map(({ value }) => value))
    const hole = Array.from({ length: menu.maximum + 2 }, (_, value) => value).find((value) => !taken.has(value))
    await assert.rejects(
      set({ menu: hole, brightness: 1 }),
      ({ code, data }) => code === -32602 && data.control === 'menu' && data.menu.length > 0,
    )
    assert.equal(await kernelValue(node, 'brightness'), '33')
  })

  test('a gain that the automatic gain has is inactive, and set after its switch', async () => {
    await set({ gain_automatic: true })
    assert.equal((await named('gain')).inactive, true)
    const results = await set({ gain: 77, gain_automatic: false })
    assert.deepEqual(
      results.map(({ status, value, warning }) => [status, value, warning]),
      [
        ['applied', 77, undefined],
        ['applied', false, undefined],
      ],
    )
    assert.equal((await named('gain')).inactive, false)
  })

  test('a change is told to subscribers', async () => {
    await client.call('subscribe_events', { topics: ['camera.control_changed'] })
    await list()
    await set({ contrast: 99 })
    const { params } = await client.notification('camera.control_changed', ({ control }) => control === 'contrast')
    assert.equal(params.device, 'camera0')
    assert.equal(params.value, 99)
  })

  test('come back after a replug, before the first frame', async () => {
    await set({ brightness: 44, gain_automatic: false, gain: 55 })
    await unplugVivid()
    await eventually(
      'camera0 is gone',
      async () => (await client.call('get_camera_status', { device: 'camera0' })).status === 'DISCONNECTED',
    )
    await plugVivid()
    await eventually(
      'camera0 is back',
      async () => (await client.call('get_camera_status', { device: 'camera0' })).status === 'CONNECTED',
    )
    node = (await vividNodes())[0]
    assert.notEqual(await kernelValue(node, 'brightness'), '44')
    await client.call('take_snapshot', { device: 'camera0' })
    assert.equal(await kernelValue(node, 'brightness'), '44')
    assert.equal(await kernelValue(node, 'gain'), '55')
  })

  test('are reset to what the driver gives them', async () => {
    await client.call('reset_camera_controls', { device: 'camera0', controls: ['brightness', 'gain'] })
    const { default: brightness } = await named('brightness')
    assert.equal(await kernelValue(node, 'brightness'), String(brightness))
  })
})
