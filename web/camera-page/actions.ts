/** The buttons below the picture. Each says what came of it. */

import { ask, askJson, sentenceOf } from './api.js'
import { byId, setText } from './dom.js'
import { fileTime } from './figures.js'
import { fields } from './wire.js'

export interface ActionPorts {
  camera(): string | undefined
  refresh(): void
  /** A restart came to its end. */
  onRestarted(): void
}

/** Longer than the service waits for the first frame. */
const RESTART_MS = 15_000
const SAID_MS = 6_000

export function connectActions({ camera, refresh, onRestarted }: ActionPorts): void {
  const outcome = byId('outcome', HTMLElement)
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = (text: string, tone: 'idle' | 'bad' = 'idle'): void => {
    clearTimeout(timer)
    outcome.dataset.tone = tone
    setText(outcome, text)
    if (tone === 'idle') timer = setTimeout(() => setText(outcome, ''), SAID_MS)
  }

  /** One at a time: the button is off while its work goes on. */
  const during = async (button: HTMLButtonElement, work: (id: string) => Promise<string>): Promise<void> => {
    const id = camera()
    if (id === undefined || button.getAttribute('aria-busy') === 'true') return
    button.setAttribute('aria-busy', 'true')
    await work(id).then(say, (thrown: unknown) => say(sentenceOf(thrown), 'bad'))
    button.removeAttribute('aria-busy')
  }

  const snapshot = byId('snapshot', HTMLButtonElement)
  snapshot.addEventListener('click', () => void during(snapshot, saveSnapshot))

  byId('refresh', HTMLButtonElement).addEventListener('click', () => {
    refresh()
    say('The stream begins anew')
  })

  const restart = async (id: string): Promise<string> => {
    say('Restarting the camera')
    const answer = await askJson(`cameras/${id}/restart`, { method: 'POST', timeoutMs: RESTART_MS })
    onRestarted()
    if (fields(answer).success !== true) throw new Error('The camera did not start. The notice says what to do.')
    return 'The camera was restarted'
  }
  for (const button of [byId('restart', HTMLButtonElement), byId('notice-restart', HTMLButtonElement)]) {
    button.addEventListener('click', () => void during(button, restart))
  }

  const stage = byId('stage', HTMLElement)
  const toggleFullscreen = async (): Promise<void> => {
    try {
      if (document.fullscreenElement === null) await stage.requestFullscreen()
      else await document.exitFullscreen()
    } catch {
      say('This browser shows no fullscreen here', 'bad')
    }
  }
  byId('fullscreen', HTMLButtonElement).addEventListener('click', () => void toggleFullscreen())
  stage.addEventListener('dblclick', () => void toggleFullscreen())
}

async function saveSnapshot(id: string): Promise<string> {
  const response = await ask(`cameras/${id}/snapshot`, { signal: AbortSignal.timeout(RESTART_MS) })
  const takenMs = Number(response.headers.get('X-Timestamp') ?? Number.NaN) * 1000
  const name = `${id}_${fileTime(new Date(Number.isFinite(takenMs) ? takenMs : Date.now()))}.jpg`
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), RESTART_MS)
  return `Saved ${name}`
}
