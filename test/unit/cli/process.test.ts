/** The built program as users run it. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startService } from '../../support/service.js'

const MAIN = join(import.meta.dirname, '../../../dist/main.cjs')
const FOLDER = mkdtempSync(join(tmpdir(), 'process-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

interface Ended {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...argv], { cwd: FOLDER, env, timeout: 15_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}

it('prints help and version', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' })
  expect((await run(['--version'])).stdout).toMatch(/^camera-service \d/)
})

it('refuses a misspelt option with 2', async () => {
  expect(await run(['run', '--virtual-camras', '2'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'camera-service: unknown option --virtual-camras, did you mean --virtual-cameras?\n',
  })
})

it('ends with 78 for a named file that is missing, and for a wrong variable', async () => {
  const missing = await run([], { CAMERA_SERVICE_CONFIG: 'none.yaml' })
  expect([missing.code, missing.stdout]).toEqual([78, ''])
  expect(missing.stderr).toBe(
    `${FOLDER}/none.yaml:1: the file cannot be read (ENOENT) — name a readable file with --config or CAMERA_SERVICE_CONFIG\n`,
  )
  const wrong = await run(['run'], { CAMERA_SERVICE_SERVER_PORT: 'many' })
  expect(wrong.code).toBe(78)
  expect(wrong.stderr).toMatch(/^CAMERA_SERVICE_SERVER_PORT: server.port: "many": an integer between 1 and 65535 — .*\n$/)
})

it('makes a token that names its user', async () => {
  const { code, stdout, stderr } = await run(['token', '--role', 'operator', '--user-id', 'ann'])
  expect([code, stderr]).toEqual([0, ''])
  const payload = JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString())
  expect(payload).toEqual({ user_id: 'ann', role: 'operator', iat: expect.any(Number), exp: payload.iat + 48 * 3600 })
})

it.each(['SIGTERM', 'SIGINT'] as const)('stops in order and ends with 0 at %s', async (signal) => {
  const service = await startService({ args: ['--virtual-cameras', '1'] })
  expect(await service.kill(signal)).toBe(0)
  expect(service.log()).toContain('stopping')
})
