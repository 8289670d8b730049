/** The page in the two other engines there are. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningService, startService } from '../support/service.js'
import type { Engine } from './engine.js'
import { startFirefox } from './firefox.js'
import { startWebKit } from './webkit.js'

const SOON = { timeout: 40_000, interval: 200 } as const
const LOOK = `(() => {
  const canvas = document.getElementById('picture')
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  let sum = 0
  for (let at = 0; at < data.length; at += 97) sum = (sum * 31 + data[at]) % 2147483647
  return sum
})()`
const WATCH = `(() => {
  window.violations = 0
  document.addEventListener('securitypolicyviolation', () => { window.violations += 1 })
  return 0
})()`

let service: RunningService
beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '2'],
    camera: true,
    env: { CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_WIDTH: '640', CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_HEIGHT: '480' },
  })
})
afterAll(() => service?.stop())

describe.each([
  ['Firefox', startFirefox],
  ['WebKit', startWebKit],
] as const)('in %s', (name, start) => {
  let engine: Engine | undefined
  afterAll(() => engine?.close())

  it(`13.25 the page works with its content-security policy on, in ${name}`, { timeout: 240_000 }, async () => {
    const browser = await start()
    engine = browser
    const textAt = (selector: string) =>
      browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`)
    const state = () => browser.evaluate("document.getElementById('stage').dataset.state")
    await browser.open(`http://127.0.0.1:${service.cameraPort}/`)
    await browser.evaluate(WATCH)

    await expect.poll(state, SOON).toBe('live')
    expect(await browser.evaluate("document.getElementById('picture').hidden")).toBe(false)
    const before = await browser.evaluate(LOOK)
    await expect.poll(() => browser.evaluate(LOOK), SOON).not.toBe(before)
    // A machine that draws all by its processor may be slow; what it draws is counted.
    await expect.poll(async () => Number.parseFloat(String(await textAt('#read-fps'))), SOON).toBeGreaterThan(5)
    expect(await textAt('#read-latency')).toMatch(/^\d+ ms$/)
    expect(await browser.evaluate('getComputedStyle(document.getElementById("stage")).position')).toBe('relative')

    await expect.poll(() => textAt('[data-control="brightness"] output'), SOON).toMatch(/^-?\d+$/)
    await browser.evaluate("document.getElementById('control-brightness').focus()")
    await browser.press('End')
    await expect.poll(() => textAt('[data-control="brightness"] output'), SOON).toBe('64')
    await browser.press('Home')
    await expect.poll(() => textAt('[data-control="brightness"] output'), SOON).toBe('-64')

    await browser.evaluate("document.getElementById('tab-camera0').focus()")
    await browser.press('ArrowRight')
    await expect.poll(() => textAt('[aria-selected="true"]'), SOON).toBe('Virtual camera 1')
    await expect.poll(state, SOON).toBe('live')
    expect(await browser.evaluate('window.violations')).toBe(0)
  })
})
