// The doctor beside real drivers: a node it may not open, one that another program holds, a service that runs.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort } from '../../support/free-port.mjs'
import { ensureVivid, vividNodes } from './support/drivers.mjs'
import { holdsOpen } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const NOBODY = 65534
const PROJECT = resolve(import.meta.dirname, '../../..')
const MAIN = join(PROJECT, 'dist/main.cjs')

/** A clone may lie in a private folder. The guest's root is a copy on write: nothing changes outside. */
async function letEveryoneIn(folder) {
  await chmod(folder, 0o755)
  if (dirname(folder) !== '/') await letEveryoneIn(dirname(folder))
}

describe('doctor', () => {
  let nodes
  let stateDir
  before(async () => {
    await letEveryoneIn(PROJECT)
    await ensureVivid()
    nodes = await vividNodes()
    stateDir = await mkdtemp(join(tmpdir(), 'doctor-'))
    await chmod(stateDir, 0o755)
  })
  after(() => rm(stateDir, { recursive: true, force: true }))

  /** `{ status, findings, facts, text }`. */
  async function doctor(args = [], { uid, port = 1, json = true } = {}) {
    const env = {
      PATH: process.env.PATH,
      CAMERA_SERVICE_STATE_DIR: stateDir,
      CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: String(port),
    }
    const options = { env, cwd: stateDir, maxBuffer: 16 * 1024 * 1024, ...(uid === undefined ? {} : { uid, gid: uid }) }
    const { status, stdout, stderr } = await new Promise((done) => {
      const child = execFile(
        process.execPath,
        [MAIN, 'doctor', ...(json ? ['--json'] : []), ...args],
        options,
        (_, out, complaint) => done({ status: child.exitCode, stdout: out, stderr: complaint }),
      )
    })
    assert.equal(stderr, '')
    return { status, text: stdout, ...(json ? JSON.parse(stdout) : {}) }
  }

  const about = (findings, node) => findings.filter(({ subject }) => subject?.includes(node)).map(({ code }) => code)

  test('finds nothing wrong with cameras that work', async () => {
    const { status, findings, facts } = await doctor([nodes[0]])
    assert.equal(status, 0, JSON.stringify(findings))
    assert.equal(facts.cameras.length, 1)
    assert.equal(facts.cameras[0].driver, 'vivid')
    assert.equal(facts.kernelLog, 'read')
  })

  test('explains a node that its user may not open: whose it is, in which group, what to do', async () => {
    await chmod(nodes[1], 0)
    const { status, findings } = await doctor([], { uid: NOBODY })
    await chmod(nodes[1], 0o666)
    assert.equal(status, 1)
    const found = findings.find(({ code, subject }) => code === 'no-permission' && subject.includes(nodes[1]))
    assert.ok(found, JSON.stringify(findings))
    assert.match(found.text, /mode 0000; nobody \(/)
    assert.match(found.remedy, /chgrp video .* chmod 660/)
  })

  test('names the program that holds a camera, and its process', async () => {
    const other = spawn('v4l2-ctl', ['-d', nodes[2], '--stream-mmap', '--stream-to=/dev/null'], { stdio: 'ignore' })
    try {
      await eventually('the other program has the camera', () => holdsOpen(other.pid, nodes[2]))
      const { status, findings } = await doctor()
      assert.equal(status, 1)
      const found = findings.find(({ code }) => code === 'busy')
      assert.match(found.text, new RegExp(`v4l2-ctl \\(process ${other.pid}\\)`))
      assert.ok(found.subject.includes(nodes[2]))
      // It streams on: the look took nothing from it.
      assert.equal(other.exitCode, null)
    } finally {
      const ended = once(other, 'exit')
      other.kill('SIGKILL')
      await ended
    }
  })

  test('works beside a running service, knows its ids, and does not call it a stranger', async () => {
    const port = await freePort()
    // The default camera captures all the time: small pictures, since an emulated processor makes them.
    const small = { CAMERA_SERVER_CAMERA_WIDTH: 320, CAMERA_SERVER_CAMERA_HEIGHT: 180, CAMERA_SERVER_CAMERA_FPS: 15 }
    const service = await startService({ config: { FACES_CAMERA_ENABLED: true, CAMERA_SERVER_SERVER_PORT: port, ...small } })
    try {
      const client = await service.client()
      await eventually(
        'camera0 is connected',
        async () => (await client.call('get_camera_status', { device: 'camera0' })).status === 'CONNECTED',
      )
      await client.call('take_snapshot', { device: 'camera0' })
      const { findings, facts } = await doctor([], { port })
      assert.equal(facts.service?.pid, service.pid)
      const camera = facts.cameras.find(({ device }) => device === 'camera0')
      assert.ok(camera.counters.framesCaptured > 0)
      // A busy emulated machine may lose frames, which is told too.
      const others = about(findings, nodes[0]).filter((code) => code !== 'busy' && code !== 'service-counters')
      assert.deepEqual(others, [])
      assert.ok(
        findings.every(({ code, severity }) => code !== 'busy' || severity === 'info'),
        JSON.stringify(findings),
      )
      await client.call('take_snapshot', { device: 'camera0' })
    } finally {
      await service.stop()
    }
  })

  test('speaks to people too', async () => {
    const { text } = await doctor([], { json: false })
    assert.match(text, /^\d+ cameras; looked at as root/)
    assert.ok(text.includes(nodes[0]))
  })
})
