/** `camera-service status` beside a running service, and the completion in a real bash. */

import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { MAIN, type RunningService, startService } from '../support/service.js'

let service: RunningService

beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '2'] })
  // The faces answer before cameras are found.
  await vi.waitFor(async () => {
    const metrics = await fetch(`http://127.0.0.1:${service.port}/metrics`)
    expect(await metrics.text()).toContain('mtxmon_cameras{state="connected"} 2')
  })
})
afterAll(async () => {
  expect(await service?.stop()).toBe(0)
})

describe('camera-service status', () => {
  const at = (port: number) => ({ ...service.env, CAMERA_SERVICE_HTTP_HEALTH_PORT: String(port) })

  it('tells how the service is, for people and as JSON', async () => {
    const text = await run(process.execPath, [MAIN, 'status'], at(service.healthPort))
    expect(text.code).toBe(0)
    expect(text.stdout).toMatch(/^Status: +(healthy|degraded)\nReady: +yes\nVersion: +\d/)
    expect(text.stdout).toMatch(/^cameras: +healthy, 2 of 2 cameras are connected$/m)
    const { code, stdout } = await run(process.execPath, [MAIN, 'status', '--json'], at(service.healthPort))
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ running: true, url: `http://127.0.0.1:${service.healthPort}`, ready: true },
      components: [{ name: 'mediamtx' }, { name: 'cameras', status: 'healthy' }, { name: 'storage' }, { name: 'system' }],
    })
    const named = await run(process.execPath, [MAIN, 'status', '--url', `http://127.0.0.1:${service.healthPort}/`], service.env)
    expect(named.code).toBe(0)
  })

  it('says with 1 that nothing answers, or something else', async () => {
    const port = await freePort()
    const nobody = await run(process.execPath, [MAIN, 'status', '--json'], at(port))
    expect([nobody.code, JSON.parse(nobody.stdout)]).toMatchObject([
      1,
      { running: false, error: expect.stringContaining('ECONNREFUSED') },
    ])
    const other = await run(process.execPath, [MAIN, 'status', '--url', `http://127.0.0.1:${service.port}`], service.env)
    expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('not running') })
    const unknown = await run(process.execPath, [MAIN, 'status'], service.env)
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('name it with --url') })
    expect((await run(process.execPath, [MAIN, 'status', '--url', 'ftp://x'], service.env)).code).toBe(2)
  })
})

describe('camera-service completion bash', () => {
  it.each([
    ['camera-service ', 'run status doctor token secret config audit mediamtx completion'],
    ['camera-service st', 'status'],
    ['camera-service config ', 'check'],
    ['camera-service status --', '--json --url --config --help'],
    ['camera-service token --role ', 'viewer operator admin'],
    ['camera-service-cli ', 'keys version help'],
    ['camera-cli keys re', 'revoke'],
    ['camera-cli keys list --st', '--status'],
    ['camera-service-cli -format json keys l', 'list'],
    ['camera-service-cli --verbose -config a.yaml keys', 'keys'],
    ['camera-service-cli -format t', 'table token'],
    ['camera-cli keys list --status ', 'active revoked expired'],
    ['jwt-generator --e', '--expiry-hours'],
  ])('%j: %s', async (line, offered) => {
    const words = line.split(' ')
    const [program = ''] = words
    const script = [
      `source <('${process.execPath}' '${MAIN}' completion bash)`,
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}`,
      `completer=$(complete -p '${program}' | sed 's/.*-F \\([^ ]*\\).*/\\1/')`,
      '$completer',
      'echo "$' + '{COMPREPLY[*]}"',
    ].join('\n')
    const { stdout, stderr } = await run('bash', ['--norc', '-c', script], { PATH: '/usr/bin:/bin' })
    expect([stderr, stdout.trim()]).toEqual(['', offered])
  })
})

function run(program: string, argv: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(program, [...argv], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}
