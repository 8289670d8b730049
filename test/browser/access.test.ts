/** The page for people who use a keyboard, a screen reader, a small or a dark screen. */

import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningService, startService } from '../support/service.js'
import { launch, leave, live, open, SHOTS } from './support.js'

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

/** All there is: statistics and settings too. */
async function unfolded(page: Page): Promise<void> {
  await live(page)
  await page.locator('#control-brightness').waitFor()
  await page.click('#statistics-toggle')
  await page.click('#settings > summary')
  await page.evaluate(() => window.scrollTo(0, 0))
}

/** Texts that stand out less than 4.5 : 1 from what is behind them; off controls are left out. */
function faint(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const channels = (color: string): readonly number[] => (color.match(/[\d.]+/g) ?? []).map(Number)
    const luminance = (color: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const behind = (element: Element | null): string => {
      for (let at = element; at !== null; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at)
        if ((channels(backgroundColor)[3] ?? 1) > 0.75) return backgroundColor
      }
      return 'rgb(255, 255, 255)'
    }
    const found: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement
      const text = node.textContent?.trim() ?? ''
      if (element === null || text === '' || !element.checkVisibility({ visibilityProperty: true })) continue
      if (element.closest('noscript, .unseen, .veil, :disabled, option') !== null) continue
      const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))]
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
      if (ratio < 4.5) found.push(`${text}: ${ratio.toFixed(2)}`)
    }
    return found
  })
}

interface Node {
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
  readonly ignored: boolean
}

async function accessible(cdp: CDPSession): Promise<readonly Node[]> {
  const { nodes } = (await cdp.send('Accessibility.getFullAXTree')) as { readonly nodes: readonly Node[] }
  return nodes.filter(({ ignored }) => !ignored)
}

describe.each(['light', 'dark'] as const)('the %s page', (colorScheme) => {
  it('has texts that stand out from what is behind them, and fits a screen of 360 pixels', async () => {
    const { page } = await open(browser, url, { colorScheme })
    await unfolded(page)
    expect(await faint(page)).toEqual([])
    await page.screenshot({ path: `${SHOTS}/${colorScheme}.png`, fullPage: true })
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    await page.screenshot({ path: `${SHOTS}/${colorScheme}-360.png`, fullPage: true })
    await leave(page)
  })
})

describe('without eyes or mouse', () => {
  it('has a name and a role for everything that can be used, and live regions for what changes', async () => {
    const { page } = await open(browser, url)
    await unfolded(page)
    const nodes = await accessible(await page.context().newCDPSession(page))
    const used = ['button', 'slider', 'switch', 'combobox', 'textbox', 'tab', 'link', 'checkbox', 'DisclosureTriangle']
    const usable = nodes.filter(({ role }) => used.includes(role?.value ?? ''))
    expect(usable.length).toBeGreaterThan(20)
    expect(usable.filter(({ name }) => (name?.value ?? '').trim() === '')).toEqual([])
    const roles = new Set(nodes.map(({ role }) => role?.value))
    for (const role of ['main', 'banner', 'tablist', 'tabpanel', 'slider', 'switch', 'status']) expect(roles).toContain(role)
    expect(nodes.filter(({ role }) => role?.value === 'heading').map(({ name }) => name?.value)).toEqual(
      expect.arrayContaining(['Cameras', 'Camera', 'Connection', 'Controls', 'Settings']),
    )
    expect(await page.locator('#announcer[aria-live="polite"]').textContent()).toBe('Virtual camera 0: live')
    await leave(page)
  })

  it('is reached by the tab key in the order of the page, each stop to be seen', async () => {
    const { page } = await open(browser, url)
    await live(page)
    await page.locator('#control-brightness').waitFor()
    const stops: string[] = []
    for (let step = 0; step < 16; step += 1) {
      await page.keyboard.press('Tab')
      const { id, outline } = await page.evaluate(() => {
        const element = document.activeElement
        return {
          id: element?.id || (element?.tagName ?? ''),
          outline: element === null ? '' : getComputedStyle(element).outlineStyle,
        }
      })
      if (id === 'BODY') break
      stops.push(id)
      expect(outline, id).not.toBe('none')
    }
    expect(stops).toEqual([
      'skip',
      'tab-camera0',
      'snapshot',
      'refresh',
      'fullscreen',
      'restart',
      'statistics-toggle',
      'control-brightness',
      'control-gain_automatic',
      'control-negative',
      'control-test_pattern',
      'SUMMARY',
    ])
    await leave(page)
  })

  it('skips to the picture, and does not move for those who want no motion', async () => {
    const { page } = await open(browser, url, { reducedMotion: 'reduce' })
    await live(page)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('picture-section')
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((element) => {
          const { transitionDuration, transitionProperty, animationName } = getComputedStyle(element)
          return animationName !== 'none' || (transitionProperty !== 'none' && transitionDuration !== '0s')
        })
        .map(({ tagName }) => tagName),
    )
    expect(moving).toEqual([])
    await leave(page)
  })
})
