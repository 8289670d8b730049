/** What a newcomer pastes from the README works as it stands there; only the port differs. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const ROOT = join(import.meta.dirname, '../..')

it('the session of the README lists both cameras, takes a snapshot that opens, and is told about MediaMTX', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const session = /## A session[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  expect(session).toContain('ws://127.0.0.1:8002/ws')

  const service = await startService({ args: ['--virtual-cameras', '2'] })
  try {
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('viewer'))
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 2 }))
    await client.close()

    const shell = spawn('bash', ['-c', session.replace(':8002', `:${service.port}`)], {
      cwd: ROOT,
      env: { ...process.env, ...service.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    shell.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    const [code] = await once(shell, 'close')
    expect(code).toBe(0)
    expect(output).toContain('authenticated: true')
    expect(output).toContain("device: 'camera0'")
    expect(output).toContain("device: 'camera1'")
    expect(output).toContain("status: 'SUCCESS'")
    expect(output).toContain("status: 'RECORDING'")
    expect(output).toContain('code: -32050')
    expect(await sharp(join(service.stateDir, 'snapshots/first.jpg')).metadata()).toMatchObject({ format: 'jpeg', width: 1280 })
  } finally {
    await service.stop()
  }
})
