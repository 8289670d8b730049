/** Wires the parts of the page. */

import { connectActions } from './actions.js'
import type { Refused } from './api.js'
import { ControlsPanel } from './controls-panel.js'
import { byId, setText } from './dom.js'
import { Grid } from './grid.js'
import { Poller } from './poller.js'
import { SettingsForm } from './settings-form.js'
import { inForce } from './settings-model.js'
import { SignIn } from './sign-in.js'
import { StatusPanel } from './status-panel.js'
import { ALL, Switcher } from './switcher.js'
import { Viewer } from './viewer.js'
import type { CameraState, Status } from './wire.js'

/** A tab that is looked at again soon goes on as if nothing had been. */
const HIDDEN_MS = 5_000
const CAMERA_ID = /^camera\d+$/

const workspace = byId('workspace', HTMLElement)
const gridPlace = byId('grid', HTMLElement)
const link = byId('link', HTMLElement)

let status: Status | undefined
let cameras: readonly CameraState[] = []
/** What is looked at: a camera's id or `ALL`; from the address until it is known. */
let view = location.hash.slice(1)
let shown: string | undefined
let wasConnected = false
/** What had the focus is gone: the picture gets it. */
let isFocusLost = false

const viewer = new Viewer({ onSignIn: () => askToken(), onTrouble: () => poller.start() })
const panel = new StatusPanel()
const controls = new ControlsPanel()
const settings = new SettingsForm(() => poller.start())
const grid = new Grid((camera) => select(camera, true))
const switcher = new Switcher(byId('switcher', HTMLElement), (chosen) => select(chosen))
const signIn = new SignIn({ onSignedIn, onSignedOut: () => location.reload() })
const poller = new Poller({
  camera: () => (CAMERA_ID.test(view) ? view : undefined),
  onStatus: heard,
  onAway: away,
  onRefused: refused,
})

connectActions({
  camera: () => shown,
  refresh: () => viewer.refresh(),
  onRestarted: () => poller.start(),
})
watchVisibility()
byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault()
  const target = gridPlace.hidden ? byId('picture-section', HTMLElement) : gridPlace.querySelector('button')
  target?.focus()
})
window.addEventListener('hashchange', () => {
  const chosen = location.hash.slice(1)
  if (chosen !== view && (chosen === ALL || CAMERA_ID.test(chosen))) select(chosen)
})
begin()

function begin(): void {
  shown = undefined
  poller.start()
}

function onSignedIn(): void {
  isFocusLost = true
  begin()
}

function end(): void {
  poller.stop()
  viewer.stop()
  grid.stop()
  shown = undefined
}

function select(chosen: string, moveFocus = false): void {
  view = chosen
  history.replaceState(null, '', `#${chosen}`)
  show()
  poller.start()
  if (moveFocus) byId(`tab-${chosen}`, HTMLElement).focus()
}

function heard(news: Status, tookMs: number): void {
  viewer.latency.roundTrip(tookMs)
  tell('good', 'Connected')
  status = news
  cameras = news.all
  if (view === '' || (view !== ALL && !cameras.some(({ id }) => id === view)) || (view === ALL && cameras.length < 2))
    view = news.id
  const isBack = news.isConnected && !wasConnected
  wasConnected = news.isConnected
  show()
  if (isBack && shown !== undefined) controls.show(shown)
}

/** Brings the page to what is known and looked at. */
function show(): void {
  if (status === undefined || signIn.isOpen) return
  switcher.show(cameras, view)
  grid.show(cameras)
  const isGrid = view === ALL
  gridPlace.hidden = !isGrid
  workspace.hidden = isGrid
  if (isGrid) {
    viewer.stop()
    shown = undefined
    grid.start()
    document.title = 'Cameras'
    return
  }
  grid.stop()
  const camera = cameras.find(({ id }) => id === view)
  if (camera === undefined) return
  if (shown !== view) {
    shown = view
    viewer.show(camera.id, camera.name)
    if (status.id === camera.id && !status.isKnown) controls.hide()
    else controls.show(camera.id)
    document.title = `${camera.name} – Cameras`
  }
  if (isFocusLost) byId('picture-section', HTMLElement).focus()
  isFocusLost = false
  if (status.id !== view) return
  const advice = panel.show(status)
  viewer.explain(advice?.title, false)
  settings.show(status.id, inForce(status))
}

function away(): void {
  tell('bad', 'Service away, reconnecting')
  wasConnected = false
  if (workspace.hidden && gridPlace.hidden && !signIn.isOpen) workspace.hidden = false
  panel.showAway()
  viewer.explain(undefined, true)
}

function refused(refusal: Refused): void {
  if (refusal.status === 401) {
    askToken()
    return
  }
  // The camera that was looked at is not there any more: the default one is.
  if (refusal.status === 404 || refusal.status === 400) view = ''
  tell('warn', refusal.message)
}

function askToken(): void {
  end()
  workspace.hidden = true
  gridPlace.hidden = true
  switcher.show([], '')
  tell('idle', 'Not signed in')
  signIn.open()
}

function tell(tone: string, text: string): void {
  link.dataset.tone = tone
  setText(byId('link-text', HTMLElement), text)
}

/** Nobody looks: nothing is streamed. */
function watchVisibility(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isPaused = false
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    if (document.hidden) {
      timer = setTimeout(() => {
        isPaused = true
        end()
      }, HIDDEN_MS)
    } else if (isPaused) {
      isPaused = false
      if (!signIn.isOpen) begin()
    }
  })
}
