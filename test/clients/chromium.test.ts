/** Chromium on the stream: as a plain image, which is how most pages embed it, and as our own page reads it. */

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launch, live, open } from '../browser/support.js'
import type { RunningService } from '../support/service.js'
import { FRAMES, HEIGHT, isMissing, startFeed, viewer, WIDTH } from './support.js'

const SIZE = `${WIDTH}x${HEIGHT}`
const ALL_FRAMES_MS = 70_000

/** What a page under test tells of its pictures. */
interface Seen {
  readonly pictures: number
  readonly sizes: readonly string[]
  readonly failures: number
}

async function allSeen(page: Page): Promise<Seen> {
  const wanted = await page.waitForFunction(
    (frames) => {
      const seen = Reflect.get(window, 'seen') as Seen
      return seen.pictures >= frames || seen.failures > 0 ? seen : undefined
    },
    FRAMES,
    { timeout: ALL_FRAMES_MS, polling: 100 },
  )
  return (await wanted.jsonValue()) as Seen
}

describe.skipIf(isMissing('Chromium'))('Chromium', () => {
  let service: RunningService
  let browser: Browser
  let url: string
  beforeAll(async () => {
    service = await startFeed()
    url = `http://127.0.0.1:${service.cameraPort}/`
    browser = await launch()
  })
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  /** Also requests that failed, which the console does not tell of every one. */
  const watched = (failed: string[], before: (page: Page) => Promise<unknown>) => ({
    // No larger than needed: every frame is painted without a graphics card.
    viewport: { width: WIDTH, height: HEIGHT },
    before: (page: Page) => {
      page.on('requestfailed', (request) => {
        const why = request.failure()?.errorText
        // Our page gives up questions whose answer it does not need any more, never the stream.
        if (why !== 'net::ERR_ABORTED' || request.url().includes('/video_feed')) failed.push(`${request.url()}: ${why}`)
      })
      return before(page)
    },
  })

  it('shows 300 different pictures of /video_feed in an image, without a complaint', async () => {
    const failed: string[] = []
    const embedding = `<!doctype html><title>Camera</title><link rel="icon" href="data:,"><img src="/video_feed?key=image">`
    const { page, complaints } = await open(
      browser,
      `${url}embedding.html`,
      watched(failed, (fresh) =>
        fresh.route('**/embedding.html', (route) => route.fulfill({ contentType: 'text/html', body: embedding })),
      ),
    )
    await page.evaluate(watchImage)
    const seen = await allSeen(page)
    expect(seen).toMatchObject({ sizes: [SIZE], failures: 0 })
    expect((await viewer(service, 'image')).frames).toBeGreaterThanOrEqual(FRAMES)
    expect([...complaints, ...failed]).toEqual([])
  })

  it('decodes 300 frames of the stream that our page reads, without a complaint', async () => {
    const failed: string[] = []
    const { page, complaints, requests } = await open(
      browser,
      `${url}#camera0`,
      watched(failed, (fresh) => fresh.addInitScript(watchDecoder)),
    )
    await live(page)
    const seen = await allSeen(page)
    expect(seen).toMatchObject({ sizes: [SIZE], failures: 0 })
    expect((await viewer(service, 'page')).frames).toBeGreaterThanOrEqual(FRAMES)
    expect(requests.filter((address) => address.includes('/video_feed'))).toHaveLength(1)
    expect([...complaints, ...failed]).toEqual([])
  })
})

/** In the page: looks at the image whenever the browser paints, and counts the pictures that differ from the one before. */
function watchImage(): void {
  const seen = { pictures: 0, sizes: [] as string[], failures: 0 }
  Reflect.set(window, 'seen', seen)
  const image = document.querySelector('img')
  const small = document.createElement('canvas')
  small.width = 160
  small.height = 120
  const context = small.getContext('2d', { willReadFrequently: true })
  if (image === null || context === null) throw new Error('no image')
  image.addEventListener('error', () => {
    seen.failures += 1
  })
  let before = 0
  const look = (): void => {
    requestAnimationFrame(look)
    if (image.naturalWidth === 0) return
    const size = `${image.naturalWidth}x${image.naturalHeight}`
    if (!seen.sizes.includes(size)) seen.sizes.push(size)
    context.drawImage(image, 0, 0, small.width, small.height)
    const picture = context.getImageData(0, 0, small.width, small.height).data.reduce((sum, value) => (sum * 31 + value) | 0, 0)
    if (picture !== before) seen.pictures += 1
    before = picture
  }
  look()
}

/** In the page, before its own scripts: counts what its decoder makes of the frames. */
function watchDecoder(): void {
  const seen = { pictures: 0, sizes: [] as string[], failures: 0 }
  Reflect.set(window, 'seen', seen)
  const decode = createImageBitmap.bind(window)
  Reflect.set(window, 'createImageBitmap', async (picture: Blob) => {
    try {
      const bitmap = await decode(picture)
      seen.pictures += 1
      const size = `${bitmap.width}x${bitmap.height}`
      if (!seen.sizes.includes(size)) seen.sizes.push(size)
      return bitmap
    } catch (thrown) {
      seen.failures += 1
      throw thrown
    }
  })
}
