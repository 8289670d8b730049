/** Chromium on the page of a running service, and everything it complains about. */

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

/** Where screenshots for people go. */
export const SHOTS = join(import.meta.dirname, '../../build/page')
/** A name that leads to this machine and does not look like it. */
export const FAR_HOST = 'cam.example'
/** Readouts and pictures of a busy machine. */
export const SOON = { timeout: 30_000, interval: 100 } as const

export function launch(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true })
  return chromium.launch({
    executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
    args: [`--host-resolver-rules=MAP ${FAR_HOST} 127.0.0.1`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
}

export interface Opened {
  readonly page: Page
  /** Console messages, uncaught errors, policy violations. */
  readonly complaints: string[]
  /** Addresses asked for, in order. */
  readonly requests: string[]
}

/** A fresh browser profile on a page that is watched from its first byte. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { readonly before?: (page: Page) => Promise<unknown> } = {},
): Promise<Opened> {
  const { before, ...contextOptions } = options
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...contextOptions })
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('request', (request) => requests.push(request.url()))
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} blocked ${blockedURI}`),
    ),
  )
  await before?.(page)
  await page.goto(url)
  return { page, complaints, requests }
}

/** Ends the page and its profile; an answer that is just being made up for it is no failure. */
export async function leave(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.context().close()
}

export async function live(page: Page): Promise<void> {
  await page.locator('#stage[data-state="live"]').waitFor({ timeout: SOON.timeout })
}

/** What stands at an element of the page. */
export async function textOf(page: Page, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? ''
}

export async function eventually(page: Page, id: string, expected: string | RegExp): Promise<void> {
  await expect.poll(() => textOf(page, id), SOON).toMatch(typeof expected === 'string' ? new RegExp(`^${expected}$`) : expected)
}

/** Mean brightness of the picture, 0 to 255, and a sum that tells pictures apart. */
export function look(page: Page, selector = '#picture'): Promise<{ readonly brightness: number; readonly sum: number }> {
  return page.locator(selector).evaluate((element) => {
    const small = document.createElement('canvas')
    small.width = 64
    small.height = 36
    const context = small.getContext('2d')
    if (context === null || !(element instanceof HTMLCanvasElement)) throw new Error('no canvas')
    context.drawImage(element, 0, 0, small.width, small.height)
    const { data } = context.getImageData(0, 0, small.width, small.height)
    let total = 0
    let sum = 0
    for (const [index, value] of data.entries()) {
      if (index % 4 !== 3) total += value
      sum = (sum * 31 + value) % 2_147_483_647
    }
    return { brightness: total / (data.length * 0.75), sum }
  })
}
