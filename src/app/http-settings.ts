/** The RPC face as the configuration wants it at any moment: its settings are read where they are used. */

import type { Config } from '../config/index.js'
import type { HttpServerSettings } from '../http/index.js'

export function httpSettings({ server, security, faces, notifications }: Config): Partial<HttpServerSettings> {
  return {
    path: server.websocket_path,
    maxMessageBytes: server.max_message_size,
    pingIntervalMs: server.ping_interval,
    pongWaitMs: server.pong_wait,
    exemptAddresses: security.auth_exempt,
    get publicHost() {
      return faces.public_host ?? undefined
    },
    get allowedOrigins() {
      return security.cors_origins
    },
    get maxConnections() {
      return server.max_connections
    },
    get maxAnonymous() {
      return server.max_unauthenticated ?? undefined
    },
    get totalBytes() {
      return server.send_buffer_total
    },
    get maxAnonymousPerAddress() {
      return server.max_unauthenticated_per_address
    },
    get anonymousMessageBytes() {
      return server.max_message_size_unauthenticated
    },
    get maxNotifications() {
      return notifications.websocket.max_queue_size
    },
    get softBytes() {
      return server.send_buffer_soft
    },
    get hardBytes() {
      return server.send_buffer_hard
    },
    get loginMs() {
      return server.auth_timeout
    },
    get stallMs() {
      return server.send_stall_timeout
    },
  }
}
