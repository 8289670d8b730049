// A service without root: a node it may not open, and the moment it may.
import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { vividNodes } from './support/drivers.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const NOBODY = 65534
const PROJECT = resolve(import.meta.dirname, '../../..')

/** A clone may lie in a private folder. The guest's root is a copy on write: nothing changes outside. */
async function letEveryoneIn(folder) {
  await chmod(folder, 0o755)
  if (dirname(folder) !== '/') await letEveryoneIn(dirname(folder))
}

describe('permissions', () => {
  let service
  let client
  let nodes
  before(async () => {
    await letEveryoneIn(PROJECT)
    nodes = await vividNodes()
    await Promise.all(nodes.map((node) => chmod(node, 0o666)))
    await chmod(nodes[0], 0o600)
    service = await startService({ uid: NOBODY })
    client = await service.client()
    await client.call('subscribe_events', { topics: ['camera.status_change'] })
  })
  after(() => service?.stop())

  test('a node that may not be opened is in ERROR, the others are not', async () => {
    await eventually('camera0 is in ERROR', async () => (await status('camera0')) === 'ERROR')
    assert.equal(await status('camera1'), 'CONNECTED')
  })

  test('it is connected as soon as it may be opened', async () => {
    const from = client.notifications.length
    await chmod(nodes[0], 0o666)
    const { params } = await client.notification('camera.status_change', ({ device }) => device === 'camera0', {
      from,
      timeoutMs: 15_000,
    })
    assert.equal(params.old_status, 'ERROR')
    assert.equal(params.new_status, 'CONNECTED')
  })

  const status = async (device) => (await client.call('get_camera_status', { device })).status
})
