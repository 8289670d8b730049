/** Which encoder publishers use: the first that is there and has just encoded a picture, else software. */

import { spawn } from 'node:child_process'
import { access, readdir, readFile } from 'node:fs/promises'
import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { type Encoder, type EncoderWord, type EncodeWish, SOFTWARE, suitsHardware } from './encoders.js'
import { proofArgs } from './ffmpeg-args.js'
import { greyJpeg } from './grey-jpeg.js'

export interface EncoderChoiceOptions {
  readonly ffmpeg: string
  /** `auto`, or the only one to use. */
  readonly wish: EncoderWord | 'auto'
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
  /** Hardware that may be there; replaced in tests. */
  readonly candidates?: () => Promise<Encoder[]>
}

const PROOF_TIMEOUT_MS = 5_000
/** An encoder that proves itself and yet fails so often in earnest is not used any more for that size. */
const MOST_FAILURES = 2

export class EncoderChoice {
  readonly #options: EncoderChoiceOptions
  /** By size. */
  readonly #chosen = new Map<string, Promise<Encoder>>()
  readonly #failures = new Map<string, number>()

  constructor(options: EncoderChoiceOptions) {
    this.#options = options
  }

  /** Proved once per size. Never rejects: software needs no proof, its failure is told by the publisher. */
  choose(wish: EncodeWish): Promise<Encoder> {
    const key = `${wish.width}x${wish.height}`
    const known = this.#chosen.get(key) ?? this.#prove(wish)
    this.#chosen.set(key, known)
    return known
  }

  /** It gave nothing in earnest: proved anew before it is used again. */
  failed(encoder: Encoder, wish: EncodeWish): void {
    if (encoder.word === 'software') return
    this.#chosen.delete(`${wish.width}x${wish.height}`)
    const key = failureKey(encoder, wish)
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1)
  }

  async #prove(wish: EncodeWish): Promise<Encoder> {
    const { wish: only, candidates = findHardware, logger } = this.#options
    if (only === 'software' || !suitsHardware(wish)) return SOFTWARE
    for (const encoder of await candidates()) {
      if (only !== 'auto' && encoder.word !== only) continue
      if ((this.#failures.get(failureKey(encoder, wish)) ?? 0) >= MOST_FAILURES) continue
      const problem = await this.#problemOf(encoder, wish)
      const facts = { encoder: encoder.word, device: encoder.device, width: wish.width, height: wish.height }
      if (problem === undefined) {
        logger.info(facts, 'hardware encoder')
        return encoder
      }
      logger.info({ ...facts, problem }, 'hardware encoder is of no use')
    }
    if (only !== 'auto') logger.warn({ encoder: only }, 'the configured encoder cannot be used: software does it')
    return SOFTWARE
  }

  /** Why one picture through this encoder gave no H.264; `undefined` when it did. */
  #problemOf(encoder: Encoder, wish: EncodeWish): Promise<string | undefined> {
    const { ffmpeg, environment, clock } = this.#options
    return new Promise((resolve) => {
      const child = spawn(ffmpeg, proofArgs(encoder, wish), { stdio: ['pipe', 'pipe', 'pipe'], env: environment })
      let bytes = 0
      let complaint = ''
      const cancel = clock.after(PROOF_TIMEOUT_MS, () => {
        complaint = 'it hangs'
        child.kill('SIGKILL')
      })
      const end = (problem: string | undefined) => {
        cancel()
        resolve(problem)
      }
      child.once('error', (error) => end(errorText(error)))
      // A child that got no file descriptors has no pipes either.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(greyJpeg(wish.width, wish.height))
      child.stdout?.on('data', (data: Buffer) => {
        bytes += data.length
      })
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(0, 1_000)
      })
      child.once('close', (code) => end(code === 0 && bytes > 0 ? undefined : complaint.trim() || `status ${code}`))
    })
  }
}

/** Hardware that is worth a proof, best first. */
async function findHardware(): Promise<Encoder[]> {
  const found: Encoder[] = []
  for (const node of (await names('/dev/dri')).filter((name) => name.startsWith('renderD')).sort()) {
    found.push({ word: 'vaapi', device: `/dev/dri/${node}` })
  }
  if (await hasMemoryToMemoryEncoder()) found.push({ word: 'v4l2m2m', device: undefined })
  if (await exists('/dev/nvidia0')) found.push({ word: 'nvenc', device: undefined })
  return found
}

/** By the names that drivers give their nodes: ffmpeg itself would open every camera to find out. */
async function hasMemoryToMemoryEncoder(): Promise<boolean> {
  const folder = '/sys/class/video4linux'
  for (const node of await names(folder)) {
    const name = await readFile(`${folder}/${node}/name`, 'utf8').catch(() => '')
    if (/codec|enc|vpu|venus|hantro|wave5|mfc/i.test(name)) return true
  }
  return false
}

function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

function failureKey({ word }: Encoder, { width, height }: EncodeWish): string {
  return `${word} ${width}x${height}`
}
