/** The page in Chromium, on a service with two virtual cameras. The other engines: engines.test.ts. */

import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningService, startService } from '../support/service.js'
import { eventually, FAR_HOST, launch, leave, live, look, open, SHOTS, SOON, textOf } from './support.js'

let service: RunningService
let browser: Browser
let url: string
beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '2'], camera: true })
  url = `http://127.0.0.1:${service.cameraPort}/`
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})

describe('the page of the camera face', () => {
  it('13.25 works with its content-security policy on, in Chromium: no violation, nothing in the console, nothing from elsewhere', async () => {
    const { page, complaints, requests } = await open(browser, url)
    const answer = await page.request.get(url)
    const policy = answer.headers()['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    await live(page)
    await page.click('#statistics-toggle')
    await page.click('#settings > summary')
    await page.click('#refresh')
    await live(page)
    await page.click('#tab-all')
    await page.locator('.tile').first().click()
    await live(page)
    expect(complaints).toEqual([])
    expect(requests.filter((address) => !address.startsWith(url))).toEqual([])
    await leave(page)
  })

  it('S-52 names of cameras are text, whatever they hold', async () => {
    const names = [
      '<img src=x onerror=alert(1)>',
      '"><script>alert(2)</script>',
      `$\{alert(3)}{{alert(4)}}`,
      "javascript:alert('5')",
    ]
    const dialogs: string[] = []
    const { page, complaints } = await open(browser, url, {
      before: async (fresh) => {
        fresh.on('dialog', (dialog) => {
          dialogs.push(dialog.message())
          void dialog.dismiss()
        })
        await fresh.route(/\/(?:status(?:\?.*)?|cameras)$/, async (route) => {
          const answer = await route.fetch()
          const text = JSON.stringify(await answer.json(), (key, value) => (key === 'name' ? names.join(' ') : value))
          await route.fulfill({ response: answer, body: text })
        })
      },
    })
    await live(page)
    await expect.poll(() => page.content(), SOON).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(await page.locator('img[src="x"], script:not([src])').count()).toBe(0)
    expect({ dialogs, complaints }).toEqual({ dialogs: [], complaints: [] })
    await leave(page)
  })

  it('shows a picture that moves, its size, the rate seen and the latency', async () => {
    const { page } = await open(browser, url)
    await live(page)
    const before = await look(page)
    await expect.poll(async () => (await look(page)).sum, SOON).not.toBe(before.sum)
    expect(before.brightness).toBeGreaterThan(20)
    await eventually(page, 'read-size', '1280 × 720')
    await expect.poll(async () => Math.abs(Number.parseFloat(await textOf(page, 'read-fps')) - 30), SOON).toBeLessThanOrEqual(6)
    expect(await textOf(page, 'read-fps')).toMatch(/^\d+\.\d fps$/)
    await eventually(page, 'read-latency', /^\d{1,3} ms$/)
    await eventually(page, 'card-camera-state', 'Online')
    await eventually(page, 'card-connection-state', 'Connected')
    await leave(page)
  })

  it('changes the camera by keyboard, and leaves the other one’s stream', async () => {
    const { page, requests } = await open(browser, url)
    await live(page)
    await page.focus('#tab-camera0')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id), SOON).toBe('tab-camera1')
    expect(await page.getAttribute('#tab-camera1', 'aria-selected')).toBe('true')
    await live(page)
    expect(await page.getAttribute('#picture', 'aria-label')).toBe('Live picture of Virtual camera 1')
    expect(requests.filter((address) => address.includes('video_feed?camera=camera1'))).toHaveLength(1)
    const viewers = async () => {
      const list = (await (await page.request.get(`${url}cameras`)).json()) as readonly { readonly viewers: number }[]
      return list.map((camera) => camera.viewers)
    }
    await expect.poll(viewers, SOON).toEqual([0, 1])
    await page.keyboard.press('Home')
    await expect.poll(() => page.locator('.tile[data-shows="live"]').count(), SOON).toBe(2)
    await expect.poll(viewers, SOON).toEqual([1, 1])
    await leave(page)
  })

  it('moves a control by keyboard: the picture changes, and what the camera has then is shown', async () => {
    const { page } = await open(browser, url)
    await live(page)
    const output = page.locator('[data-control="brightness"] output')
    await expect.poll(() => output.textContent(), SOON).toBe('0')
    const before = (await look(page)).brightness
    await page.focus('#control-brightness')
    await page.keyboard.press('End')
    await expect.poll(() => output.textContent(), SOON).toBe('64')
    await expect.poll(async () => (await look(page)).brightness - before, SOON).toBeGreaterThan(20)
    const controls = (await (await page.request.get(`${url}cameras/camera0/controls`)).json()) as readonly {
      readonly name: string
      readonly value: number
    }[]
    expect(controls.find(({ name }) => name === 'brightness')?.value).toBe(64)

    expect(await page.isDisabled('#control-gain')).toBe(true)
    await page.focus('#control-gain_automatic')
    await page.keyboard.press('Space')
    await expect.poll(() => page.isDisabled('#control-gain'), SOON).toBe(false)

    await page.click('#controls-reset')
    await expect.poll(() => output.textContent(), SOON).toBe('0')
    await expect.poll(() => page.isDisabled('#control-gain'), SOON).toBe(true)
    await leave(page)
  })

  it('says at the control what the service refused, and shows the value the camera kept', async () => {
    const { page } = await open(browser, url)
    await live(page)
    await page.locator('#control-brightness').waitFor()
    const result = { name: 'brightness', status: 'grabbed', value: 0, detail: 'the control is locked while the camera streams' }
    await page.route('**/controls', (route) =>
      route.request().method() === 'PUT' ? route.fulfill({ json: [result] }) : route.continue(),
    )
    await page.focus('#control-brightness')
    await page.keyboard.press('End')
    await eventually(page, 'control-brightness-fault', 'The control is locked while the camera streams')
    expect(await page.inputValue('#control-brightness')).toBe('0')
    await leave(page)
  })

  it('saves a snapshot as a JPEG with its time in a .jpg name', async () => {
    const { page } = await open(browser, url)
    await live(page)
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#snapshot')])
    expect(download.suggestedFilename()).toMatch(/^camera0_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.jpg$/)
    const bytes = readFileSync(await download.path())
    expect([...bytes.subarray(0, 3), ...bytes.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xff, 0xd9])
    await eventually(page, 'outcome', /^Saved camera0_/)
    await leave(page)
  })

  it('shows what the service says of each setting at its field, and applies good ones to the running stream', async () => {
    const { page, requests } = await open(browser, `${url}#camera1`)
    await live(page)
    await page.click('#settings > summary')
    await page.fill('#setting-fps', 'abc')
    await page.fill('#setting-width', '3')
    await page.click('#settings-save')
    await eventually(page, 'setting-fps-fault', /^Must be a number between 1 and 240/)
    await eventually(page, 'setting-width-fault', /^Must be an integer between 16 and 15360/)
    expect(await page.getAttribute('#setting-fps', 'aria-invalid')).toBe('true')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('setting-width')

    const streams = () => requests.filter((address) => address.includes('/video_feed')).length
    const before = streams()
    await page.fill('#setting-fps', '30')
    await page.fill('#setting-width', '640')
    await page.fill('#setting-height', '480')
    await page.click('#settings-save')
    await eventually(page, 'read-size', '640 × 480')
    await eventually(page, 'settings-note', /^In force: .*width/)
    expect(await page.getAttribute('#setting-fps', 'aria-invalid')).toBeNull()
    expect(streams()).toBe(before)
    await leave(page)
  })

  it('restarts the camera and says so, with the stream going on; fills the screen and comes back', async () => {
    const { page } = await open(browser, url)
    await live(page)
    await page.click('#restart')
    await eventually(page, 'outcome', 'The camera was restarted')
    await live(page)
    const full = () => page.evaluate(() => document.fullscreenElement?.id)
    await page.click('#fullscreen')
    await expect.poll(full, SOON).toBe('stage')
    await page.dblclick('#stage')
    await expect.poll(full, SOON).toBeUndefined()
    await leave(page)
  })

  it('falls back to an image where the browser cannot decode frames by itself', async () => {
    const { page, complaints } = await open(browser, url, {
      before: (fresh) => fresh.addInitScript(() => Reflect.deleteProperty(globalThis, 'createImageBitmap')),
    })
    const width = () =>
      page.locator('#fallback').evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0))
    await expect.poll(width, SOON).toBe(1280)
    await live(page)
    expect(complaints).toEqual([])
    await leave(page)
  })

  it('asks for a token from another machine, says when one is no good, and keeps it out of every address', async () => {
    const token = service.token('operator')
    const { page, requests } = await open(browser, `http://${FAR_HOST}:${service.cameraPort}/`)
    await page.locator('#sign-in').waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('token')
    await page.screenshot({ path: `${SHOTS}/sign-in.png` })
    await page.keyboard.type('not.a.token')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await eventually(page, 'token-error', /^The token is not accepted: /)
    await page.fill('#token', token)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await live(page)
    expect(await page.isVisible('#sign-in')).toBe(false)
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#snapshot')])
    expect(download.suggestedFilename()).toMatch(/\.jpg$/)
    expect(requests.filter((address) => address.includes(token.slice(0, 20)))).toEqual([])
    await page.reload()
    await live(page)
    await page.click('#sign-out')
    await page.locator('#sign-in').waitFor()
    await leave(page)
  })
})
