/** Routes of the control API over the store and the runtime. Pure of HTTP: a request in, a reply out. */

import { type Fields, PATH_DEFAULTS } from './path-fields.js'
import { DecodeError, MissingError, type PathStore, RefusedError } from './path-store.js'
import { done, failure, json, movedPermanently, NOT_FOUND, page, type Reply, time } from './replies.js'
import type { Runtime } from './runtime.js'

export interface ApiState {
  readonly store: PathStore
  readonly runtime: Runtime
  readonly global: Fields
  readonly started: Date
  /** Before 1.15: no `info`, empty success bodies, `ready` instead of `available`. */
  readonly old: boolean
}

export interface ApiRequest {
  readonly method: string
  /** Below `/v3/`, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

const MAX_BODY_BYTES = 10 * 1024 * 1024

/** `undefined` never: an unknown route is a reply, too. */
export function answer(state: ApiState, request: ApiRequest): Reply {
  try {
    return route(state, request)
  } catch (thrown) {
    if (thrown instanceof MissingError) return failure(404, thrown.message, state.old)
    if (thrown instanceof RefusedError || thrown instanceof DecodeError) return failure(400, thrown.message, state.old)
    throw thrown
  }
}

function route(state: ApiState, request: ApiRequest): Reply {
  const { method, path, query, body } = request
  if (path.endsWith('/')) return movedPermanently(`/v3/${path.replace(/\/+$/, '')}`)
  if (method === 'GET') return read(state, path, query)
  if (path === 'config/global/patch' && method === 'PATCH') return done(state.old)
  const write = /^config\/paths\/(add|replace|patch|delete)\/(.*)$/.exec(path)
  const [, verb = '', name = ''] = write ?? []
  if ({ add: 'POST', replace: 'POST', patch: 'PATCH', delete: 'DELETE' }[verb] !== method) return NOT_FOUND
  if (body.length > MAX_BODY_BYTES) return failure(400, 'size exceeds maximum allowed', state.old)
  if (verb === 'add') state.store.add(name, body)
  else if (verb === 'replace') state.store.replace(name, body)
  else if (verb === 'patch') state.store.patch(name, body)
  else state.store.delete(name)
  return done(state.old)
}

function read(state: ApiState, path: string, query: URLSearchParams): Reply {
  if (path === 'info' && !state.old) return json({ version: 'v1.20.1', started: time(state.started) })
  if (path === 'config/global/get') return json(state.global)
  if (path === 'config/pathdefaults/get') return json(PATH_DEFAULTS)
  if (path === 'config/paths/list') {
    return page(
      state.store.names().map((name) => ({ name, ...state.store.get(name) })),
      query,
      state.old,
    )
  }
  if (path === 'paths/list')
    return page(
      state.store.names().map((name) => runtimePath(state, name)),
      query,
      state.old,
    )
  const config = /^config\/paths\/get\/(.+)$/.exec(path)?.[1]
  if (config !== undefined) {
    const fields = state.store.get(config)
    return fields === undefined ? failure(404, 'path configuration not found', state.old) : json({ name: config, ...fields })
  }
  const live = /^paths\/get\/(.+)$/.exec(path)?.[1]
  if (live === undefined) return NOT_FOUND
  return state.store.get(live) === undefined ? failure(404, 'path not found', state.old) : json(runtimePath(state, live))
}

function runtimePath(state: ApiState, name: string): Fields {
  const live = state.runtime.get(name)
  const available = live?.publisher !== undefined
  const since = live?.since === undefined ? null : time(live.since)
  // A pulled source counts as online even while nothing comes from it.
  const pulled = state.store.get(name)?.source !== 'publisher'
  const online = available || pulled
  const readers = (live?.readers ?? []).map((id) => ({ type: 'rtspSession', id }))
  const inbound = live?.inboundBytes ?? 0
  return {
    name,
    confName: name,
    ready: available,
    readyTime: since,
    ...(state.old
      ? {}
      : { available, availableTime: since, online, onlineTime: pulled && !available ? '0001-01-01T00:00:00Z' : since }),
    source: available ? { type: 'rtspSession', id: live.publisher?.id } : pulled ? { type: 'rtspSource', id: '' } : null,
    tracks: available ? ['H264'] : [],
    ...(state.old ? {} : { tracks2: available ? [{ codec: 'H264', codecProps: null }] : [] }),
    readers,
    ...(state.old ? {} : { inboundBytes: inbound, outboundBytes: 0, inboundFramesInError: 0 }),
    bytesReceived: inbound,
    bytesSent: 0,
  }
}
