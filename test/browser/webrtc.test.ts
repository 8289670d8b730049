/** The WebRTC link, opened in a browser: run when `MEDIAMTX_BIN` or `PATH` has a MediaMTX. */

import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { launch, SOON } from './support.js'

const binary = process.env.MEDIAMTX_BIN ?? which('mediamtx')
if (binary === undefined) {
  process.stderr.write('SKIPPED: WebRTC in a browser; set MEDIAMTX_BIN or put mediamtx on PATH to run it\n')
}

interface Listed {
  readonly cameras: readonly { readonly device: string; readonly streams: { readonly webrtc?: string } }[]
}

describe.skipIf(binary === undefined)('the WebRTC link of a camera', { timeout: 90_000 }, () => {
  let service: RunningService
  beforeAll(async () => {
    const [api, rtsp, hls, webrtc] = [await freePort(), await freePort(), await freePort(), await freePort()]
    service = await startService({
      args: ['--virtual-cameras', '1'],
      env: {
        CAMERA_SERVICE_MEDIAMTX_MODE: 'managed',
        CAMERA_SERVICE_MEDIAMTX_BINARY: binary ?? '',
        CAMERA_SERVICE_MEDIAMTX_API_PORT: String(api),
        CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(rtsp),
        CAMERA_SERVICE_MEDIAMTX_HLS_PORT: String(hls),
        CAMERA_SERVICE_MEDIAMTX_WEBRTC_PORT: String(webrtc),
      },
    })
  })
  afterAll(async () => {
    await service?.stop()
  })

  it('shows moving pictures to whoever opens it, without any call', async () => {
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('viewer'))
    const link = async () => (await client.call<Listed>('get_camera_list')).cameras[0]?.streams.webrtc
    await expect.poll(link, SOON).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/camera\d+\/$/)
    const address = await link()
    await client.close()
    const browser = await launch()
    try {
      const page = await browser.newPage()
      await page.goto(address ?? '')
      const seconds = () => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0)
      await expect.poll(seconds, { ...SOON, timeout: 60_000 }).toBeGreaterThan(1)
      expect(await page.evaluate(() => document.querySelector('video')?.videoWidth ?? 0)).toBeGreaterThan(0)
    } finally {
      await browser.close()
    }
  })
})

function which(program: string): string | undefined {
  try {
    return execFileSync('which', [program], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
