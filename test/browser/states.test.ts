/** What the page says when something is wrong, and that it comes back by itself. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { type RunningService, startService } from '../support/service.js'
import { eventually, launch, leave, live, look, open, SOON, textOf } from './support.js'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser?.close())

describe('a service that goes away', () => {
  let service: RunningService | undefined
  const stateDir = mkdtempSync(join(tmpdir(), 'camera-page-'))
  afterAll(async () => {
    await service?.stop()
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('is said to be away, and the picture and the controls come back with it, without a reload', async () => {
    const cameraPort = await freePort()
    const env = { CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: String(cameraPort) }
    const start = () => startService({ args: ['--virtual-cameras', '2'], camera: true, stateDir, env })
    service = await start()
    const { page } = await open(browser, `http://127.0.0.1:${cameraPort}/#camera0`)
    await live(page)
    await page.evaluate(() => Reflect.set(window, 'isSamePage', true))

    await service.kill('SIGKILL')
    await eventually(page, 'link-text', 'Service away, reconnecting')
    await eventually(page, 'notice-title', 'The service does not answer')
    await eventually(page, 'veil-title', 'Service away')
    await eventually(page, 'card-connection-state', 'Service away')
    expect(await page.getAttribute('#stage', 'data-state')).toBe('none')
    await page.focus('#control-brightness')
    await page.keyboard.press('End')
    await eventually(page, 'control-brightness-fault', 'The service does not answer')

    service = await start()
    await live(page)
    await eventually(page, 'link-text', 'Connected')
    await expect.poll(() => page.isVisible('#notice'), SOON).toBe(false)
    await eventually(page, 'card-camera-state', 'Online')
    const before = await look(page)
    await expect.poll(async () => (await look(page)).sum, SOON).not.toBe(before.sum)
    expect(await page.evaluate(() => Reflect.get(window, 'isSamePage'))).toBe(true)
    await leave(page)
  })
})

describe('a camera that does not deliver', () => {
  let service: RunningService
  let page: Page
  let said: Record<string, unknown> = {}
  const restarts: string[] = []
  beforeAll(async () => {
    service = await startService({ args: ['--virtual-cameras', '1'], camera: true })
    const opened = await open(browser, `http://127.0.0.1:${service.cameraPort}/`, {
      before: (fresh) =>
        fresh.route(/\/status(\?|$)/, async (route) => {
          const answer = await route.fetch()
          await route.fulfill({ json: { ...(await answer.json()), ...said } })
        }),
    })
    page = opened.page
    page.on('request', (request) => {
      if (request.method() === 'POST') restarts.push(new URL(request.url()).pathname)
    })
    await live(page)
  })
  afterAll(async () => {
    if (page !== undefined) await leave(page)
    await service?.stop()
  })

  const fault = (code: string, message: string) => ({ code, message, errno: 0, at: '2026-01-01T00:00:00' })
  const waiting = { is_running: true, is_connected: false, state: 'waiting', reconnect_attempts: 2 }

  it('says what to do about it, and what the service said', async () => {
    said = { ...waiting, last_error: fault('NO_PERMISSION', 'the device may not be opened') }
    await eventually(page, 'notice-title', 'Permission denied')
    expect(await textOf(page, 'notice-text')).toMatch(/Add its user to the group that owns the device, usually video/)
    expect(await textOf(page, 'notice-detail')).toBe('The service says: the device may not be opened.')
    expect(await page.isVisible('#notice-command')).toBe(true)
    expect(await textOf(page, 'card-camera-state')).toBe('No signal')
    expect(await textOf(page, 'card-connection-state')).toBe('Reconnecting, attempt 3')
  })

  it('offers a restart of one that was given up, and all is well after it', async () => {
    said = { is_running: false, is_connected: false, state: 'given_up', last_error: fault('CAMERA_BUSY', 'held') }
    await eventually(page, 'notice-title', 'Given up: camera in use')
    expect(await textOf(page, 'card-camera-state')).toBe('Offline')
    expect(await textOf(page, 'card-connection-state')).toBe('Not connected')
    said = {}
    await page.click('#notice-restart')
    await eventually(page, 'outcome', 'The camera was restarted')
    expect(restarts).toEqual(['/cameras/camera0/restart'])
    await expect.poll(() => page.isVisible('#notice'), SOON).toBe(false)
    await eventually(page, 'card-camera-state', 'Online')
  })

  it('has no switcher with one camera but its own tab', async () => {
    expect(await page.locator('#switcher [role="tab"]').count()).toBe(1)
  })
})

describe('more cameras than connections', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await startService({
      args: ['--virtual-cameras', '7'],
      camera: true,
      env: { CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_WIDTH: '320', CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_HEIGHT: '240' },
    })
  })
  afterAll(() => service?.stop())

  it('shows four live and the others as snapshots, and still answers the status', async () => {
    const { page, complaints } = await open(browser, `http://127.0.0.1:${service.cameraPort}/#all`, {
      viewport: { width: 1600, height: 1400 },
    })
    await expect.poll(() => page.locator('.tile[data-shows="live"]').count(), SOON).toBe(4)
    await expect.poll(() => page.locator('.tile[data-shows="snapshots"]').count(), SOON).toBe(3)
    for (let camera = 0; camera < 7; camera += 1) {
      const canvas = `.tile[data-camera="camera${camera}"] canvas`
      await expect.poll(async () => (await look(page, canvas)).brightness, SOON).toBeGreaterThan(20)
      const before = await look(page, canvas)
      await expect.poll(async () => (await look(page, canvas)).sum, SOON).not.toBe(before.sum)
    }
    await page.waitForResponse((response) => response.url().includes('/status') && response.ok())
    expect(complaints).toEqual([])
    await leave(page)
  })
})
